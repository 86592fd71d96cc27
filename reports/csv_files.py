"""Tables as CSV that a spreadsheet opens harmlessly: a byte order mark for Chinese, and no cell that calculates."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.http import StreamingHttpResponse
from django.utils.cache import patch_vary_headers

from casework.inert import inert


class _Echo:
    def write(self, line: str) -> str:
        return line


def _lines(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    writer = csv.writer(_Echo(), quoting=csv.QUOTE_ALL)  # a semicolon or a tab begins no other cell
    yield "\ufeff" + writer.writerow(head)
    for row in rows:
        yield writer.writerow([inert(value) for value in row])


def csv_response(name: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    """`rows` as a file called `name`, sent while it is read; may be kept for five minutes, for each language apart."""
    response = StreamingHttpResponse(_lines(head, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "public, max-age=300"
    patch_vary_headers(response, ["Cookie"])  # the language is in one
    return response
