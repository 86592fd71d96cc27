"""One pass over a workbook: read each cell with the page's field, judge each row, collect what is wrong."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
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
        present = {name for _place, name in found.places}
        #: Columns that the file does not have are empty.
        self.absent = {c.name: c.field.clean("") for c in found.sheet.columns if c.name not in present}

    def values(self, row: list[Any]) -> dict[str, Any]:
        """Raises ValidationError at the first cell that cannot be read."""
        values = self.absent.copy()
        if len(row) <= self._last:
            row = row + [""] * (self._last + 1 - len(row))
        for place, column, memory in self.plan:
            raw = row[place]
            value = memory.get(raw, _UNKNOWN)
            if value is _UNKNOWN:
                value = column.quick(raw)
                if value is None:
                    value = column.clean(value_of(raw))
                if len(memory) < _REMEMBERED:
                    memory[raw] = value
            values[column.name] = value
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
    reader = Reader(workbook, path, file_format, on_rows)
    outcome, cleaners = Outcome(), {}
    for found, number, row in reader.rows():
        outcome.rows += 1
        code = found.sheet.code
        if code not in cleaners:
            cleaners[code] = Cleaner(found)
            outcome.names[code] = found.name
        cleaner = cleaners[code]
        try:
            values = cleaner.values(row)
        except ValidationError:
            for column, message in sentences(lambda c=cleaner, r=row: list(c.problems(r))):
                outcome.add(Fault(code, number, column, message))
            continue
        if next(iter(intake.check(found.sheet, number, values)), None) is None:
            intake.keep(found.sheet, number, values)
            continue
        for column, message in sentences(
            lambda f=found, n=number, v=values: list(intake.check(f.sheet, n, v))
        ):
            outcome.add(Fault(code, number, column, message))
    outcome.child_peak_kb = reader.parsed.peak_kb
    if not outcome.rows:
        raise Unreadable("no_rows")
    return outcome
