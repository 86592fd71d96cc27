"""Standing in and keeping away: delegate a role, approve and end that; declare a conflict of interest, lift it."""

from datetime import date

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import Organisation, User
from accounts.permissions import has_role
from audit import services as audit
from casework.enums import IN_REVIEW, Stage, Status
from casework.models import Case, Conflict, Delegation
from casework.services.assignments import release_all
from casework.services.calculation import lock_case
from casework.standing import ROLE
from casework.transitions import Refused, transition
from policy.practice import practice

REVIEWERS = tuple(ROLE.values())


def is_reviewer(user: User) -> bool:
    return user.is_active and user.is_staff and has_role(user, *REVIEWERS)


@transaction.atomic
def delegate(
    *, user: User, stage: Stage, deputy: User, starts_on: date, ends_on: date, reason: str
) -> Delegation:
    """Ask that a colleague takes the user's step for some days; in force once a third person approved it.

    Raises Refused, with the form's field as code where there is one.
    """
    if not (user.is_active and user.is_staff and has_role(user, ROLE[stage])):
        raise Refused("stage", _("You can delegate only a role that you have."))
    if deputy == user or not (deputy.is_active and deputy.is_staff):
        raise Refused("deputy", _("Choose a colleague of the bureau."))
    today = timezone.localdate()
    if ends_on < max(starts_on, today):
        raise Refused("ends_on", _("The last day must not be before the first one, nor in the past."))
    most = practice("delegation_days_most", today)
    if (ends_on - starts_on).days + 1 > most:
        raise Refused("ends_on", _("A role is delegated for at most %(most)d days at once.") % {"most": most})
    if not reason.strip():
        raise Refused("reason", _("Write why somebody stands in for you."))
    row = Delegation.objects.create(
        stage=stage,
        giver=user,
        deputy=deputy,
        starts_on=starts_on,
        ends_on=ends_on,
        reason=reason.strip(),
    )
    audit.record(
        actor=user,
        action="delegation.requested",
        obj=row,
        data={"stage": stage, "deputy": deputy.pk, "from": starts_on, "to": ends_on},
    )
    return row


def may_approve(user: User, row: Delegation) -> str:
    """Why this person may not approve the delegation; empty when they may."""
    if not is_reviewer(user):
        return _("Only reviewers approve a delegation.")
    if user.pk in (row.giver_id, row.deputy_id):
        return _("A third person approves it: neither who delegates nor who stands in.")
    return ""


@transaction.atomic
def approve_delegation(*, delegation_id: int, user: User) -> Delegation:
    """Put a delegation in force. Raises Refused."""
    row = Delegation.objects.select_for_update(of=("self",)).get(pk=delegation_id)
    if why_not := may_approve(user, row):
        raise Refused("third_person", why_not)
    if row.ended_at is not None or row.approved_at is not None:
        raise Refused("stale", _("This delegation is approved or ended already."))
    if row.ends_on < timezone.localdate():
        raise Refused("past", _("Its days are over."))
    row.approved_by, row.approved_at = user, timezone.now()
    row.save(update_fields=["approved_by", "approved_at"])
    audit.record(actor=user, action="delegation.approved", obj=row)
    return row


@transaction.atomic
def end_delegation(*, delegation_id: int, user: User) -> Delegation:
    """End a delegation before its time, or decline it: its giver, its deputy or any reviewer may. Raises Refused."""
    row = Delegation.objects.select_for_update(of=("self",)).get(pk=delegation_id)
    if user.pk not in (row.giver_id, row.deputy_id) and not is_reviewer(user):
        raise Refused("permission", _("Only reviewers end a delegation."))
    if row.ended_at is not None:
        raise Refused("stale", _("This delegation has ended already."))
    row.ended_by, row.ended_at = user, timezone.now()
    row.save(update_fields=["ended_by", "ended_at"])
    audit.record(actor=user, action="delegation.ended", obj=row)
    return row


def declare_conflict(*, case_id: int, user: User, about: str, reason: str) -> Conflict:
    """Keep away from a case ("case") or from every case of its organisation ("organisation").

    What the official holds of it goes to a colleague; an initial review of theirs that waits for the final one is
    void. Raises Refused.
    """
    try:
        with transaction.atomic():
            return _declare(case_id, user, about, reason.strip())
    except IntegrityError as error:
        if "conflict_once" in str(error):
            raise Refused("same", _("You have declared this already.")) from error
        raise


def _declare(case_id: int, user: User, about: str, reason: str) -> Conflict:
    case = lock_case(case_id)
    if not user.is_active or not user.is_staff:
        raise Refused("permission", _("Only officials declare a conflict of interest."))
    if about not in ("case", "organisation"):
        raise Refused("form", _("Choose what the conflict concerns."))
    if not reason:
        raise Refused("conflict_reason", _("Write what the conflict of interest is."))
    whole = about == "organisation"
    row = Conflict.objects.create(
        official=user,
        case=None if whole else case,
        organisation_id=case.organisation_id if whole else None,
        reason=reason,
    )
    audit.record(
        actor=user,
        action="conflict.declared",
        obj=row,
        data={"case": None if whole else case.pk, "organisation": row.organisation_id, "reason": reason},
    )
    of = {"organisation": case.organisation_id} if whole else {"pk": case.pk}
    concerned = Case.objects.filter(status__in=IN_REVIEW, **of).order_by("pk")
    _void_reviews(list(concerned.values_list("pk", flat=True)), user)
    held = concerned.filter(assigned_to=user)
    why = gettext_noop("A conflict of interest was declared.")
    release_all(official=user, cases=list(held.values_list("pk", flat=True)), by=user, reason=why)
    return row


def _void_reviews(cases: list[int], user: User) -> None:
    """Send back what waits for its final review after an initial one that this person stands behind."""
    for pk in cases:
        case = lock_case(pk)
        if case.status != Status.FINAL_REVIEW:
            continue
        behind = case.reviews.filter(void_at__isnull=True, stage=Stage.INITIAL).select_related("delegation")
        if any(
            user.pk in (row.reviewer_id, row.delegation.giver_id if row.delegation else None)
            for row in behind
        ):
            # Stored in English and translated when it is read.
            reason = gettext_noop("A conflict of interest was declared; the initial review is void.")
            transition(case=case, to=Status.INITIAL_REVIEW, actor=None, reason=reason, initial_reviewer=None)


@transaction.atomic
def lift_conflict(*, conflict_id: int, user: User) -> Conflict:
    """End a declaration: by another person than who made it. Raises Refused."""
    row = Conflict.objects.select_for_update(of=("self",)).get(pk=conflict_id)
    if row.organisation_id:
        Organisation.objects.select_for_update(of=("self",), no_key=True).get(pk=row.organisation_id)
    if not is_reviewer(user) or row.official_id == user.pk:
        raise Refused("another", _("Another reviewer lifts it, not who declared it."))
    if row.lifted_at is not None:
        raise Refused("stale", _("This declaration is lifted already."))
    row.lifted_by, row.lifted_at = user, timezone.now()
    row.save(update_fields=["lifted_by", "lifted_at"])
    audit.record(actor=user, action="conflict.lifted", obj=row)
    return row


def steps_open_to(user: User) -> list[Stage]:
    """The steps that a person may delegate."""
    return [stage for stage in Stage if has_role(user, ROLE[stage])]
