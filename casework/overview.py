"""What a head sees at a glance: where the cases are, how old, who has them, the funds, what was decided and how fast.

Every figure is one query, whatever the number of cases; what a room above knows (the last reconciliation, say) it adds
by `register`.
"""

import statistics
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.db.models import Count, Min, Q, Sum
from django.db.models.functions import TruncWeek
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from accounts.models import User
from casework import charts
from casework.charts import Chart, Series
from casework.clock import SHANGHAI, clock
from casework.desk.queue import since
from casework.enums import IN_REVIEW, Outcome, Stage, Status
from casework.models import Case, Review, Transition
from casework.templatetags.portal import moment
from ledger.enums import BalanceKind
from ledger.levels import level_name
from ledger.models import Balance
from ledger.selectors import last_reconciliation
from policy.practice import practice
from policy.workdays import WorkingDays, working_days

#: Weeks that the charts over time go back, and decided cases that the median reads at most.
WEEKS, MOST_TIMED = 12, 2000
MOST_FUNDS = 8


@dataclass(frozen=True)
class Notice:
    """One line of another room: a sentence, how it is meant, and where to read on."""

    text: str
    tone: str = "info"
    url: str = ""


_notices: list[Callable[[], Notice | None]] = []


def register(notice: Callable[[], Notice | None]) -> None:
    """Let a room above say something on the overview; called once for each page."""
    if notice not in _notices:
        _notices.append(notice)


def notices() -> list[Notice]:
    """What the ledger's last recalculation said, then what other rooms say."""
    return [_reconciliation(), *(found for ask in _notices if (found := ask()) is not None)]


def _reconciliation() -> Notice:
    run = last_reconciliation()
    if run is None:
        return Notice(_("The balances have not been recomputed yet; that is done every night."))
    when = moment(run.finished_at)
    if run.is_clean:
        text = _("The balances were recomputed on %(when)s: no difference in %(checks)d checks.")
        return Notice(text % {"when": when, "checks": run.checks}, "good")
    text = ngettext(
        "The balances were recomputed on %(when)s: %(count)d difference.",
        "The balances were recomputed on %(when)s: %(count)d differences.",
        run.count,
    )
    url = reverse("admin:ledger_reconcilerun_change", args=[run.pk])
    return Notice(text % {"when": when, "count": run.count}, "bad", url)


# The figures


def by_status() -> dict[Status, tuple[int, Decimal]]:
    """Number of filed cases and their RMB in each status."""
    rows = Case.objects.filter(submitted_at__isnull=False).values("status").order_by("status")
    found = {
        Status(row["status"]): (row["count"], row["rmb"] or Decimal("0.00"))
        for row in rows.annotate(count=Count("pk"), rmb=Sum("amount_rmb"))
    }
    return {status: found.get(status, (0, Decimal("0.00"))) for status in Status if status != Status.DRAFT}


def by_age(today: date, calendar: WorkingDays) -> dict[Stage, dict[str, int]]:
    """Cases that wait for officials, by step and light: in_time, soon, late."""
    late = since(practice("review_late_days", today), today, calendar)
    soon = since(practice("review_soon_days", today), today, calendar)
    rows = (
        Case.objects.filter(status__in=IN_REVIEW)
        .values("status")
        .order_by("status")
        .annotate(
            late=Count("pk", filter=Q(stage_since__lte=late)),
            soon=Count("pk", filter=Q(stage_since__gt=late, stage_since__lte=soon)),
            in_time=Count("pk", filter=Q(stage_since__gt=soon)),
        )
    )
    found = {row["status"]: {name: row[name] for name in ("in_time", "soon", "late")} for row in rows}
    nothing = {"in_time": 0, "soon": 0, "late": 0}
    return {
        Stage.INITIAL: found.get(Status.INITIAL_REVIEW, nothing),
        Stage.FINAL: found.get(Status.FINAL_REVIEW, nothing),
    }


def weeks(today: date) -> list[date]:
    """The Mondays of the last weeks, this one too, oldest first."""
    monday = today - timedelta(days=today.weekday())
    return [monday - timedelta(weeks=n) for n in reversed(range(WEEKS))]


def _start(day: date) -> datetime:
    return datetime.combine(day, time.min, SHANGHAI)


def decisions_by_week(mondays: list[date]) -> dict[str, list[int]]:
    """How many cases were approved, rejected and returned in each week, by the officials' conclusions."""
    rows = (
        Review.objects.filter(at__gte=_start(mondays[0]))
        .filter(Q(stage=Stage.FINAL) | Q(outcome=Outcome.RETURN))
        .annotate(week=TruncWeek("at", tzinfo=SHANGHAI))
        .values("week", "outcome")
        .order_by("week", "outcome")
        .annotate(count=Count("pk"))
    )
    found: dict[tuple[date, str], int] = {(row["week"].date(), row["outcome"]): row["count"] for row in rows}
    return {
        outcome: [found.get((monday, outcome), 0) for monday in mondays]
        for outcome in (Outcome.PASS, Outcome.REJECT, Outcome.RETURN)
    }


