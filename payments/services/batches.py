"""A batch until it waits for its release: pick, take out, submit, give back, give up. Then `releases` leads it on."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from audit import services as audit
from casework.models import AwardLine
from casework.transitions import Refused
from payments import owing
from payments.enums import BatchState, PaymentState
from payments.gates import Hindrance, Prospect, prospects
from payments.models import Batch, Payment, SetOff
from payments.numbers import next_batch, next_payments
from payments.permissions import may_give_back, may_prepare
from payments.services.batch_steps import (
    hash_of,
    inside,
    locked,
    named,
    refuse_stale,
    refuse_unless,
    refuse_unpayable,
    save,
)
from payments.services.person_files import open_files

#: Payments of one batch at most; the treasury's own forms stop there too.
MOST = 2000


@dataclass(frozen=True)
class Made:
    """A new draft, and the lines that did not go into it, with the reasons."""

    batch: Batch
    left_out: list[Prospect]


@transaction.atomic
def make_batch(*, user: User, programme: str, chosen: Mapping[int, int]) -> Made:
    """A draft of the chosen award lines of one programme: {line's id: id of the account that the page showed}.

    The lines are locked and judged anew; one that may not go, or whose account is another by now, stays out and says
    why. Raises Refused when none is left.
    """
    refuse_unless(may_prepare(user))
    if len(chosen) > MOST:
        raise Refused("too_many", _("A batch holds at most %(limit)d payments.") % {"limit": MOST})
    open_files()
    rows = AwardLine.objects.select_for_update(of=("self",), no_key=True).filter(
        pk__in=chosen, programme=programme
    )
    lines = list(rows.select_related("award__case__organisation").order_by("pk"))
    going, left_out = [], []
    for prospect in prospects(lines):
        if not prospect.hindrances and prospect.account.pk != chosen[prospect.line.pk]:
            changed = Hindrance("account_changed", _("The payee's account was changed meanwhile."))
            prospect = Prospect(prospect.line, prospect.account, prospect.follows, (changed,))
        (left_out if prospect.hindrances else going).append(prospect)
    if not going:
        raise Refused("none", _("None of the chosen awards can be paid now."))
    batch = Batch.objects.create(number=next_batch(), programme=programme, made_by=user)
    shares = list(zip(going, owing.set_offs_for([prospect.line for prospect in going]), strict=True))
    try:
        with transaction.atomic():
            payments = Payment.objects.bulk_create(
                _payment(batch, prospect, number, sum(owed.values(), Decimal(0)))
                for (prospect, owed), number in zip(shares, next_payments(len(going)), strict=True)
            )
            SetOff.objects.bulk_create(
                SetOff(payment=payment, order_id=order, amount_rmb=amount)
                for payment, (_prospect, owed) in zip(payments, shares, strict=True)
                for order, amount in owed.items()
            )
    except IntegrityError as error:
        raise named(error) from error
    batch.refresh_from_db()
    total = sum((prospect.line.amount_rmb for prospect in going), Decimal(0))
    audit.record(
        actor=user,
        action="payment.batch_made",
        obj=batch,
        data={"number": batch.number, "count": len(going), "total_rmb": total},
    )
    return Made(batch, left_out)


def _payment(batch: Batch, prospect: Prospect, number: str, set_off: Decimal) -> Payment:
    account, line = prospect.account, prospect.line
    return Payment(
        number=number,
        batch=batch,
        award_line=line,
        case_id=line.award.case_id,
        follows=prospect.follows,
        account=account,
        payee=line.payee,
        payee_name=account.payee_name,
        holder_name=account.holder_name,
        bank_name=account.bank_name,
        branch=account.branch,
        cnaps=account.cnaps,
        account_encrypted=account.number_encrypted,
        account_masked=account.number_masked,
        amount_rmb=line.amount_rmb,
        set_off_rmb=set_off,
    )


@transaction.atomic
def take_out(*, user: User, payment_id: int, expected_version: int) -> Payment:
    """Take a payment out of a draft; its award may go into another batch. Raises Refused.

    `expected_version` is the batch's, as the page showed it.
    """
    refuse_unless(may_prepare(user))
    batch_id = Payment.objects.values_list("batch_id", flat=True).get(pk=payment_id)
    batch = locked(batch_id, BatchState.DRAFT)
    refuse_stale(batch, expected_version)
    payment = Payment.objects.select_for_update(of=("self",)).get(pk=payment_id)
    if payment.state != PaymentState.PLANNED:
        raise Refused("step", _("This payment is not in the draft any more."))
    payment.state = PaymentState.CANCELLED
    payment.save(update_fields=["state"])
    save(batch)
    audit.record(actor=user, action="payment.taken_out", obj=batch, data={"payment": payment.number})
    return payment


@transaction.atomic
def cancel_batch(*, user: User, batch_id: int, reason: str) -> Batch:
    """Give up a draft; its awards may go into another batch. Raises Refused."""
    refuse_unless(may_prepare(user))
    batch = locked(batch_id, BatchState.DRAFT)
    if not reason.strip():
        raise Refused("reason", _("Write why this batch is given up."))
    batch.payments.filter(state=PaymentState.PLANNED).update(state=PaymentState.CANCELLED)
    batch.state, batch.reason = BatchState.CANCELLED, reason.strip()
    save(batch, "state", "reason")
    audit.record(actor=user, action="payment.batch_cancelled", obj=batch, data={"reason": batch.reason})
    return batch


@transaction.atomic
def submit_batch(*, user: User, batch_id: int, expected_version: int) -> Batch:
    """Count a draft and hand it to the releaser. Raises Refused; `stale` when the page showed another version."""
    refuse_unless(may_prepare(user))
    batch = locked(batch_id, BatchState.DRAFT)
    refuse_stale(batch, expected_version)
    payments = inside(batch)
    if not payments:
        raise Refused("empty", _("This batch has no payments. Give it up instead."))
    refuse_unpayable(payments)
    batch.state, batch.submitted_by, batch.submitted_at = BatchState.SUBMITTED, user, timezone.now()
    batch.count, batch.total_rmb = len(payments), sum((p.amount_rmb for p in payments), Decimal(0))
    batch.lines_hash, batch.reason = hash_of(payments), ""
    save(batch, "state", "submitted_by", "submitted_at", "count", "total_rmb", "lines_hash", "reason")
    batch.payments.filter(state=PaymentState.PLANNED).update(state=PaymentState.IN_BATCH)
    audit.record(
        actor=user,
        action="payment.batch_submitted",
        obj=batch,
        data={"count": batch.count, "total_rmb": batch.total_rmb, "hash": batch.lines_hash},
    )
    return batch


@transaction.atomic
def give_back(*, user: User, batch_id: int, reason: str) -> Batch:
    """A submitted batch becomes a draft again. Raises Refused."""
    batch = locked(batch_id, BatchState.SUBMITTED)
    refuse_unless(may_give_back(user, batch))
    if not reason.strip():
        raise Refused("reason", _("Write what is to be changed."))
    batch.state, batch.reason = BatchState.DRAFT, reason.strip()
    save(batch, "state", "reason")
    batch.payments.filter(state=PaymentState.IN_BATCH).update(state=PaymentState.PLANNED)
    audit.record(actor=user, action="payment.batch_given_back", obj=batch, data={"reason": batch.reason})
    return batch
