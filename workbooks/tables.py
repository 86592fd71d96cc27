"""A plain table out of an uploaded file, for rooms that know its columns: same gate and scan, same limited process."""

from datetime import date
from pathlib import Path

from casework.transitions import Refused
from documents.scanning import ScannerUnavailable
from documents.services.scans import verdict_on
from workbooks.reading.gate import look
from workbooks.reading.parsing import Parsed, batches, value_of
from workbooks.reading.refusals import Unreadable

MOST_ROWS = 10_000


def read_table(path: Path, name: str) -> list[tuple[int, list[str | int | float | bool | date]]]:
    """(row's number, cells) of the rows of the first visible sheet that say something. Raises Refused `unreadable`."""
    parsed, sheet, found = Parsed(), None, []
    try:
        file_format = look(path, name)
        _scan(path)
        for sheet_name, first, rows in batches(path, file_format, parsed):
            hidden = dict(parsed.sheets).get(sheet_name, False)
            sheet = sheet_name if sheet is None and not hidden else sheet
            if sheet_name != sheet:
                continue
            for number, row in enumerate(rows, start=first):
                if any(cell != "" for cell in row):
                    found.append((number, [value_of(cell) for cell in row]))
            if len(found) > MOST_ROWS:
                raise Unreadable("too_many_rows", sheet=sheet or "CSV", limit=MOST_ROWS)
    except Unreadable as error:
        raise Refused("unreadable", error.message) from error
    return found


def _scan(path: Path) -> None:
    """Raises Unreadable unless the virus scanner passes the file: who waits for a table waits for that too."""
    try:
        with path.open("rb") as file:
            verdict = verdict_on(file)
    except ScannerUnavailable as error:
        raise Unreadable("no_scanner") from error
    if verdict.signature:
        raise Unreadable("infected", signature=verdict.signature)
