"""Reopening a decided case: propose, confirm or turn down. Two people; never once money is on its way."""

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from audit import services as audit
from casework import followers
from casework.enums import CaseEventKind, ReopeningCause, ReopeningState, RunCause, Status
from casework.holds import held
from casework.models import Case, CaseEvent, Reopening
from casework.permissions import may_confirm_reopening, may_propose_reopening
from casework.programmes import programme_of
from casework.services.calculation import lock_case, request_run
from casework.transitions import Refused, transition
from ledger import services as ledger
from ledger.refusals import FundRefused


def propose(
    *, case_id: int, user: User, cause: ReopeningCause, reason: str, version: int, reference: str = ""
) -> Reopening:
    """Propose to take a decision back. From now on nothing of its award is paid. Raises Refused."""
    try:
        with transaction.atomic():
            return _propose(case_id, user, cause, reason.strip(), version, reference.strip())
    except IntegrityError as error:
        if "reopening_one_open" in str(error):
            raise Refused("open", _("Reopening this case is proposed already.")) from error
        raise


def _propose(
    case_id: int, user: User, cause: ReopeningCause, reason: str, version: int, reference: str
) -> Reopening:
    case = lock_case(case_id)
    _check_version(case, version)
    answer = may_propose_reopening(user, case)
    if not answer:
        raise Refused("permission", answer.reason)
    if not reason:
        raise Refused("reason", _("Write the reason: the applicant will read it."))
    _check_hold(case)
    proposal = Reopening.objects.create(
        case=case,
        decision=case.transitions.order_by("id").last(),
        award=case.award,
        before=case.current_assessment,
        cause=cause,
        reference=reference,
        reason=reason,
        proposed_by=user,
    )
    _touch(case, user)
    audit.record(
        actor=user,
        action="case.reopening_proposed",
        obj=case,
        data={"reopening": proposal.pk, "cause": cause, "reference": reference, "reason": reason},
    )
    return proposal


def confirm(*, reopening_id: int, user: User, version: int) -> Case:
    """Take the decision back: its award is reversed, the case is calculated and reviewed anew. Raises Refused."""
    try:
        with transaction.atomic():
            return _confirm(reopening_id, user, version)
    except FundRefused as error:
        raise Refused(error.code, error.message) from error
    except IntegrityError as error:
        raise _named(error) from error


def _named(error: IntegrityError) -> Exception:
    text = str(error)
    if any(name in text for name in ("reopening_two_people", "reopening_not_by_who_decided")):
        return Refused("four_eyes", _("Reopening needs two people, neither of them the final reviewer."))
    if any(name in text for name in ("receipt_bank_reference_once", "claim_line_enrolment_once")):
        return Refused(
            "claimed_again",
            _("A receipt or trainee of this claim stands in another claim by now. Close that one first."),
        )
    return error


def _confirm(reopening_id: int, user: User, version: int) -> Case:
    proposal = Reopening.objects.select_related("award").get(pk=reopening_id)
    case = lock_case(proposal.case_id)
    _check_version(case, version)
    proposal.refresh_from_db(fields=["state"])
    answer = may_confirm_reopening(user, case, proposal)
    if not answer:
        raise Refused("four_eyes", answer.reason)
    _check_hold(case)
    now = timezone.now()
    proposal.state, proposal.confirmed_by, proposal.confirmed_at = ReopeningState.CONFIRMED, user, now
    proposal.save(update_fields=["state", "confirmed_by", "confirmed_at"])
    rules = programme_of(case)
    award = proposal.award
    if award is not None:
        award.reversed_at = now
        award.save(update_fields=["reversed_at"])
        award.lines.update(reversed_at=now)
        ledger.reverse(key=award.key, user=user)
        followers.award_reversed(award)
        audit.record(
            actor=user,
            action="case.award_reversed",
            obj=case,
            data={"award": award.pk, "amount_rmb": award.amount_rmb, "reopening": proposal.pk},
        )
    else:
        rules.resume(case)
    transition(
        case=case,
        to=Status.INITIAL_REVIEW,
        actor=user,
        reason=proposal.reason,
        initial_reviewer=None,
        final_reviewer=None,
        decided_at=None,
        current_assessment=None,
        amount_rmb=None,
    )
    CaseEvent.objects.create(
        case=case,
        kind=CaseEventKind.REOPENED,
        key=f"reopening:{proposal.pk}",
        at=now,
        data={"cause": proposal.cause, "reference": proposal.reference},
    )
    request_run(case=case, submission=case.submissions.last(), cause=RunCause.REOPENING)
    for other in rules.affected_by(case) if award is not None else ():
        request_run(case=other, submission=other.submissions.last(), cause=RunCause.YEAR_CHANGED)
    return case


@transaction.atomic
def turn_down(*, reopening_id: int, user: User, version: int, why: str) -> Reopening:
    """Leave the decision as it is. Raises Refused."""
    proposal = Reopening.objects.get(pk=reopening_id)
    case = lock_case(proposal.case_id)
    _check_version(case, version)
    proposal.refresh_from_db(fields=["state"])
    answer = may_confirm_reopening(user, case, proposal)
    if not answer:
        raise Refused("four_eyes", answer.reason)
    if not why.strip():
        raise Refused("reason", _("Write why the reopening is turned down."))
    proposal.state, proposal.turned_down_by = ReopeningState.TURNED_DOWN, user
    proposal.turned_down_at, proposal.turned_down_why = timezone.now(), why.strip()
    proposal.save(update_fields=["state", "turned_down_by", "turned_down_at", "turned_down_why"])
    _touch(case, user)
    audit.record(
        actor=user,
        action="case.reopening_turned_down",
        obj=case,
        data={"reopening": proposal.pk, "why": why.strip()},
    )
    return proposal


def _check_version(case: Case, version: int) -> None:
    if case.version != version:
        raise Refused("stale", _("The case changed after you opened this page. Look at it again."))


def _check_hold(case: Case) -> None:
    award = case.award
    if award is not None and (sentence := held(award)):
        raise Refused("held", sentence)


def _touch(case: Case, user: User) -> None:
    case.version += 1
    case.changed_by, case.changed_at = user, timezone.now()
    case.save(update_fields=["version", "changed_by", "changed_at"])
