"""One pass over a workbook: read each cell with the page's field, judge each row, collect what is wrong."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import repeat
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError

from workbooks.reading.parsing import value_of
from workbooks.reading.refusals import Unreadable
from workbooks.reading.rows import Found, Reader
from workbooks.sheets import Column, Fault, Intake, Workbook, sentences

#: So many are listed; all are counted.
FAULTS_KEPT = 1000
_REMEMBERED = 4000
_UNKNOWN = object()


@dataclass
class Outcome:
    rows: int = 0
    fault_count: int = 0
    faults: list[Fault] = field(default_factory=list)
    #: Head of the sheets as found in the file: {sheet code: name in the file}.
    names: dict[str, str] = field(default_factory=dict)
    #: Heads that the template does not know: {sheet code: as they stand in the file}.
    unread: dict[str, list[str]] = field(default_factory=dict)
    child_peak_kb: int = 0

    def add(self, fault: Fault) -> None:
        self.fault_count += 1
        if len(self.faults) < FAULTS_KEPT:
            self.faults.append(fault)


class Cleaner:
    """The cells of one sheet as values. What a column has said before is remembered: most cells repeat."""

    def __init__(self, found: Found) -> None:
        self.found = found
        self.plan: list[tuple[int, Column, dict]] = []
        columns = found.sheet.by_name
        self.plan = [(place, columns[name], {}) for place, name in found.places]
        self._last = max((place for place, _name in found.places), default=0)
        self.names = [name for _place, name in found.places]
        present = {name for _place, name in found.places}
        #: Columns that the file does not have are empty.
        self.absent = {c.name: c.field.clean("") for c in found.sheet.columns if c.name not in present}

    def values(self, rows: list[list[Any]]) -> Iterator[dict[str, Any] | None]:
        """The values of each row, None where a cell cannot be read. Column by column, since most cells repeat."""
        for row in rows:
            if len(row) <= self._last:
                row.extend([""] * (self._last + 1 - len(row)))
        unread: set[int] = set()
        columns = [self._column(rows, unread, *planned) for planned in self.plan]
        for number, cells in enumerate(zip(*columns, strict=True)):
            yield None if number in unread else {**self.absent, **dict(zip(self.names, cells, strict=True))}

    def _column(
        self, rows: list[list[Any]], unread: set[int], place: int, column: Column, memory: dict
    ) -> list[Any]:
        cells = [row[place] for row in rows]
        values = list(map(memory.get, cells, repeat(_UNKNOWN)))
        if _UNKNOWN not in values:
            return values
        for number, raw in enumerate(cells):
            if values[number] is not _UNKNOWN:
                continue
            value = column.quick(raw)
            if value is None:
                try:
                    value = column.clean(value_of(raw))
                except ValidationError:
                    unread.add(number)
                    continue
            values[number] = value
            if len(memory) < _REMEMBERED:
                memory[raw] = value
        return values

    def problems(self, row: list[Any]) -> Iterator[tuple[str, str]]:
        """What is wrong with each cell that cannot be read."""
        for place, column, _memory in self.plan:
            try:
                column.clean(value_of(row[place] if place < len(row) else ""))
            except ValidationError as error:
                for message in error.messages:
                    yield column.name, message


def run(
    workbook: Workbook,
    path: Path,
    file_format: str,
    intake: Intake,
    on_rows: Callable[[int, int], None] = lambda done, total: None,
) -> Outcome:
    """Read, judge and take in every row; what only the whole shows is for `intake.finish` to say.

    Raises Unreadable when the file as a whole is no such workbook.
    """
    with _uncollected():
        return _run(Reader(workbook, path, file_format, on_rows), intake)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the cyclic collector: it would walk a hundred thousand rows again and again, a fifth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _run(reader: Reader, intake: Intake) -> Outcome:
    outcome, cleaners = Outcome(), {}
    for found, rows in reader.batches():
        outcome.rows += len(rows)
        code = found.sheet.code
        if code not in cleaners:
            cleaners[code] = Cleaner(found)
            outcome.names[code] = found.name
            outcome.unread[code] = found.unread
        cleaner = cleaners[code]
        for (number, row), values in zip(rows, cleaner.values([row for _number, row in rows]), strict=True):
            if values is None:
                for column, message in sentences(lambda c=cleaner, r=row: list(c.problems(r))):
                    outcome.add(Fault(code, number, column, message))
            elif next(iter(intake.check(found.sheet, number, values)), None) is None:
                intake.keep(found.sheet, number, values)
            else:
                for column, message in sentences(
                    lambda f=found, n=number, v=values: list(intake.check(f.sheet, n, v))
                ):
                    outcome.add(Fault(code, number, column, message))
    outcome.child_peak_kb = reader.parsed.peak_kb
    if not outcome.rows:
        raise Unreadable("no_rows")
    return outcome
