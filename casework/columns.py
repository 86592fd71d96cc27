"""Many rows at once: read in columns, written by COPY, vouched for by one hash a part.

A run over a city reads the frozen inputs of a part, judges them in columns (`policy.rules.findings`) and writes what
came out in one piece. The hash of that piece stands in the audit chain; `digest` reads the rows back.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from django.db import connection

#: Rows of a part: large enough that a part's own cost vanishes, small enough that a worker holds it easily.
PART = 10_000
_UNESCAPED = {"t": "\t", "n": "\n", "r": "\r", "b": "\b", "f": "\f", "v": "\v"}
#: As PostgreSQL writes them itself: what is written and what is read back have one digest.
_ESCAPES = str.maketrans({"\\": "\\\\"} | {plain: f"\\{name}" for name, plain in _UNESCAPED.items()})

Columns = list[tuple[str, ...]]


def read(query: str, params: Sequence[Any] = (), size: int = PART) -> Iterator[Columns]:
    """The columns of a query's rows as PostgreSQL writes them (NULL is ""), `size` rows at a time.

    Never more than one part of them is in memory. The query must say its order where that matters.
    """
    with connection.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT", params or None) as copy:
        rows = iter(copy)
        while part := list(islice(rows, size)):
            text = b"".join(part).decode()
            cells = [line.split("\t") for line in text[:-1].split("\n")]
            if "\\" in text:
                cells = [list(map(_plain, row)) for row in cells]
            yield list(zip(*cells, strict=True))


def gather(
    query: str, names: Sequence[str], params: Any = (), more: Sequence[str] = ()
) -> tuple[list[list[str]], tuple]:
    """The columns of a query's rows, each as one long text that PostgreSQL put together; faster than row by row.

    For codes, numbers and days, that is texts without line breaks; NULL is "". The query says its order. `more` are
    aggregates of the same rows, returned beside the columns.
    """
    gathered = [f"coalesce(string_agg(coalesce({name}::text, ''), E'\\n'), '')" for name in names]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*), {', '.join([*gathered, *more])} FROM ({query}) AS gathered",  # noqa: S608
            params,
        )
        count, *found = cursor.fetchone()
    texts, beside = found[: len(names)], tuple(found[len(names) :])
    return [text.split("\n") if count else [] for text in texts], beside


def _plain(cell: str) -> str:
    """A cell without COPY's escapes."""
    if "\\" not in cell:
        return cell
    if cell == "\\N":
        return ""
    characters = iter(cell)
    return "".join(
        c if c != "\\" else _UNESCAPED.get(following := next(characters), following) for c in characters
    )


def lines(*columns: Iterable[Any]) -> bytes:
    """Rows in COPY's text format. A text that needs escaping goes through `escaped` first."""
    return "".join([f"{row}\n" for row in map("\t".join, zip(*columns, strict=True))]).encode()


def escaped(cells: Iterable[str]) -> Iterator[str]:
    return (cell if cell.isalnum() else cell.translate(_ESCAPES) for cell in cells)


def write(table: str, columns: Sequence[str], piece: bytes) -> str:
    """Write what `lines` made; returns its SHA-256, for the part's audit record.

    PostgreSQL copies into no table with row-level security: then into a stage, and from there by one INSERT.
    """
    names = ", ".join(columns)
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_security_active(%s)", [table])
        (is_walled,) = cursor.fetchone()
        target = f"stage_of_{table}" if is_walled else table
        if is_walled:
            cursor.execute(f"CREATE TEMPORARY TABLE {target} AS SELECT {names} FROM {table} WITH NO DATA")
        with cursor.copy(f"COPY {target} ({names}) FROM STDIN") as copy:
            copy.write(piece)
        if is_walled:
            cursor.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM {target}")  # noqa: S608
            cursor.execute(f"DROP TABLE {target}")
    return hashlib.sha256(piece).hexdigest()


def digest(query: str, params: Sequence[Any] = ()) -> str:
    """The SHA-256 of rows as they stand now: what `write` returned, unless somebody changed one of them."""
    found = hashlib.sha256()
    with connection.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT", params or None) as copy:
        for row in copy:
            found.update(row)
    return found.hexdigest()
