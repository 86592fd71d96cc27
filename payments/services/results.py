"""Take over what the bank said: a whole file, or its written answer about one payment of unknown outcome."""

import hashlib
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from audit import services as audit
from casework.transitions import Refused
from payments import bank_results, money, tables
from payments.bank_results import Checked, Expected, Fault, Result
from payments.enums import BatchState, PaymentEventKind, PaymentState
from payments.models import BankAnswer, BankFile, BankLine, Batch, Payment, PaymentEvent
from payments.models.batches import seal
from payments.permissions import may_answer, may_confirm_answer, may_import

MOST_BYTES = 5 * 1024 * 1024


class FileRefused(Refused):
    """A bank file with faults; nothing was taken over."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(
            faults[0].code, _("There is something wrong in this file. Nothing of it was taken over.")
        )
        self.faults = faults


@dataclass(frozen=True)
class Taken:
    """What an import did: the file's row (None when it said nothing new), new outcomes, those known before."""

    bank_file: BankFile | None
    fresh: list[Result]
    same: list[Result]


def import_results(*, user: User, batch_id: int, name: str, content: bytes) -> Taken:
    """Check a file of the bank's results as a whole, then take over all of it, once.

    The same file again, or the same outcomes in another file, change nothing. Raises FileRefused with every fault,
    or Refused; nothing is changed then.
    """
    batch = Batch.objects.get(pk=batch_id)
    if not (answer := may_import(user, batch)):
        raise Refused("permission", answer.reason)
    if len(content) > MOST_BYTES:
        raise Refused("too_large", _("This file is larger than a bank's result can be."))
    digest = hashlib.sha256(content).hexdigest()
    known = BankFile.objects.filter(sha256=digest).select_related("batch").first()
    if known is not None and known.batch_id == batch_id:
        return Taken(None, [], _results_of(known))
    if batch.state not in (BatchState.SENT, BatchState.SETTLED):
        raise Refused("step", _("Results are read in once the batch is with the bank."))
    rows = _rows(name, content)
    with transaction.atomic():
        return _import(user, batch_id, name, content, digest, rows)


def _rows(name: str, content: bytes) -> list:
    with tempfile.NamedTemporaryFile(prefix="bank-") as file:
        file.write(content)
        file.flush()
        return tables.read(Path(file.name), name)


def _results_of(known: BankFile) -> list[Result]:
    return [
        Result(
            line.row,
            line.payment.number,
            PaymentState(line.outcome),
            line.amount_rmb,
            line.settled_on,
            line.bank_reference,
            line.failure,
        )
        for line in known.lines.select_related("payment")
    ]


def _import(user: User, batch_id: int, name: str, content: bytes, digest: str, rows: list) -> Taken:
    batch = Batch.objects.select_for_update(of=("self",), no_key=True).get(pk=batch_id)
    payments = {
        payment.number: payment
        for payment in batch.payments.select_for_update(of=("self",), no_key=True)
        .select_related("award_line__award__case")
        .exclude(state=PaymentState.CANCELLED)
        .exclude(set_off_rmb=F("amount_rmb"))  # nothing of these went to the bank
        .order_by("id")
    }
    checked = _check(batch, payments, rows)
    if checked.faults:
        raise FileRefused(checked.faults)
    if not checked.fresh:
        return Taken(None, [], checked.same)
    bank_file = BankFile.objects.create(
        batch=batch,
        name=name[-120:],
        sha256=digest,
        content_encrypted=seal(content),
        count=len(checked.fresh) + len(checked.same),
        total_rmb=checked.total_rmb,
        imported_by=user,
    )
    BankLine.objects.bulk_create(
        BankLine(
            bank_file=bank_file,
            payment=payments[result.number],
            row=result.row,
            outcome=result.outcome,
            amount_rmb=result.amount_rmb,
            settled_on=result.settled_on,
            bank_reference=result.bank_reference,
            failure=result.failure,
        )
        for result in (*checked.fresh, *checked.same)
    )
    apply_outcomes(
        user, [(payments[result.number], result) for result in checked.fresh], key=f"file-{bank_file.pk}"
    )
    audit.record(
        actor=user,
        action="payment.results_imported",
        obj=batch,
        data={
            "file": bank_file.pk,
            "sha256": digest,
            "rows": bank_file.count,
            "total_rmb": bank_file.total_rmb,
            "outcomes": {result.number: result.outcome for result in checked.fresh},
        },
    )
    settle(batch)
    return Taken(bank_file, checked.fresh, checked.same)


def _check(batch: Batch, payments: dict[str, Payment], rows: list) -> Checked:
    elsewhere = Payment.objects.filter(number__in=bank_results.numbers_in(rows) - set(payments))
    return bank_results.check(
        rows,
        {
            number: Expected(
                number=number,
                amount_rmb=payment.to_bank_rmb,
                tail=payment.account_masked[-4:],
                state=payment.state,
                settled_on=payment.settled_on,
                bank_reference=payment.bank_reference,
            )
            for number, payment in payments.items()
        },
        elsewhere=elsewhere.values_list("number", flat=True),
        sent_on=batch.sent_on,
        today=timezone.localdate(),
    )


