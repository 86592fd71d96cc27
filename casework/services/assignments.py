"""Who works on a case: take it, take the next one, take it over with a reason, hand it to a colleague, put it back."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from audit import services as audit
from casework.models import Assignment, Case
from casework.permissions import may_hold, stage_of
from casework.services.calculation import lock_case
from casework.standing import standing_of
from casework.transitions import Refused
from casework.workload import least_loaded


def assign(*, case_id: int, user: User, assignee: User | None, seen: int | None, reason: str = "") -> Case:
    """Put a case into somebody's hands, or back (`assignee` None). `seen` is the id of who held it on the page.

    What a third person holds needs a reason. Raises Refused.
    """
    try:
        with transaction.atomic():
            case = lock_case(case_id)
            _check(case, user, assignee, seen, reason)
            _write(case, user, assignee, reason)
            return case
    except IntegrityError as error:
        if any(name in str(error) for name in ("conflict_of_interest", "case_not_assigned_to_submitter")):
            raise Refused(
                "not_free", _("This person must keep away from the case. Choose somebody else.")
            ) from error
        raise


def _check(case: Case, user: User, assignee: User | None, seen: int | None, reason: str) -> None:
    if stage_of(case) is None:
        raise Refused("moved", _("This case does not wait for a review."))
    if not standing_of(user).authorities:
        raise Refused("permission", _("Only reviewers hand out cases."))
    if case.assigned_to_id != seen:
        raise Refused(
            "stale",
            _("%(who)s has taken this case meanwhile.") % {"who": case.assigned_to}
            if case.assigned_to_id
            else _("This case was put back meanwhile. Load the page again."),
        )
    if case.assigned_to_id == (assignee.pk if assignee else None):
        raise Refused("same", _("That is how it stands already."))
    if case.assigned_to_id not in (None, user.pk) and not reason.strip():
        raise Refused("reason", _("Write why you take this case from %(who)s.") % {"who": case.assigned_to})
    if assignee is not None:
        answer = may_hold(assignee, case)
        if not answer:
            words = answer.reason if assignee == user else f"{assignee}{_(': ')}{answer.reason}"
            raise Refused("not_free", words)


def _write(case: Case, user: User, assignee: User | None, reason: str) -> None:
    before, stage = case.assigned_to_id, stage_of(case)
    case.assigned_to = assignee
    # Who works on a case changes nothing that a decision is bound to: the version stays.
    case.save(update_fields=["assigned_to"])
    Assignment.objects.create(
        case=case, stage=stage, before_id=before, assignee=assignee, by=user, reason=reason.strip()
    )
    audit.record(
        actor=user,
        action="case.assigned",
        obj=case,
        data={
            "stage": stage,
            "before": before,
            "assignee": assignee.pk if assignee else None,
            "reason": reason.strip(),
        },
    )


def hold(*, case: Case, user: User) -> None:
    """Note that the user works on a locked case that lay free."""
    if case.assigned_to_id is None:
        _write(case, user, user, "")


def take_next(*, user: User) -> Case | None:
    """Take the oldest free case that waits for the user; None when there is none. So nobody picks and chooses."""
    waiting = Case.objects.filter(standing_of(user).waits(), assigned_to__isnull=True)
    for pk in waiting.order_by("stage_since", "pk").values_list("pk", flat=True)[:20]:
        try:
            return assign(case_id=pk, user=user, assignee=user, seen=None)
        except Refused:
            continue  # a colleague was faster
    return None


def release_all(*, official: User, cases, by: User, reason: str) -> list[Case]:
    """Take cases out of an official's hands and give each to the colleague with the fewest, or put it back.

    `cases` are ids; each is locked in turn, in the caller's transaction.
    """
    done = []
    for pk in cases:
        case = lock_case(pk)
        if case.assigned_to_id == official.pk:
            _write(case, by, least_loaded(case, but={official.pk}), reason)
            done.append(case)
    return done
