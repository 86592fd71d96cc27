"""What lies on an official's desk: which cases wait for whom, in which order, and how long already."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from casework.clock import SHANGHAI
from casework.enums import IN_REVIEW, RunState
from casework.models import CalculationRun
from casework.models import Case as CaseModel
from casework.standing import Standing, standing_of
from policy.practice import practice
from policy.workdays import WorkingDays

#: The badge counts no further.
BADGE = 999


def standing(user: User) -> Standing:
    """The official's standing, read once for a page."""
    if not hasattr(user, "_standing"):
        user._standing = standing_of(user)
    return user._standing


def is_reviewer(user: User) -> bool:
    return bool(standing(user).authorities)


def waits_for(user: User) -> Q:
    """Cases that this official may decide now: theirs, and those that lie free."""
    return open_to(user) & (Q(assigned_to__isnull=True) | Q(assigned_to=user))


def open_to(user: User) -> Q:
    """Cases that this official may decide, whoever works on them.

    Each of its steps names a status in review, so the index of what is in review serves it. To say "in review" once
    more would let PostgreSQL expect a fiftieth of the rows, and put all of them in order.
    """
    return standing(user).waits()


def on_desk(user: User) -> QuerySet[CaseModel]:
    """Everything that was filed and that the official may see."""
    last_run = CalculationRun.objects.filter(case=OuterRef("pk")).order_by("-id").values("state")[:1]
    return (
        CaseModel.objects.visible_to(user)
        .filter(submitted_at__isnull=False)
        .select_related("organisation", "assigned_to")
        .annotate(last_run=Subquery(last_run))
    )


def waiting_count(user: User) -> int:
    """How many wait for the official, counted up to `BADGE` + 1."""
    found = CaseModel.objects.filter(waits_for(user), submitted_at__isnull=False)
    return found.order_by().values("pk")[: BADGE + 1].count()


@dataclass(frozen=True)
class Age:
    """How long a case lies where it is, and how that is judged."""

    text: str
    word: str
    tone: str


def age(case: CaseModel, today: date, calendar: WorkingDays) -> Age:
    """Working days at the present stage. Only what waits for officials is judged."""
    return ages(today, calendar)(case)


def ages(today: date, calendar: WorkingDays) -> Callable[[CaseModel], Age]:
    """`age` of many cases: those that came to their step on the same day are judged once."""
    late, soon = practice("review_late_days", today), practice("review_soon_days", today)

    @cache
    def judged(day: date, in_review: bool) -> Age:
        days = calendar.between(day, today)
        text = ngettext("%(days)d working day", "%(days)d working days", days) % {"days": days}
        if not in_review:
            return Age(text, "", "neutral")
        if days >= late:
            return Age(text, _("Late"), "bad")
        if days >= soon:
            return Age(text, _("Due soon"), "warn")
        return Age(text, _("In time"), "good")

    return lambda case: judged(timezone.localtime(case.stage_since).date(), case.status in IN_REVIEW)


def since(days: int, today: date, calendar: WorkingDays) -> datetime:
    """Cases that came to their step at or before this moment have lain there for so many working days."""
    day = today
    while calendar.between(day, today) < days:
        day -= timedelta(days=1)
    return datetime.combine(day + timedelta(days=1), time.min, SHANGHAI) - timedelta(microseconds=1)


def calculation_word(state: str | None) -> str:
    """What the queue says instead of an amount."""
    if state == RunState.FAILED:
        return _("Calculation failed")
    return _("Being calculated")
