"""A simulation as a workbook: sums, splits, applicants and cases. Every cell with somebody's words is plain text.

Each sheet says in its first line that it is a simulation.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import IO, Any

import xlsxwriter
from django.utils.translation import gettext as _

from casework.enums import Status
from ledger.levels import level_name
from policy.sectors import Sector
from simulations import figures
from simulations.desk.page import LABELS
from simulations.models import Simulation

_OPTIONS = {
    "in_memory": False,
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": True,
}
_WIDTH = 22


def build_into(target: IO[bytes], simulation: Simulation, position: int) -> None:
    """The version at `position` beside what is in force, row by row."""
    with xlsxwriter.Workbook(target, _OPTIONS) as book:
        book.set_properties({"title": _("Simulation"), "author": "", "comments": banner()})
        sheets = _Sheets(book)
        code = simulation.alternatives.get(position=position).code
        pair = [_("In force (RMB)"), _("Version %(code)s (RMB)") % {"code": code}, _("Difference (RMB)")]
        sheets.add(
            _("Sums"),
            [_("Version"), _("Amount (RMB)"), _("Difference (RMB)"), _("Qualifying claims or trainees")],
            (
                [str(total.alternative), total.rmb, total.more_rmb, total.qualifying]
                for total in figures.totals(simulation)
            ),
        )
        sheets.add(
            _("Funds"),
            [_("Year"), _("Budget of the fund (RMB)"), *pair[:2], _("Beyond the fund (RMB)")],
            (
                [budget.year, budget.fund, budget.before, budget.after, budget.over]
                for budget in figures.budgets(simulation, position)
            ),
        )
        for title, parts in (
            (_("Sectors"), figures.by_sector(simulation, position)),
            (_("Districts"), figures.by_district(simulation, position)),
            (_("Sizes"), figures.by_size(simulation, position)),
        ):
            rows = ([part.label, part.before, part.after, part.more, part.cases] for part in parts)
            sheets.add(title, [title, *pair, _("Cases")], rows)
        sheets.add(
            _("Applicants"),
            [_("Organisation"), _("Year"), _("District"), _("Cases"), *pair, *map(str, LABELS.values())],
            (_applicant(row) for row in figures.applicants(simulation, position).order_by("name", "year")),
        )
        sheets.add(
            _("Cases"),
            [_("Case"), _("Organisation"), _("Year"), _("District"), _("Sector"), _("Status"), *pair],
            (_case(row) for row in figures.cases(simulation, position)),
        )


def banner() -> str:
    return _("SIMULATION: figures to think with. This is no award and no promise of one.")


def _applicant(row: dict[str, Any]) -> list[Any]:
    before, after = row["before"], row["after"]
    marks = (after > before, after < before, before == 0 < after, after == 0 < before, row["on_limit"])
    words = [_("yes") if mark else "" for mark in marks]
    return [
        row["name"],
        row["year"],
        level_name(row["division"]),
        row["cases"],
        before,
        after,
        row["more"],
        *words,
    ]


def _case(row: dict[str, Any]) -> list[Any]:
    sector = str(Sector(row["sector"]).label) if row["sector"] else ""
    words = [row["number"], row["name"], row["year"], level_name(row["division"]), sector]
    before, after = row["before"], row["after"]
    return [*words, str(Status(row["status"]).label), before, after, after - before]


class _Sheets:
    """Adds sheets of one shape: the banner, the heads, the rows."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._banner = book.add_format({"bold": True, "font_color": "#B42318"})
        self._head = book.add_format({"bold": True, "bg_color": "#E8EFF7", "text_wrap": True})
        self._text = book.add_format({"num_format": "@"})
        self._money = book.add_format({"num_format": "#,##0.00"})

    def add(self, name: str, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        sheet = self._book.add_worksheet(name)
        sheet.set_column(0, len(heads) - 1, _WIDTH)
        sheet.freeze_panes(2, 1)
        sheet.write_string(0, 0, banner(), self._banner)
        for column, head in enumerate(heads):
            sheet.write_string(1, column, head, self._head)
        for number, row in enumerate(rows, start=2):
            for column, value in enumerate(row):
                if isinstance(value, Decimal):
                    sheet.write_number(number, column, value, self._money)
                elif isinstance(value, int):
                    sheet.write_number(number, column, value)
                else:
                    sheet.write_string(number, column, value or "", self._text)
