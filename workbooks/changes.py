"""What a faultless check would change: the rows, cell by cell, before and after.

Kept in the private folder beside the uploaded file, gone with it; the tables hold the counts alone. A column that is no
column of the template (an identity number in clear) has no place here.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any

from workbooks.models import ImportJob
from workbooks.sheets import Column, Kind, Workbook

#: So many changed rows are shown; all are counted.
SHOWN = 50
_FILE = "changes.json"
#: Longer texts are cut; the record itself and the file say the whole.
_LONGEST = 200


@dataclass(frozen=True)
class ChangedRow:
    """One row whose record exists and would change, everything as plain text.

    `record` tells which: (column, value). `cells` are what changes: (column, before, after).
    """

    sheet: str
    row: int
    record: tuple[tuple[str, str], ...]
    cells: tuple[tuple[str, str, str], ...]


def changed_row(
    sheet: str, row: int, record: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]
) -> ChangedRow:
    """The cells of `after` that say something else than `before`; empty and missing are the same."""
    cells = [
        (name, plain(before[name]), plain(value))
        for name, value in after.items()
        if (before[name] or None) != (value or None)
    ]
    known_by = ((name, plain(value)) for name, value in record.items() if value)
    return ChangedRow(sheet, row, tuple(known_by), tuple(cells))


def plain(value: Any) -> str:
    """A value as text without a language: ISO days, plain digits, codes."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, date) else str(value)[:_LONGEST]


def keep(job: ImportJob, rows: Iterable[ChangedRow]) -> None:
    """Write the first rows down in a private file."""
    job.kept.mkdir(mode=0o700, exist_ok=True)
    said = [asdict(row) for row in islice(rows, SHOWN)]
    with open(os.open(job.kept / _FILE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(said, file, ensure_ascii=False)


def shown(job: ImportJob, workbook: Workbook) -> list[dict[str, Any]]:
    """The kept rows in the reader's language, with the sheets' and columns' heads; empty when they are gone."""
    try:
        said = json.loads((job.kept / _FILE).read_text())
    except FileNotFoundError:
        return []
    return [_shown(workbook, ChangedRow(**row)) for row in said]


def _shown(workbook: Workbook, row: ChangedRow) -> dict[str, Any]:
    sheet = workbook.sheet(row.sheet)
    return {
        "sheet": sheet.name,
        "row": row.row,
        "record": [_label(sheet.by_name[name], value) for name, value in row.record],
        "cells": list(_cells(sheet.by_name, row.cells)),
    }


def _cells(columns: Mapping[str, Column], cells: Iterable[tuple[str, str, str]]) -> Iterator[dict[str, Any]]:
    for name, before, after in cells:
        column = columns[name]
        yield {
            "head": column.head,
            "kind": column.kind.value if column.kind in (Kind.DAY, Kind.MONEY) else "text",
            "before": _label(column, before),
            "after": _label(column, after),
        }


def _label(column: Column, value: str) -> Any:
    """A choice by its words, everything else as it is."""
    return dict(column.choices).get(value, value)
