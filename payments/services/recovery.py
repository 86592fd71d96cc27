"""Recover what was paid wrongly: an order by two people, repayments by two people. Set-offs come with batches."""

from datetime import date, timedelta
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Answer
from audit import services as audit
from casework.services.calculation import lock_case
from casework.transitions import Refused
from notices.enums import LetterKind
from notices.letters.content import clauses_of_trace, recovery_of
from notices.services import letters
from payments import money
from payments.after_permissions import may_confirm_repayment, may_decide, may_propose, may_record
from payments.enums import PaymentEventKind, ProposalState
from payments.models import PaymentEvent, RecoveryOrder, Repayment, SpotCheck
from payments.numbers import next_order
from payments.payees import key_of
from policy.practice import practice


def _refuse_unless(answer: Answer) -> None:
    if not answer:
        raise Refused("permission", answer.reason)


def _named(error: IntegrityError) -> Exception:
    text = str(error)
    if "recovery_needs_conclusion" in text:
        return Refused("conclusion", _("Money is recovered after a check that was concluded so."))
    if "recovery_of_what_was_paid" in text or "recovery_amount_positive" in text:
        return Refused("amount", _("Write an amount above zero and at most what was paid."))
    if "check_made" in text:
        return Refused("ordered", _("This check has its recovery order already."))
    if "recovery_not_beyond_order" in text:
        return Refused(
            "too_much",
            _("More would come back than the order says. What later payments set off counts too."),
        )
    if "bank_reference" in text:
        return Refused("reference", _("This bank reference stands at another repayment."))
    return error


@transaction.atomic
def propose_order(*, user: User, check_id: int, amount_rmb: Decimal | None, reason: str) -> RecoveryOrder:
    """Propose to recover so much of the payment that a check was about, RMB. Raises Refused."""
    _refuse_unless(may_propose(user))
    check = SpotCheck.objects.select_related("payment__award_line", "case").get(pk=check_id)
    lock_case(check.case_id)
    if not reason.strip():
        raise Refused("reason", _("Write the reason: the applicant will read it."))
    try:
        with transaction.atomic():
            order = RecoveryOrder.objects.create(
                number=next_order(),
                check_made=check,
                payment=check.payment,
                case=check.case,
                organisation_id=check.case.organisation_id,
                person_key=key_of(check.payment.award_line),
                payee_name=check.payment.payee_name,
                amount_rmb=amount_rmb or Decimal(0),
                reason=reason.strip(),
                proposed_by=user,
            )
    except IntegrityError as error:
        raise _named(error) from error
    _note(user, "recovery.proposed", order)
    return order


@transaction.atomic
def confirm_order(*, user: User, order_id: int) -> RecoveryOrder:
    """The order holds from now on, its letter is written, the payee's later payments are set off against it.

    Raises Refused.
    """
    order = _locked(order_id)
    _refuse_unless(may_decide(user, order))
    order.state, order.decided_by, order.decided_at = ProposalState.CONFIRMED, user, timezone.now()
    today = timezone.localdate()
    order.due_on = today + timedelta(days=practice("recovery_days", today))
    order.save(update_fields=["state", "decided_by", "decided_at", "due_on"])
    PaymentEvent.objects.create(
        case_id=order.case_id, kind=PaymentEventKind.RECOVERY, key=f"order-{order.pk}"
    )
    _note(user, "recovery.confirmed", order, due_on=order.due_on)
    _write_letter(order, user)
    return order


def _write_letter(order: RecoveryOrder, user: User) -> None:
    payment, award = order.payment, order.payment.award_line.award
    content = recovery_of(
        award,
        decided_on=timezone.localdate(order.decided_at),
        amount_rmb=order.amount_rmb,
        paid_rmb=payment.amount_rmb,
        reason=order.reason,
        clauses=clauses_of_trace(award.assessment.result),
        pay_by=order.due_on,
        order=order.number,
        payment=payment.number,
        payee=payment.payee,
    )
    letters.write(
        case=order.case, kind=LetterKind.RECOVERY, source=order.letter_source, content=content, user=user
    )


@transaction.atomic
def turn_down_order(*, user: User, order_id: int, note: str) -> RecoveryOrder:
    """Raises Refused."""
    order = _locked(order_id)
    _refuse_unless(may_decide(user, order))
    if not note.strip():
        raise Refused("note", _("Write why: the proposer will read it."))
    order.state, order.decided_by, order.decided_at = ProposalState.TURNED_DOWN, user, timezone.now()
    order.decision_note = note.strip()
    order.save(update_fields=["state", "decided_by", "decided_at", "decision_note"])
    _note(user, "recovery.turned_down", order, note=order.decision_note)
    return order


@transaction.atomic
def record_repayment(
    *, user: User, order_id: int, amount_rmb: Decimal | None, received_on: date | None, bank_reference: str
) -> Repayment:
    """Record a transfer that came in for an order; it counts when another person confirms it. Raises Refused."""
    _refuse_unless(may_record(user))
    order = _locked(order_id)
    if order.state != ProposalState.CONFIRMED:
        raise Refused("step", _("This order is not in force."))
    first = timezone.localtime(order.decided_at).date()
    if received_on is None or not first <= received_on <= timezone.localdate():
        raise Refused("day", _("The day lies between the order and today."))
    if not amount_rmb or amount_rmb < 0 or not bank_reference.strip():
        raise Refused("proof", _("Write an amount above zero and the bank reference of the transfer."))
    try:
        with transaction.atomic():
            repayment = Repayment.objects.create(
                order=order,
                amount_rmb=amount_rmb,
                received_on=received_on,
                bank_reference=bank_reference.strip(),
                recorded_by=user,
            )
    except IntegrityError as error:
        raise _named(error) from error
    _note(user, "recovery.repayment_recorded", order, repayment=repayment.pk, came_rmb=repayment.amount_rmb)
    return repayment


@transaction.atomic
def confirm_repayment(*, user: User, repayment_id: int) -> Repayment:
    """Another person found the transfer on the account's statement: the fund has its money back. Raises Refused."""
    order = _locked(Repayment.objects.values_list("order_id", flat=True).get(pk=repayment_id))
    rows = Repayment.objects.select_for_update(of=("self",))
    repayment = rows.select_related("order__payment__award_line__award__case").get(pk=repayment_id)
    _refuse_unless(may_confirm_repayment(user, repayment))
    repayment.confirmed_by, repayment.confirmed_at = user, timezone.now()
    try:
        with transaction.atomic():
            repayment.save(update_fields=["confirmed_by", "confirmed_at"])
    except IntegrityError as error:
        raise _named(error) from error
    money.recover(repayment, user=user)
    _note(user, "recovery.repayment_confirmed", order, repayment=repayment.pk, came_rmb=repayment.amount_rmb)
    return repayment


def _locked(order_id: int) -> RecoveryOrder:
    """The order, its organisation and case locked first."""
    lock_case(RecoveryOrder.objects.values_list("case_id", flat=True).get(pk=order_id))
    rows = RecoveryOrder.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("case__organisation", "payment__award_line__award__assessment").get(
        pk=order_id
    )


def _note(user: User, action: str, order: RecoveryOrder, **data: object) -> None:
    audit.record(
        actor=user,
        action=action,
        obj=order.case,
        data={"order": order.number, "amount_rmb": order.amount_rmb, **data},
    )
