"""The treasury's CSV as a bank gives it back. Fictional: no bank takes part in the sample or in the tests."""

import csv
import io
from collections.abc import Callable, Mapping

from django.utils import timezone

from payments import treasury

#: Payment number: (the bank's word, its reference, its reason).
Outcomes = Mapping[str, tuple[str, str, str]]
Rows = list[list[str]]


def answered(
    content: bytes,
    outcomes: Outcomes | None = None,
    *,
    total: str | None = None,
    count: str | None = None,
    edit: Callable[[Rows, int, dict[str, int]], object] | None = None,
    encoding: str = "utf-8-sig",
) -> bytes:
    """Every payment done today unless `outcomes` say otherwise.

    `total`, `count` and `edit(rows, first, column)` put something wrong into the file.
    """
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    head = next(index for index, row in enumerate(rows) if treasury.NUMBER in row)
    column = {name: rows[head].index(name) for name in treasury.HEADS}
    for row in rows[head + 1 : -1]:
        word, reference, reason = (outcomes or {}).get(row[column[treasury.NUMBER]], ("成功", "", ""))
        row[column[treasury.OUTCOME]] = word
        if word == "成功":
            row[column[treasury.DAY]] = timezone.localdate().isoformat()
            row[column[treasury.REFERENCE]] = reference or f"ICBC{row[column[treasury.NUMBER]]}"
        row[column[treasury.FAILURE]] = reason
    if total is not None:
        rows[-1][column[treasury.AMOUNT]] = total
    if count is not None:
        rows[-1][column[treasury.NUMBER]] = count
    if edit is not None:
        edit(rows, head + 1, column)
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode(encoding)
