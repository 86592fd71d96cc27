"""What a simulation found, as figures: totals, applicants who gain or lose, and the splits. Each is one query."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from django.contrib.postgres.aggregates import BoolOr
from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from accounts.identifiers import division_name
from ledger.levels import level_name
from policy.practice import size_bands
from policy.sectors import Sector
from simulations.models import Alternative, SimulatedResult, Simulation

NOTHING = Decimal("0.00")


@dataclass(frozen=True)
class Total:
    """One version's sum over all cases: RMB, and how many claims or trainees qualify."""

    alternative: Alternative
    rmb: Decimal
    qualifying: int
    more_rmb: Decimal


class Change(StrEnum):
    """How an applicant's year fares under a version beside what is in force."""

    GAINS = "gains"
    LOSES = "loses"
    NEWLY = "newly"
    NO_LONGER = "no_longer"
    BOUNDARY = "boundary"


CHANGES = {
    Change.GAINS: Q(after__gt=F("before")),
    Change.LOSES: Q(after__lt=F("before")),
    Change.NEWLY: Q(before=0, after__gt=0),
    Change.NO_LONGER: Q(before__gt=0, after=0),
    Change.BOUNDARY: Q(on_limit=True),
}


def totals(simulation: Simulation) -> list[Total]:
    """What each version comes to, the one in force first."""
    rows = (
        SimulatedResult.objects.filter(alternative__simulation=simulation)
        .values("alternative")
        .order_by("alternative")
        .annotate(rmb=Sum("simulated_rmb"), of=Sum("qualifying"))
    )
    sums = {row["alternative"]: (row["rmb"], row["of"]) for row in rows}
    found: list[Total] = []
    for alternative in simulation.alternatives.select_related("version"):
        rmb, qualifying = sums.get(alternative.pk, (NOTHING, 0))
        more = rmb - found[0].rmb if found else NOTHING
        found.append(Total(alternative, rmb, qualifying, more))
    return found


def _pair(simulation: Simulation, position: int) -> QuerySet:
    return SimulatedResult.objects.filter(
        alternative__simulation=simulation, alternative__position__in=(0, position)
    )


def _compared(position: int) -> dict:
    before, after = Q(alternative__position=0), Q(alternative__position=position)
    return {
        "before": Sum("simulated_rmb", filter=before, default=NOTHING),
        "after": Sum("simulated_rmb", filter=after, default=NOTHING),
        "qualified": Sum("qualifying", filter=before, default=0),
        "qualifies": Sum("qualifying", filter=after, default=0),
        "on_limit": BoolOr("on_limit"),
        "cases": Count("simulated_case", distinct=True),
    }


def applicants(simulation: Simulation, position: int) -> QuerySet:
    """Each applicant's year under the version at `position` beside what is in force: a row of `values`.

    Claims of one year are one business: when the same money only moves between them, nobody gains.
    """
    return (
        _pair(simulation, position)
        .values(
            organisation=F("simulated_case__organisation"),
            name=F("simulated_case__organisation__name"),
            year=F("simulated_case__year"),
            division=F("simulated_case__division"),
            size=F("simulated_case__size"),
        )
        .annotate(**_compared(position))
        .annotate(more=F("after") - F("before"))
    )


def changed(simulation: Simulation, position: int, change: str) -> QuerySet:
    """The applicants of one `Change`, the largest difference first."""
    rows = applicants(simulation, position).filter(CHANGES[Change(change)])
    order = F("more").asc() if change in (Change.LOSES, Change.NO_LONGER) else F("more").desc()
    return rows.order_by(order, "name", "year", "organisation")


def counts(simulation: Simulation, position: int) -> dict[str, int]:
    """How many applicants' years each `Change` concerns."""
    rows = applicants(simulation, position).order_by().values_list("before", "after", "on_limit")
    found = dict.fromkeys(Change, 0)
    for before, after, on_limit in rows:
        found[Change.GAINS] += after > before
        found[Change.LOSES] += after < before
        found[Change.NEWLY] += before == 0 < after
        found[Change.NO_LONGER] += after == 0 < before
        found[Change.BOUNDARY] += bool(on_limit)
    return found


# Splits


@dataclass(frozen=True)
class Part:
    """One line of a split: RMB in force and under the version."""

    label: str
    before: Decimal
    after: Decimal
    cases: int

    @property
    def more(self) -> Decimal:
        return self.after - self.before


def by_sector(simulation: Simulation, position: int) -> list[Part]:
    return _split(simulation, position, "sector", lambda code: str(Sector(code).label) if code else _("None"))


def by_district(simulation: Simulation, position: int) -> list[Part]:
    return _split(simulation, position, "division", lambda code: level_name(code) or division_name(code))


def by_year(simulation: Simulation, position: int) -> list[Part]:
    return sorted(_split(simulation, position, "year", str), key=lambda part: part.label)


def _split(simulation: Simulation, position: int, field: str, label: Callable[[object], str]) -> list[Part]:
    rows = (
        _pair(simulation, position)
        .values(key=F(f"simulated_case__{field}"))
        .order_by("key")
        .annotate(**_compared(position))
    )
    parts = [Part(label(row["key"]), row["before"], row["after"], row["cases"]) for row in rows]
    return sorted(parts, key=lambda part: -part.after)


def by_size(simulation: Simulation, position: int) -> list[Part]:
    """Applicants' years by the size of their business, the smallest first."""
    bands = size_bands(simulation.programme)
    found = [[NOTHING, NOTHING, 0] for _n in range(len(bands) + 1)]
    rows = applicants(simulation, position).order_by().values_list("size", "before", "after", "cases")
    for size, before, after, cases in rows:
        band = found[sum(size >= start for start in bands)]
        band[0] += before
        band[1] += after
        band[2] += cases
    labels = _band_labels(bands)
    return [Part(label, *band) for label, band in zip(labels, found, strict=True)]


def _band_labels(bands: Iterable[int]) -> Iterator[str]:
    starts = [f"{start:,}" for start in bands]
    yield _("below %(end)s") % {"end": starts[0]}
    for start, end in zip(starts, starts[1:], strict=False):
        yield _("%(start)s to below %(end)s") % {"start": start, "end": end}
    yield _("%(start)s and more") % {"start": starts[-1]}


@dataclass(frozen=True)
class Budget:
    """A year beside its fund; `fund` is None where none was set up."""

    year: int
    fund: Decimal | None
    before: Decimal
    after: Decimal

    @property
    def over(self) -> Decimal:
        """What the version asks for beyond the fund; 0 where it suffices or there is none."""
        return NOTHING if self.fund is None else max(NOTHING, self.after - self.fund)


def budgets(simulation: Simulation, position: int) -> list[Budget]:
    """Each year's sum beside the budget that the fund had when the inputs were frozen."""
    return [
        Budget(
            int(part.label),
            Decimal(fund) if (fund := simulation.funds.get(part.label)) is not None else None,
            part.before,
            part.after,
        )
        for part in by_year(simulation, position)
    ]


def cases(simulation: Simulation, position: int) -> Iterator[dict]:
    """Every case with both amounts, in the order of the replay."""
    rows = (
        _pair(simulation, position)
        .values(
            place=F("simulated_case__position"),
            number=F("simulated_case__case__number"),
            name=F("simulated_case__organisation__name"),
            year=F("simulated_case__year"),
            division=F("simulated_case__division"),
            sector=F("simulated_case__sector"),
            status=F("simulated_case__status"),
        )
        .order_by("place")
        .annotate(**_compared(position))
    )
    return rows.iterator(chunk_size=2000)