def office_days_by_week(mondays: list[date], calendar: WorkingDays) -> list[float | None]:
    """Median working days at the office of the cases decided in each week; None for a week without any.

    Reads the latest `MOST_TIMED` decided cases at most: two queries.
    """
    decided = Case.objects.filter(decided_at__gte=_start(mondays[0])).order_by("-decided_at")
    moments = dict(decided.values_list("pk", "decided_at")[:MOST_TIMED])
    steps: dict[int, list] = defaultdict(list)
    rows = Transition.objects.filter(case__in=list(moments)).order_by("id")
    for case_id, status, at in rows.values_list("case_id", "to_status", "at"):
        steps[case_id].append((status, at))
    days: dict[date, list[int]] = defaultdict(list)
    for pk, decided_at in moments.items():
        until = [step for step in steps[pk] if step[1] <= decided_at]
        day = timezone.localdate(decided_at, SHANGHAI)
        days[day - timedelta(days=day.weekday())].append(clock(until, decided_at, calendar).office)
    return [statistics.median(days[monday]) if days.get(monday) else None for monday in mondays]


@dataclass(frozen=True)
class InHand:
    """What one official has in hand: how many, and since when the oldest lies at its step."""

    who: User
    count: int
    oldest: datetime


def in_hand() -> list[InHand]:
    """Who waits for whom: the officials with cases in hand, the most first; two queries."""
    rows = list(
        Case.objects.filter(assigned_to__isnull=False)
        .values("assigned_to")
        .annotate(count=Count("pk"), oldest=Min("stage_since"))
        .order_by("-count", "assigned_to")[:50]
    )
    people = User.objects.in_bulk([row["assigned_to"] for row in rows])
    return [InHand(people[row["assigned_to"]], row["count"], row["oldest"]) for row in rows]


def funds() -> list[Balance]:
    """The levels of the latest funds, newest year first."""
    found = Balance.objects.filter(kind=BalanceKind.FUND).order_by("-year", "programme", "division")
    return list(found[:MOST_FUNDS])


# The page


@dataclass(frozen=True)
class Overview:
    charts: list[Chart]
    hands: list[InHand]
    notices: list[Notice] = field(default_factory=list)


def overview(today: date | None = None) -> Overview:
    """Everything that the page shows; eight queries and those of the registered notices."""
    today, calendar = today or timezone.localdate(), working_days()
    mondays = weeks(today)
    return Overview(
        charts=[
            _pipeline(by_status()),
            _ages(by_age(today, calendar)),
            _decisions(mondays, decisions_by_week(mondays)),
            _office_time(mondays, office_days_by_week(mondays, calendar)),
            _funds(funds()),
        ],
        hands=in_hand(),
        notices=notices(),
    )


def _pipeline(found: dict[Status, tuple[int, Decimal]]) -> Chart:
    waiting = sum(found[status][0] for status in IN_REVIEW)
    title = ngettext(
        "%(count)d case waits for the bureau", "%(count)d cases wait for the bureau", waiting
    ) % {"count": waiting}
    rows = [(str(status.label), count) for status, (count, _rmb) in found.items()]
    return charts.bars("pipeline", title, rows, unit=pgettext("unit", "cases"), heading=_("Status"))


def _ages(found: dict[Stage, dict[str, int]]) -> Chart:
    late = sum(row["late"] for row in found.values())
    title = (
        ngettext("%(count)d case is late", "%(count)d cases are late", late) % {"count": late}
        if late
        else _("No case is late")
    )
    words = {"in_time": _("In time"), "soon": _("Due soon"), "late": _("Late")}
    return charts.stacked(
        "ages",
        title,
        [str(stage.label) for stage in found],
        [Series(word, [row[name] for row in found.values()]) for name, word in words.items()],
        unit=pgettext("unit", "cases"),
        heading=_("Step"),
    )


def _week_names(mondays: list[date]) -> list[str]:
    return [date_format(monday, "MONTH_DAY_FORMAT") for monday in mondays]


def _decisions(mondays: list[date], found: dict[str, list[int]]) -> Chart:
    this_week = sum(counts[-1] for counts in found.values())
    title = ngettext("%(count)d conclusion this week", "%(count)d conclusions this week", this_week) % {
        "count": this_week
    }
    words = {
        Outcome.PASS: _("Approved"),
        Outcome.REJECT: _("Rejected"),
        Outcome.RETURN: _("Returned for correction"),
    }
    return charts.columns(
        "decisions",
        title,
        _week_names(mondays),
        [Series(words[outcome], counts) for outcome, counts in found.items()],
        unit=pgettext("unit", "cases"),
        heading=_("Week from"),
    )


def _office_time(mondays: list[date], medians: list[float | None]) -> Chart:
    known = [median for median in medians if median is not None]
    title = (
        ngettext(
            "Half of the cases took at most %(days)s working day",
            "Half of the cases took at most %(days)s working days",
            round(known[-1]),
        )
        % {"days": f"{known[-1]:g}"}
        if known
        else _("No case was decided in these weeks")
    )
    return charts.lines(
        "office-time",
        title,
        _week_names(mondays),
        [Series(_("Median time at the bureau"), medians)],
        unit=_("working days"),
        heading=_("Week from"),
        words=lambda value: f"{value:g}",
    )


def _funds(found: list[Balance]) -> Chart:
    left = sum((fund.left_rmb for fund in found), Decimal("0.00"))
    title = _("%(amount)s RMB are left in the funds") % {"amount": f"{left:,.2f}"}
    labels = [f"{fund.get_programme_display()} {fund.year} {level_name(fund.division)}" for fund in found]
    parts = [
        Series(_("Paid"), [fund.paid_rmb - fund.recovered_rmb for fund in found]),
        Series(_("In payment"), [fund.committed_rmb for fund in found]),
        Series(_("Reserved"), [fund.reserved_rmb for fund in found]),
        Series(_("Left"), [fund.left_rmb for fund in found]),
    ]
    return charts.stacked(
        "funds", title, labels, parts, unit=_("RMB"), heading=_("Fund"), words=lambda rmb: f"{rmb:,.2f}"
    )
