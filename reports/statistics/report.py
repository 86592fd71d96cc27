"""The statistics of one year, and the years beside each other: what the page, the files and the interface show."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.core.cache import cache

from applications.enums import ReturnState
from applications.returns.selectors import reporters
from policy import industry
from policy.practice import practice
from reports.statistics.business import accepted_years, business
from reports.statistics.money import money
from reports.statistics.tables import Table
from reports.statistics.talent import talent

#: So long may a public report be older than its rows, in seconds.
KEPT_SECONDS = 600


@dataclass(frozen=True)
class Report:
    """`least` is 0 for officials: nothing is hidden then.

    `accepted` of the `owed` returns (of the enterprises recognised in the year) are in the figures.
    """

    year: int
    least: int
    tables: dict[str, Table]
    accepted: int
    owed: int

    @property
    def is_complete(self) -> bool:
        return self.accepted == self.owed

    def __getitem__(self, code: str) -> Table:
        return self.tables[code]


@dataclass(frozen=True)
class YearOfPath:
    """A year's whole business and what the path asks for; None where it is not public, or no target holds."""

    year: int
    total: Decimal | None
    offshore: Decimal | None
    onshore: Decimal | None
    target: Decimal | None


def smallest_count(year: int) -> int:
    """Fewer contributors than this are not published."""
    return practice("smallest_count", date(year, 12, 31))


def years() -> list[int]:
    """The years that have statistics, the newest first."""
    return accepted_years()


def report(year: int, *, finer: bool = False) -> Report:
    """The public report of a year, or the officials', which hides nothing."""
    if finer:
        return _report(year, 0)
    return cache.get_or_set(
        f"statistics:2:{year}", lambda: _report(year, smallest_count(year)), timeout=KEPT_SECONDS
    )


def _report(year: int, least: int) -> Report:
    owed = reporters(year)
    accepted = sum(each.found is not None and each.found.state == ReturnState.ACCEPTED for each in owed)
    tables = business(year, least) | talent(year, least) | money(year, least)
    return Report(year, least, tables, accepted, len(owed))


def path(*, finer: bool = False) -> list[YearOfPath]:
    """Every year from the base year of the path, or the first that has statistics, to the newest."""
    known = years()
    if not known:
        return []
    growth = industry.growth(known[0])
    totals = {year: report(year, finer=finer)["market"] for year in known}
    base = totals[growth.base_year].value("total", "usd") if growth.base_year in totals else None
    found = []
    for year in range(min(known), known[0] + 1):
        table = totals.get(year)
        total, offshore, onshore = (
            table.value(code, "usd") if table else None for code in ("total", "offshore", "onshore")
        )
        target = growth.target(base, year) if base is not None and year >= growth.base_year else None
        found.append(YearOfPath(year, total, offshore, onshore, target))
    return found
