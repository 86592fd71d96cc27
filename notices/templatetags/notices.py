"""What the notices room adds to a case's page."""

from dataclasses import dataclass

from django import template

from accounts.models import User
from accounts.permissions import membership
from casework.enums import Status
from casework.models import Case
from notices.models import Letter, Objection
from notices.permissions import may_appeal
from notices.selectors import standing_of

register = template.Library()


@dataclass(frozen=True)
class After:
    """Notice, objections, letters and the right to appeal, for one reader of a case."""

    standing: dict | None
    objections: list[Objection]
    letters: list[Letter]
    is_member: bool
    may_appeal: bool


@register.simple_tag
def after_decision(case: Case, user: User) -> After | None:
    """None for a case on which nothing was decided yet."""
    if case.submitted_at is None:
        return None
    letters = list(case.letters.defer("data").order_by("-id"))
    if not letters and case.decided_at is None:
        return None
    return After(
        standing=standing_of(case) if case.status == Status.APPROVED else None,
        objections=list(case.objections.order_by("id")),
        letters=letters,
        is_member=membership(user, case.organisation_id) is not None,
        may_appeal=case.status == Status.REJECTED and bool(may_appeal(user, case)),
    )
