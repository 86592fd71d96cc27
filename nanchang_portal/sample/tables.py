"""Read the tables in which the sample is written: a head, then one row a line, cells parted by `|`."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True)
class Row:
    """One row of a table; an empty cell is an empty text."""

    cells: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.cells[name]

    def day(self, name: str) -> date | None:
        """A cell that holds a day, or nothing."""
        return date.fromisoformat(self[name]) if self[name] else None

    def money(self, name: str) -> Decimal:
        return Decimal(self[name].replace(",", ""))

    def flag(self, name: str) -> bool:
        return self[name] == "yes"


def table(text: str) -> tuple[Row, ...]:
    """The rows of a table. Raises ValueError for a row with too few or too many cells."""
    head, *lines = (line for line in text.splitlines() if line.strip())
    names = [cell.strip() for cell in head.split("|")]
    rows = []
    for line in lines:
        cells = [cell.strip() for cell in line.split("|")]
        rows.append(Row(dict(zip(names, cells, strict=True))))
    return tuple(rows)
