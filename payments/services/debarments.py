"""Bar an organisation from subsidies after fraud: proposed by one person, confirmed by another, ends by itself."""

from datetime import date, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Organisation, User
from accounts.permissions import Answer
from audit import services as audit
from casework.transitions import Refused
from payments.after_permissions import may_decide, may_propose
from payments.enums import PaymentEventKind, ProposalState
from payments.models import Debarment, PaymentEvent, SpotCheck
from policy.practice import practice
from policy.rules.periods import add_months


def _refuse_unless(answer: Answer) -> None:
    if not answer:
        raise Refused("permission", answer.reason)


@transaction.atomic
def propose_debarment(*, user: User, check_id: int, reason: str) -> Debarment:
    """Propose to bar the organisation of a check that found fraud. Raises Refused."""
    _refuse_unless(may_propose(user))
    check = SpotCheck.objects.select_related("case").get(pk=check_id)
    _lock(check.case.organisation_id)
    if not reason.strip():
        raise Refused("reason", _("Write the reason: the applicant will read it."))
    try:
        with transaction.atomic():
            found = Debarment.objects.create(
                organisation_id=check.case.organisation_id,
                check_made=check,
                reason=reason.strip(),
                proposed_by=user,
            )
    except IntegrityError as error:
        if "debarment_after_fraud" in str(error):
            raise Refused("fraud", _("Only a check that concluded fraud bars an organisation.")) from error
        if "check_made" in str(error):
            raise Refused("proposed", _("This check has its debarment already.")) from error
        raise
    _note(user, "debarment.proposed", found)
    return found


@transaction.atomic
def confirm_debarment(*, user: User, debarment_id: int) -> Debarment:
    """From today on the organisation files nothing and is paid nothing, for the years of practice. Raises Refused."""
    found = _locked(debarment_id)
    _refuse_unless(may_decide(user, found))
    found.state, found.decided_by, found.decided_at = ProposalState.CONFIRMED, user, timezone.now()
    found.from_on = timezone.localdate()
    found.until_on = last_day(found.from_on, practice("debarment_years", found.from_on))
    found.save(update_fields=["state", "decided_by", "decided_at", "from_on", "until_on"])
    PaymentEvent.objects.create(
        case_id=found.check_made.case_id, kind=PaymentEventKind.DEBARRED, key=f"debarment-{found.pk}"
    )
    _note(user, "debarment.confirmed", found, from_on=found.from_on, until_on=found.until_on)
    return found


@transaction.atomic
def turn_down_debarment(*, user: User, debarment_id: int, note: str) -> Debarment:
    """Raises Refused."""
    found = _locked(debarment_id)
    _refuse_unless(may_decide(user, found))
    if not note.strip():
        raise Refused("note", _("Write why: the proposer will read it."))
    found.state, found.decided_by, found.decided_at = ProposalState.TURNED_DOWN, user, timezone.now()
    found.decision_note = note.strip()
    found.save(update_fields=["state", "decided_by", "decided_at", "decision_note"])
    _note(user, "debarment.turned_down", found, note=found.decision_note)
    return found


def last_day(start: date, years: int) -> date:
    """The last day of so many years that begin on `start`.

    >>> last_day(date(2024, 2, 29), 3).isoformat()
    '2027-02-27'
    """
    return add_months(start, 12 * years) - timedelta(days=1)


def _lock(organisation_id: int) -> None:
    Organisation.objects.select_for_update(of=("self",), no_key=True).get(pk=organisation_id)


def _locked(debarment_id: int) -> Debarment:
    _lock(Debarment.objects.values_list("organisation_id", flat=True).get(pk=debarment_id))
    rows = Debarment.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("organisation", "check_made").get(pk=debarment_id)


def _note(user: User, action: str, found: Debarment, **data: object) -> None:
    audit.record(
        actor=user,
        action=action,
        obj=found.organisation,
        data={"debarment": found.pk, "check": found.check_made_id, **data},
    )
