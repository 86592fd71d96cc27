"""The transition table, and the one function that moves a case along it."""

from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.refusals import Refusal
from audit import services as audit
from casework.enums import Actor, Status
from casework.models import Case, Review, Transition


@dataclass(frozen=True)
class EdgeRule:
    from_status: Status
    to_status: Status
    actor: Actor
    reason_required: bool = False


S, A = Status, Actor
EDGES = (
    EdgeRule(S.DRAFT, S.INITIAL_REVIEW, A.APPLICANT),
    EdgeRule(S.DRAFT, S.WITHDRAWN, A.APPLICANT),
    EdgeRule(S.RETURNED, S.INITIAL_REVIEW, A.APPLICANT),
    EdgeRule(S.RETURNED, S.WITHDRAWN, A.APPLICANT),
    EdgeRule(S.RETURNED, S.LAPSED, A.SYSTEM, reason_required=True),
    EdgeRule(S.INITIAL_REVIEW, S.WITHDRAWN, A.APPLICANT),
    EdgeRule(S.FINAL_REVIEW, S.WITHDRAWN, A.APPLICANT),
    EdgeRule(S.INITIAL_REVIEW, S.FINAL_REVIEW, A.INITIAL_REVIEWER),
    EdgeRule(S.INITIAL_REVIEW, S.RETURNED, A.INITIAL_REVIEWER, reason_required=True),
    EdgeRule(S.FINAL_REVIEW, S.APPROVED, A.FINAL_REVIEWER),
    EdgeRule(S.FINAL_REVIEW, S.RETURNED, A.FINAL_REVIEWER, reason_required=True),
    EdgeRule(S.FINAL_REVIEW, S.REJECTED, A.FINAL_REVIEWER, reason_required=True),
    EdgeRule(S.FINAL_REVIEW, S.INITIAL_REVIEW, A.SYSTEM, reason_required=True),
    # Only by a reopening that two people decided (casework.services.second_look).
    EdgeRule(S.APPROVED, S.INITIAL_REVIEW, A.FINAL_REVIEWER, reason_required=True),
    EdgeRule(S.REJECTED, S.INITIAL_REVIEW, A.FINAL_REVIEWER, reason_required=True),
)
_TABLE = {(edge.from_status, edge.to_status): edge for edge in EDGES}


class Refused(Refusal):
    """A step of a case that may not be taken now."""


def transition(
    *,
    case: Case,
    to: Status,
    actor: User | None,
    reason: str = "",
    on_behalf_of: User | None = None,
    **fields,
) -> Transition:
    """Move a locked case along one edge: check, change, log, in the caller's transaction.

    `actor` None is the portal itself. `fields` are set together with the status. Nobody works on the case any more at
    its new step. Back in initial review, the reviews so far are void. Raises Refused.
    """
    edge = _TABLE.get((Status(case.status), to))
    if edge is None:
        raise Refused(
            "edge",
            _("This step is not possible: the case is now “%(status)s”.")
            % {"status": case.get_status_display()},
        )
    if edge.reason_required and not reason.strip():
        raise Refused("reason", _("Write the reason: the applicant will read it."))
    now = timezone.now()
    before = case.status
    case.status, case.stage_since, case.changed_at = to, now, now
    case.version += 1
    case.assigned_to = None
    if actor is not None:
        case.changed_by = actor
    for name, value in fields.items():
        setattr(case, name, value)
    case.save()
    if to == Status.INITIAL_REVIEW:
        Review.objects.filter(case=case, void_at__isnull=True).update(void_at=now)
    step = Transition.objects.create(
        case=case,
        from_status=before,
        to_status=to,
        actor=actor,
        acted_as=edge.actor,
        on_behalf_of=on_behalf_of,
        reason=reason.strip(),
        at=now,
    )
    audit.record(
        actor=actor or "portal",
        action=f"case.{to}",
        obj=case,
        data={"from": before, "to": to, "reason": reason.strip(), "amount_rmb": case.amount_rmb}
        | ({"on_behalf_of": on_behalf_of.get_username()} if on_behalf_of else {}),
        at=now,
    )
    return step
