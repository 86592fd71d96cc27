"""Business of a year, from the accepted returns: whole, by tier, sector, service, country and place."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from functools import partial

from django.utils import translation

from applications.enums import ReturnState, ServiceType
from applications.models import BusinessLine, BusinessReturn
from ledger.levels import level_name
from policy import industry
from policy.countries import COUNTRIES, ONSHORE
from policy.sectors import Sector
from reports.statistics.suppression import Figure
from reports.statistics.tables import Cell, Table, Words, tabulate

#: Every table and what it counts, in the order of the page.
UNITS = {
    "market": "USD",
    "tier": "USD",
    "sector": "USD",
    "service": "USD",
    "country": "USD",
    "district": "USD",
    "park": "USD",
    "people": "people",
}
USD = "usd"
#: Code of what stands in no gathering area.
NO_PARK = "none"


def both(text) -> Words:
    """A translated text in both languages."""
    said = []
    for language in ("en", "zh-hans"):
        with translation.override(language):
            said.append(str(text() if callable(text) else text))
    return Words(*said)


def accepted_years() -> list[int]:
    """The years of which a return was accepted, the newest first."""
    found = BusinessReturn.objects.annual().filter(state=ReturnState.ACCEPTED)
    return list(found.order_by("-year").values_list("year", flat=True).distinct())


def business(year: int, least: int) -> dict[str, Table]:
    """The tables of a year."""
    return tabulate(_cells(year), UNITS, least)


class _Sums:
    """Lines gathered under keys."""

    def __init__(self) -> None:
        self.who: dict[str, dict[int, int]] = defaultdict(dict)
        self.usd: dict[str, Decimal] = defaultdict(Decimal)

    def add(self, key: str, line: int, enterprise: int, usd: Decimal) -> None:
        self.who[key][line] = enterprise
        self.usd[key] += usd

    def cell(self, key: str, name: Words, parent: str = "") -> Cell:
        table, _, code = key.partition(":")
        return Cell(table, code, name, USD, Figure(key, self.who[key], self.usd[key], parent))


def _cells(year: int) -> Iterator[Cell]:
    lines = BusinessLine.objects.filter(
        business_return__year=year, business_return__month=0, business_return__state=ReturnState.ACCEPTED
    ).values_list(
        "pk",
        "business_return__organisation_id",
        "business_return__division",
        "business_return__park",
        "sector",
        "service_type",
        "client_country",
        "amount_usd",
    )
    sums = _Sums()
    for pk, enterprise, division, park, sector, service, country, usd in lines:
        market = "market:onshore" if country == ONSHORE else "market:offshore"
        keys = ["market:total", market, f"tier:{industry.tier_of(sector, year)}", f"sector:{sector}"]
        keys += [f"service:{service}", f"district:{division}", f"park:{park or NO_PARK}"]
        keys += [f"country:{country}"] if country != ONSHORE else []
        for key in keys:
            sums.add(key, pk, enterprise, usd)
    yield sums.cell("market:total", both(translation.gettext_lazy("Whole business")))
    yield sums.cell("market:offshore", both(translation.gettext_lazy("Offshore")), "market:total")
    yield sums.cell("market:onshore", both(translation.gettext_lazy("Onshore")), "market:total")
    for tier, sectors in industry.tiers(year).items():
        yield sums.cell(f"tier:{tier}", both(tier.label), "market:total")
        for sector in sectors:
            yield sums.cell(f"sector:{sector}", both(Sector(sector).label), f"tier:{tier}")
    for service in ServiceType:
        yield sums.cell(f"service:{service}", both(service.label), "market:total")
    yield from _largest(sums, "country", "market:offshore", {code: both(n) for code, n in COUNTRIES})
    divisions = {key.partition(":")[2] for key in sums.who if key.startswith("district:")}
    yield from _largest(
        sums, "district", "market:total", {d: both(partial(level_name, d)) for d in divisions}
    )
    for park in industry.parks(year):
        yield sums.cell(f"park:{park.code}", Words(park.en, park.zh), "market:total")
    outside = translation.gettext_lazy("Outside of the gathering areas")
    yield sums.cell(f"park:{NO_PARK}", both(outside), "market:total")
    yield from _people(year)


def _largest(sums: _Sums, table: str, parent: str, names: dict[str, Words]) -> Iterator[Cell]:
    """The rows of a table that have business, the largest first."""
    present = [code for code in names if f"{table}:{code}" in sums.who]
    for code in sorted(present, key=lambda code: (-sums.usd[f"{table}:{code}"], code)):
        yield sums.cell(f"{table}:{code}", names[code], parent)


def _people(year: int) -> Iterator[Cell]:
    rows = list(
        BusinessReturn.objects.annual()
        .filter(year=year, state=ReturnState.ACCEPTED)
        .values_list("organisation_id", "headcount", "graduates_hired")
    )
    measures = (
        ("headcount", translation.gettext_lazy("People employed")),
        ("graduates", translation.gettext_lazy("Graduates hired")),
    )
    for place, (code, name) in enumerate(measures, start=1):
        who = {(code, row[0]): row[0] for row in rows}
        figure = Figure(f"people:{code}", who, sum(row[place] for row in rows))
        yield Cell("people", code, both(name), "people", figure)
