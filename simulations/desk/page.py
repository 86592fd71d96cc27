"""What the result page shows of a finished simulation: figures and charts for one of the compared versions."""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext, pgettext_lazy

from casework import charts
from casework.charts import Chart, Series
from policy import drafting
from simulations import figures
from simulations.figures import Budget, Change, Part, Total
from simulations.models import Alternative, Simulation

LABELS = {
    Change.GAINS: pgettext_lazy("simulation", "Gain"),
    Change.LOSES: pgettext_lazy("simulation", "Lose"),
    Change.NEWLY: pgettext_lazy("simulation", "Newly qualify"),
    Change.NO_LONGER: pgettext_lazy("simulation", "No longer qualify"),
    Change.BOUNDARY: pgettext_lazy("simulation", "Exactly on a boundary"),
}


@dataclass(frozen=True)
class Tab:
    """One list of applicants: how many, and whether it is the one shown."""

    change: Change
    label: str
    count: int


@dataclass(frozen=True)
class Result:
    totals: list[Total]
    chosen: Total
    in_force: Total
    stale: bool
    finding: str
    budgets: list[Budget]
    tabs: list[Tab]
    charts: list[Chart]


def result_of(simulation: Simulation, position: int) -> Result:
    """Everything above the list of applicants, for the version at `position`."""
    totals = figures.totals(simulation)
    chosen = totals[position]
    counts = figures.counts(simulation, position)
    budgets = figures.budgets(simulation, position)
    return Result(
        totals=totals,
        chosen=chosen,
        in_force=totals[0],
        stale=_is_stale(chosen.alternative),
        finding=_finding(chosen),
        budgets=budgets,
        tabs=[Tab(change, str(LABELS[change]), counts[change]) for change in Change],
        charts=[
            _fund_chart(budgets, chosen),
            _split_chart("sector", _("By sector"), figures.by_sector(simulation, position), chosen),
            _split_chart("district", _("By district"), figures.by_district(simulation, position), chosen),
            _split_chart("size", _size_title(simulation), figures.by_size(simulation, position), chosen),
        ],
    )


def _is_stale(alternative: Alternative) -> bool:
    """Whether the draft says something else now than when it was simulated."""
    version = alternative.version
    return (
        version is not None
        and version.status == "draft"
        and (drafting.content_hash(version) != alternative.content_hash)
    )


def _finding(chosen: Total) -> str:
    more = chosen.more_rmb
    told = {"code": chosen.alternative.code, "rmb": f"{abs(more):,.2f}"}
    if more > 0:
        return _("Version %(code)s would cost %(rmb)s RMB more than what is in force.") % told
    if more < 0:
        return _("Version %(code)s would cost %(rmb)s RMB less than what is in force.") % told
    return _("Version %(code)s would cost as much as what is in force.") % told


def _size_title(simulation: Simulation) -> str:
    if simulation.programme == "offshore":
        return _("By size: USD of the enterprise's year")
    return _("By size: trainees of the institution's year")


def _money(value) -> str:
    return f"{value:,.2f}" if isinstance(value, Decimal) else f"{value:,.0f}"


def _fund_chart(budgets: list[Budget], chosen: Total) -> Chart:
    over = [budget for budget in budgets if budget.over]
    if over:
        title = ngettext(
            "The fund would not suffice in %(count)d year",
            "The fund would not suffice in %(count)d years",
            len(over),
        ) % {"count": len(over)}
    else:
        title = _("Each year beside its fund")
    series = [
        Series(pgettext("simulation", "in force"), [budget.before for budget in budgets]),
        Series(
            _("version %(code)s") % {"code": chosen.alternative.code}, [budget.after for budget in budgets]
        ),
        Series(_("budget of the fund"), [budget.fund for budget in budgets], dashed=True),
    ]
    labels = [str(budget.year) for budget in budgets]
    return charts.lines("fund", title, labels, series, unit=_("RMB"), heading=_("Year"), words=_money)


def _split_chart(key: str, title: str, parts: list[Part], chosen: Total) -> Chart:
    """Two bars for each part: what is in force, and the version."""
    series = [
        Series(pgettext("simulation", "in force"), [part.before for part in parts]),
        Series(_("version %(code)s") % {"code": chosen.alternative.code}, [part.after for part in parts]),
    ]
    labels = [part.label for part in parts]
    return charts.paired(key, title, labels, series, unit=_("RMB"), heading=title, words=_money)
