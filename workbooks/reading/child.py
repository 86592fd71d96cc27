"""The limited process that parses: `python child.py <file> <format>` prints one JSON line for each batch of rows.

It imports nothing of the portal, so that it starts fast and has nothing to lose: no settings, no database, no keys.
Lines: {"sheets": [[name, hidden, height, width], ...]}, {"sheet": name, "first": n, "rows": [[cell, ...], ...]},
{"end": true}; a day is a text that begins with U+E000, a cell with an error is U+E001.
"""

import csv
import io
import json
import resource
import sys
from datetime import date, datetime, time, timedelta
from pathlib import Path

# Run in isolation (-I), a program does not find what lies beside it.
sys.path.insert(0, str(Path(__file__).parent))
import broken as errors  # noqa: E402
from limits import limit  # noqa: E402

DAY, BROKEN = "\ue000", errors.BROKEN
BATCH = 1000
MAX_WIDTH = errors.MAX_WIDTH
_MARKS = str.maketrans("", "", DAY + BROKEN)


def main(path: str, kind: str) -> None:
    limit()
    if kind == "csv":
        read_csv(path)
    else:
        read_workbook(path, kind)
    say({"end": True, "peak_kb": peak_kb()})


def peak_kb() -> int:
    """The most memory that this program has held, in KiB.

    getrusage's maximum would also count the process that it was forked from, which may be larger than the limit here.
    """
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def say(line: dict) -> None:
    sys.stdout.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")


def stop(code: str) -> None:
    say({"refused": code})
    sys.stdout.flush()
    sys.exit(0)


def cell(value: object) -> object:
    kind = type(value)
    if kind is str:
        if value in errors.WORDS:
            return BROKEN
        return value.translate(_MARKS) if (DAY in value or BROKEN in value) else value
    if kind is float or kind is int or kind is bool:
        return value if kind is not float or value - value == 0 else BROKEN
    if kind is date:
        return DAY + value.isoformat()
    if kind is datetime:
        return DAY + value.date().isoformat()
    if isinstance(value, (time, timedelta)):
        return str(value)
    return "" if value is None else str(value)


def read_workbook(path: str, kind: str) -> None:
    import python_calamine as calamine

    try:
        book = calamine.CalamineWorkbook.from_path(path)
        sheets = [
            (m.name, m.visible != calamine.SheetVisibleEnum.Visible)
            for m in book.sheets_metadata
            if m.typ == calamine.SheetTypeEnum.WorkSheet
        ]
        # Hidden ones first: the template's own mark is on one of them.
        sheets.sort(key=lambda sheet: not sheet[1])
        say({"sheets": sheets})
        sys.stdout.flush()
        broken = errors.in_file(path, kind)
        for name, _hidden in sheets:
            emit(name, book.get_sheet_by_name(name), broken.get(name, {}))
    except calamine.PasswordError:
        stop("encrypted")
    except (calamine.CalamineError, OSError, ValueError):
        stop("damaged")


def emit(name: str, sheet, broken: dict) -> None:
    if sheet.start is None:
        return
    top, left = sheet.start
    say({"sheet": name, "size": [top + sheet.height, left + sheet.width]})
    if left + sheet.width > MAX_WIDTH:
        return
    pad = [""] * left
    rows, first = [], top + 1
    for number, row in enumerate(sheet.iter_rows(), start=top + 1):
        if number not in broken and not any(row):
            # Blank rows are not worth a word: a million of them may stand between the data and a stray cell.
            if rows:
                say({"sheet": name, "first": first, "rows": rows})
                rows = []
            first = number + 1
            continue
        cells = pad + [cell(value) for value in row]
        if number in broken:
            cells += [""] * (max(broken[number]) + 1 - len(cells))
            for column in broken[number]:
                cells[column] = BROKEN
        rows.append(cells)
        if len(rows) == BATCH:
            say({"sheet": name, "first": first, "rows": rows})
            rows, first = [], number + 1
    if rows:
        say({"sheet": name, "first": first, "rows": rows})


def read_csv(path: str) -> None:
    with open(path, "rb") as file:
        data = file.read()
    text = decoded(data)
    if text is None:
        stop("encoding")
    if "\x00" in text:
        stop("format")
    del data
    say({"sheets": [["", False]]})
    csv.field_size_limit(100_000)
    head = text[: text.find("\n")] if "\n" in text else text
    delimiter = max(",;\t", key=head.count)
    rows, first, number = [], 1, 0
    try:
        for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), start=1):
            if len(row) > MAX_WIDTH:
                say({"sheet": "", "size": [number, len(row)]})
                return
            rows.append([cell(value) for value in row])
            if len(rows) == BATCH:
                say({"sheet": "", "first": first, "rows": rows})
                rows, first = [], number + 1
    except csv.Error:
        stop("damaged")
    if rows:
        say({"sheet": "", "first": first, "rows": rows})
    say({"sheet": "", "size": [number, 0]})


def decoded(data: bytes) -> str | None:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


if __name__ == "__main__":
    try:
        main(sys.argv[1], sys.argv[2])
    except MemoryError:
        sys.exit(77)
