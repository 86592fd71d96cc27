"""What a page, a file and the interface show of one year: tables of figures, those that say too much taken out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from reports.statistics.suppression import Figure, hidden


@dataclass(frozen=True)
class Words:
    """A text in both languages, so that a report can be kept and read in either."""

    en: str
    zh: str


@dataclass(frozen=True)
class Row:
    """One line of a table. A value is None where it is hidden; `contributors` are told to officials alone."""

    code: str
    name: Words
    values: dict[str, Decimal | int | None]
    contributors: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """`code` names it, `unit` says what its figures count: USD, RMB, enterprises, people."""

    code: str
    unit: str
    rows: Sequence[Row]

    def value(self, code: str, measure: str) -> Any:
        """None as well where the table has no such row."""
        return next((row.values.get(measure) for row in self.rows if row.code == code), None)

    @property
    def measures(self) -> list[str]:
        return list(dict.fromkeys(name for row in self.rows for name in row.values))


@dataclass(frozen=True)
class Cell:
    """One figure and its place: table, row, measure; `parent` is the figure's key of which it is a part."""

    table: str
    code: str
    name: Words
    measure: str
    figure: Figure


def tabulate(cells: Iterable[Cell], units: dict[str, str], least: int) -> dict[str, Table]:
    """The tables of `units` in its order; `least` 0 hides nothing and tells the contributors."""
    cells = list(cells)
    gone = hidden([cell.figure for cell in cells], least) if least else set()
    found: dict[str, dict[str, Row]] = {code: {} for code in units}
    for cell in cells:
        row = found[cell.table].setdefault(cell.code, Row(cell.code, cell.name, {}))
        row.values[cell.measure] = None if cell.figure.key in gone else cell.figure.value
        if not least:
            row.contributors[cell.measure] = cell.figure.contributors
    return {code: Table(code, units[code], list(rows.values())) for code, rows in found.items()}
