"""Many rows at once: read in columns, written by COPY, vouched for by one hash a part.

A run over a city reads the frozen inputs of a part, judges them in columns (`policy.rules.findings`) and writes what
came out in one piece. The hash of that piece stands in the audit chain; `digest` reads the rows back.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db import connection

#: Rows of a part: large enough that a part's own cost vanishes, small enough that a worker holds it easily.
PART = 100_000
#: Bytes that are sent at a time: PostgreSQL takes them in while the next ones are hashed.
_SENT = 1 << 16
_ESCAPED = {"\\": "\\", "\t": "t", "\n": "n", "\r": "r", "\b": "b", "\f": "f", "\v": "v"}
#: As PostgreSQL writes them itself: what is written and what is read back have one digest.
_ESCAPES = str.maketrans({plain: f"\\{name}" for plain, name in _ESCAPED.items()})


def gather(query: str, names: Sequence[str], params: Any = ()) -> list[list[str]]:
    """The columns of a query's rows, each as one long text that PostgreSQL put together; faster than row by row.

    For codes, numbers and days, that is texts without line breaks; NULL is "". The query says its order.
    """
    gathered = (f"coalesce(string_agg(coalesce({name}::text, ''), E'\\n'), '')" for name in names)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*), {', '.join(gathered)} FROM ({query}) AS gathered", params)  # noqa: S608
        count, *texts = cursor.fetchone()
    return [text.split("\n") if count else [] for text in texts]


def lines(*columns: Iterable[Any]) -> bytes:
    """Rows in COPY's text format. A text that needs escaping goes through `escaped` first."""
    return "".join([f"{row}\n" for row in map("\t".join, zip(*columns, strict=True))]).encode()


def escaped(cells: Iterable[str]) -> Iterator[str]:
    return (cell if cell.isalnum() else cell.translate(_ESCAPES) for cell in cells)


def write(table: str, columns: Sequence[str], piece: bytes) -> str:
    """Write what `lines` made; returns its SHA-256, for the part's audit record.

    PostgreSQL copies into no table with row-level security (nanchang_portal.row_security.APART).
    """
    found = hashlib.sha256()
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy,
    ):
        for begin in range(0, len(piece), _SENT):
            sent = piece[begin : begin + _SENT]
            copy.write(sent)
            found.update(sent)
    return found.hexdigest()


def digest(query: str, params: Sequence[Any] = ()) -> str:
    """The SHA-256 of rows as they stand now: what `write` returned, unless somebody changed one of them."""
    found = hashlib.sha256()
    with connection.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT", params or None) as copy:
        for row in copy:
            found.update(row)
    return found.hexdigest()