def apply_outcomes(user: User, outcomes: list[tuple[Payment, Result]], *, key: str) -> None:
    """Write outcomes of payments, the fund's entries and what the applicants are told."""
    for payment, result in outcomes:
        payment.state = result.outcome
        payment.settled_on = result.settled_on
        payment.bank_reference = result.bank_reference
        payment.failure = result.failure
    Payment.objects.bulk_update(
        [payment for payment, _result in outcomes],
        ["state", "settled_on", "bank_reference", "failure"],
        batch_size=500,
    )
    moved = [payment for payment, _result in outcomes]
    paid = [payment for payment in moved if payment.state == PaymentState.PAID]
    money.pay(paid, user=user)
    money.recover_set_offs(paid, user=user)
    money.uncommit([payment for payment in moved if payment.state == PaymentState.FAILED], user=user)
    told = {PaymentState.PAID: PaymentEventKind.PAID, PaymentState.FAILED: PaymentEventKind.FAILED}
    events = {
        (payment.case_id, told[result.outcome]) for payment, result in outcomes if result.outcome in told
    }
    PaymentEvent.objects.bulk_create(
        PaymentEvent(case_id=case_id, kind=kind, key=key) for case_id, kind in sorted(events)
    )


def settle(batch: Batch) -> None:
    """A batch with no open payment is settled."""
    ended = (PaymentState.PAID, PaymentState.FAILED, PaymentState.CANCELLED)
    if batch.state == BatchState.SENT and not batch.payments.exclude(state__in=ended).exists():
        batch.state, batch.settled_at = BatchState.SETTLED, timezone.now()
        batch.version += 1
        batch.save(update_fields=["state", "settled_at", "version"])
        audit.record(actor="portal", action="payment.batch_settled", obj=batch)


@dataclass(frozen=True)
class AnswerData:
    """The bank's letter about one payment."""

    outcome: str
    document: str
    settled_on: date | None = None
    bank_reference: str = ""
    failure: str = ""


@transaction.atomic
def record_answer(*, user: User, payment_id: int, data: AnswerData) -> BankAnswer:
    """Record the bank's written answer about a payment of unknown outcome; nothing moves yet. Raises Refused."""
    if not (allowed := may_answer(user)):
        raise Refused("permission", allowed.reason)
    batch_id = Payment.objects.values_list("batch_id", flat=True).get(pk=payment_id)
    batch = Batch.objects.select_for_update(of=("self",), no_key=True).get(pk=batch_id)
    payment = Payment.objects.select_for_update(of=("self",)).get(pk=payment_id)
    if payment.state != PaymentState.UNKNOWN:
        raise Refused("step", _("The outcome of this payment is known."))
    if data.settled_on is not None and not batch.sent_on <= data.settled_on <= timezone.localdate():
        raise Refused("day", _("The day lies between the handing over of the batch and today."))
    paid = data.outcome == PaymentState.PAID
    try:
        with transaction.atomic():
            answer = BankAnswer.objects.create(
                payment=payment,
                outcome=data.outcome,
                document=data.document.strip(),
                settled_on=data.settled_on,
                bank_reference=data.bank_reference.strip() if paid else "",
                failure="" if paid else data.failure.strip(),
                recorded_by=user,
            )
    except IntegrityError as error:
        if "bank_answer_one_open" in str(error):
            raise Refused(
                "recorded", _("An answer about this payment waits for its confirmation.")
            ) from error
        if "bank_answer_is_complete" in str(error):
            raise Refused(
                "incomplete",
                _(
                    "Write the number of the letter, and the day and reference of the payment or the bank's reason."
                ),
            ) from error
        raise
    audit.record(
        actor=user,
        action="payment.answer_recorded",
        obj=batch,
        data={"payment": payment.number, "outcome": answer.outcome, "document": answer.document},
    )
    return answer


@transaction.atomic
def confirm_answer(*, user: User, answer_id: int) -> Payment:
    """A second person has read the bank's letter: the payment is paid or failed. Raises Refused."""
    found = BankAnswer.objects.select_related("payment").get(pk=answer_id)
    batch = Batch.objects.select_for_update(of=("self",), no_key=True).get(pk=found.payment.batch_id)
    payment = (
        Payment.objects.select_for_update(of=("self",))
        .select_related("award_line__award__case")
        .get(pk=found.payment_id)
    )
    answer = BankAnswer.objects.select_for_update(of=("self",)).get(pk=answer_id)
    if not (allowed := may_confirm_answer(user, answer)):
        raise Refused("permission", allowed.reason)
    answer.confirmed_by, answer.confirmed_at = user, timezone.now()
    answer.save(update_fields=["confirmed_by", "confirmed_at"])
    result = Result(
        0,
        payment.number,
        PaymentState(answer.outcome),
        payment.to_bank_rmb,
        answer.settled_on,
        answer.bank_reference,
        answer.failure,
    )
    apply_outcomes(user, [(payment, result)], key=f"answer-{answer.pk}")
    audit.record(
        actor=user,
        action="payment.answer_confirmed",
        obj=batch,
        data={"payment": payment.number, "outcome": answer.outcome, "document": answer.document},
    )
    settle(batch)
    return payment


@transaction.atomic
def withdraw_answer(*, user: User, answer_id: int) -> BankAnswer:
    """Take back an answer that was recorded wrongly, before its confirmation. Raises Refused."""
    if not (allowed := may_answer(user)):
        raise Refused("permission", allowed.reason)
    answer = (
        BankAnswer.objects.select_for_update(of=("self",)).select_related("payment__batch").get(pk=answer_id)
    )
    if answer.confirmed_at is not None or answer.withdrawn_at is not None:
        raise Refused("step", _("This answer does not wait for a confirmation."))
    answer.withdrawn_at = timezone.now()
    answer.save(update_fields=["withdrawn_at"])
    audit.record(
        actor=user,
        action="payment.answer_withdrawn",
        obj=answer.payment.batch,
        data={"payment": answer.payment.number},
    )
    return answer
