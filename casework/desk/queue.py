"""What lies on an official's desk: which cases wait for whom, in which order, and how long already."""

from dataclasses import dataclass
from datetime import date

from django.db.models import (
    BooleanField,
    Case,
    ExpressionWrapper,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.enums import OfficialRole
from accounts.models import Membership, User
from accounts.permissions import has_role
from casework.enums import IN_REVIEW, RunState, Status
from casework.models import CalculationRun
from casework.models import Case as CaseModel
from policy.practice import practice
from policy.workdays import WorkingDays

REVIEWERS = (OfficialRole.INITIAL_REVIEWER, OfficialRole.FINAL_REVIEWER)
#: Waiting ones of mine, then what is in review, longest first; what is closed follows, newest first.
EVERYTHING = ("-waits_for_me", "resting", "review_since", "-stage_since", "-pk")
OLDEST_FIRST = ("stage_since", "pk")


def is_reviewer(user: User) -> bool:
    return has_role(user, *REVIEWERS)


def waits_for(user: User) -> Q:
    """Cases that this official may decide now: the queue's side of `casework.permissions.may_review`."""
    steps = Q(pk__in=[])
    if has_role(user, OfficialRole.INITIAL_REVIEWER):
        steps |= Q(status=Status.INITIAL_REVIEW)
    if has_role(user, OfficialRole.FINAL_REVIEWER):
        steps |= Q(status=Status.FINAL_REVIEW) & ~Q(initial_reviewer=user)
    own = Membership.objects.filter(user=user).values("organisation")
    return steps & ~Q(submitted_by=user) & ~Q(organisation__in=own)


def on_desk(user: User) -> QuerySet[CaseModel]:
    """Everything that was filed and that the official may see."""
    last_run = CalculationRun.objects.filter(case=OuterRef("pk")).order_by("-id").values("state")[:1]
    return (
        CaseModel.objects.visible_to(user)
        .filter(submitted_at__isnull=False)
        .select_related("organisation")
        .annotate(
            waits_for_me=ExpressionWrapper(waits_for(user), output_field=BooleanField()),
            resting=Case(When(status__in=IN_REVIEW, then=Value(0)), default=Value(1)),
            review_since=Case(When(status__in=IN_REVIEW, then="stage_since")),
            last_run=Subquery(last_run),
        )
    )


def waiting_count(user: User) -> int:
    return CaseModel.objects.visible_to(user).filter(waits_for(user), submitted_at__isnull=False).count()


@dataclass(frozen=True)
class Age:
    """How long a case lies where it is, and how that is judged."""

    text: str
    word: str
    tone: str


def age(case: CaseModel, today: date, calendar: WorkingDays) -> Age:
    """Working days at the present stage. Only what waits for officials is judged."""
    days = calendar.between(timezone.localtime(case.stage_since).date(), today)
    text = ngettext("%(days)d working day", "%(days)d working days", days) % {"days": days}
    if case.status not in IN_REVIEW:
        return Age(text, "", "neutral")
    if days >= practice("review_late_days", today):
        return Age(text, _("Late"), "bad")
    if days >= practice("review_soon_days", today):
        return Age(text, _("Due soon"), "warn")
    return Age(text, _("In time"), "good")


def calculation_word(state: str | None) -> str:
    """What the queue says instead of an amount."""
    if state == RunState.FAILED:
        return _("Calculation failed")
    return _("Being calculated")
