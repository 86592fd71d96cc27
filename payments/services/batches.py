"""A batch from its draft to the bank: pick, submit, release by another person, hand over."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Organisation, User
from accounts.permissions import Answer
from audit import services as audit
from audit.services import sha256
from casework import failpoints
from casework.models import AwardLine, Case
from casework.transitions import Refused
from payments import money, owing, treasury
from payments.bank_results import Result
from payments.enums import BatchState, FileFormat, PaymentState
from payments.gates import Hindrance, Prospect, prospects
from payments.models import Batch, Payment, SetOff, TreasuryFile
from payments.models.batches import seal
from payments.numbers import next_batch, next_payments
from payments.permissions import may_download, may_give_back, may_prepare, may_release
from payments.services.person_files import open_files
from payments.services.results import apply_outcomes, settle

#: Payments of one batch at most; the treasury's own forms stop there too.
MOST = 2000


@dataclass(frozen=True)
class Made:
    """A new draft, and the lines that did not go into it, with the reasons."""

    batch: Batch
    left_out: list[Prospect]


def _refuse_unless(answer: Answer) -> None:
    if not answer:
        raise Refused("permission", answer.reason)


def _locked(batch_id: int, *states: BatchState) -> Batch:
    """The batch, locked, if it is in one of these states. Raises Refused `step`."""
    batch = Batch.objects.select_for_update(of=("self",), no_key=True).get(pk=batch_id)
    if batch.state not in states:
        raise Refused(
            "step",
            _("This step is not possible: the batch is now “%(state)s”.")
            % {"state": batch.get_state_display()},
        )
    return batch


def _save(batch: Batch, *fields: str) -> None:
    batch.version += 1
    batch.save(update_fields=[*fields, "version"])


@transaction.atomic
def make_batch(*, user: User, programme: str, chosen: Mapping[int, int]) -> Made:
    """A draft of the chosen award lines of one programme: {line's id: id of the account that the page showed}.

    The lines are locked and judged anew; one that may not go, or whose account is another by now, stays out and says
    why. Raises Refused when none is left.
    """
    _refuse_unless(may_prepare(user))
    if len(chosen) > MOST:
        raise Refused("too_many", _("A batch holds at most %(limit)d payments.") % {"limit": MOST})
    open_files()
    locked = AwardLine.objects.select_for_update(of=("self",), no_key=True).filter(
        pk__in=chosen, programme=programme
    )
    lines = list(locked.select_related("award__case__organisation").order_by("pk"))
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
        raise _named(error) from error
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


def _named(error: IntegrityError) -> Exception:
    """What the database refused, said in a sentence; the error itself when it is none of ours."""
    text = str(error)
    if "payment_once_per_award_line" in text:
        return Refused("in_force", _("One of these awards has just gone into another batch."))
    if "payment_not_on_hold" in text:
        return Refused("held", _("The payment of a case of this batch is on hold. Take it out first."))
    if "payment_to_verified_account" in text:
        return Refused(
            "account_changed", _("A payee's account was changed meanwhile. Look at the list again.")
        )
    if "payment_not_debarred" in text:
        return Refused("debarred", _("An organisation of this batch is barred from subsidies."))
    if "payment_person_is_decided" in text:
        return Refused("person_file", _("Two institutions registered a person of this batch."))
    if "recovery_not_beyond_order" in text:
        return Refused("set_off", _("More came back to a recovery order meanwhile. Make the batch anew."))
    if "payment_notice_has_ended" in text:
        return Refused("notice", _("The public notice of one of these awards has not ended."))
    if "batch_releaser_took_no_part" in text or "batch_four_eyes" in text:
        return Refused("four_eyes", _("Each step of a case needs a different person."))
    return error


@transaction.atomic
def take_out(*, user: User, payment_id: int, expected_version: int) -> Payment:
    """Take a payment out of a draft; its award may go into another batch. Raises Refused.

    `expected_version` is the batch's, as the page showed it.
    """
    _refuse_unless(may_prepare(user))
    batch_id = Payment.objects.values_list("batch_id", flat=True).get(pk=payment_id)
    batch = _locked(batch_id, BatchState.DRAFT)
    _fresh(batch, expected_version)
    payment = Payment.objects.select_for_update(of=("self",)).get(pk=payment_id)
    if payment.state != PaymentState.PLANNED:
        raise Refused("step", _("This payment is not in the draft any more."))
    payment.state = PaymentState.CANCELLED
    payment.save(update_fields=["state"])
    _save(batch)
    audit.record(actor=user, action="payment.taken_out", obj=batch, data={"payment": payment.number})
    return payment


@transaction.atomic
def cancel_batch(*, user: User, batch_id: int, reason: str) -> Batch:
    """Give up a draft; its awards may go into another batch. Raises Refused."""
    _refuse_unless(may_prepare(user))
    batch = _locked(batch_id, BatchState.DRAFT)
    if not reason.strip():
        raise Refused("reason", _("Write why this batch is given up."))
    batch.payments.filter(state=PaymentState.PLANNED).update(state=PaymentState.CANCELLED)
    batch.state, batch.reason = BatchState.CANCELLED, reason.strip()
    _save(batch, "state", "reason")
    audit.record(actor=user, action="payment.batch_cancelled", obj=batch, data={"reason": batch.reason})
    return batch


def _hash_of(payments: Iterable[Payment]) -> str:
    """What the releaser approves: every payment with payee, account and amount, in order."""
    return sha256(
        [
            [
                p.number,
                p.award_line_id,
                p.payee_name,
                p.holder_name,
                p.cnaps,
                p.account.number_key,
                p.amount_rmb,
                p.set_off_rmb,
            ]
            for p in payments
        ]
    )


def _inside(batch: Batch) -> list[Payment]:
    live = batch.payments.exclude(state=PaymentState.CANCELLED)
    found = live.select_related("account", "award_line__award__case").prefetch_related("set_offs__order")
    return list(found.order_by("id"))


@transaction.atomic
def submit_batch(*, user: User, batch_id: int, expected_version: int) -> Batch:
    """Count a draft and hand it to the releaser. Raises Refused; `stale` when the page showed another version."""
    _refuse_unless(may_prepare(user))
    batch = _locked(batch_id, BatchState.DRAFT)
    _fresh(batch, expected_version)
    payments = _inside(batch)
    if not payments:
        raise Refused("empty", _("This batch has no payments. Give it up instead."))
    _still_payable(payments)
    batch.state, batch.submitted_by, batch.submitted_at = BatchState.SUBMITTED, user, timezone.now()
    batch.count, batch.total_rmb = len(payments), sum((p.amount_rmb for p in payments), Decimal(0))
    batch.lines_hash, batch.reason = _hash_of(payments), ""
    _save(batch, "state", "submitted_by", "submitted_at", "count", "total_rmb", "lines_hash", "reason")
    batch.payments.filter(state=PaymentState.PLANNED).update(state=PaymentState.IN_BATCH)
    audit.record(
        actor=user,
        action="payment.batch_submitted",
        obj=batch,
        data={"count": batch.count, "total_rmb": batch.total_rmb, "hash": batch.lines_hash},
    )
    return batch


def _fresh(batch: Batch, expected_version: int) -> None:
    if batch.version != expected_version:
        raise Refused("stale", _("Somebody changed this batch after your page was opened. Look at it again."))


def _still_payable(payments: list[Payment]) -> None:
    """Everything that was asked when a payment was picked is asked again. Raises Refused naming the first."""
    lines = {
        line.pk: line
        for line in AwardLine.objects.filter(pk__in=[p.award_line_id for p in payments]).select_related(
            "award__case__organisation"
        )
    }
    judged = prospects([lines[payment.award_line_id] for payment in payments])
    for payment, prospect in zip(payments, judged, strict=True):
        hindrances = [h for h in prospect.hindrances if h.code != "in_force"]
        if prospect.account is not None and prospect.account.pk != payment.account_id:
            hindrances.append(Hindrance("account_changed", _("The payee's account was changed meanwhile.")))
        if hindrances:
            raise Refused(
                hindrances[0].code,
                _("Payment %(number)s of case %(case)s may not go: %(why)s Take it out of the batch.")
                % {
                    "number": payment.number,
                    "case": prospect.line.award.case.number,
                    "why": hindrances[0].message,
                },
            )


@transaction.atomic
def give_back(*, user: User, batch_id: int, reason: str) -> Batch:
    """A submitted batch becomes a draft again. Raises Refused."""
    batch = _locked(batch_id, BatchState.SUBMITTED)
    _refuse_unless(may_give_back(user, batch))
    if not reason.strip():
        raise Refused("reason", _("Write what is to be changed."))
    batch.state, batch.reason = BatchState.DRAFT, reason.strip()
    _save(batch, "state", "reason")
    batch.payments.filter(state=PaymentState.IN_BATCH).update(state=PaymentState.PLANNED)
    audit.record(actor=user, action="payment.batch_given_back", obj=batch, data={"reason": batch.reason})
    return batch


def release_batch(*, user: User, batch_id: int, expected_version: int) -> Batch:
    """Release a submitted batch, in one transaction with its files and the fund's entries. Raises Refused.

    Pressed twice, the second finds it released. Killed anywhere, nothing has happened, or all of it.
    """
    try:
        with transaction.atomic():
            return _release(user, batch_id, expected_version)
    except IntegrityError as error:
        raise _named(error) from error


def _release(user: User, batch_id: int, expected_version: int) -> Batch:
    # Organisations, then cases, then the batch: who places a hold locks in the same order, so one of the two is first.
    cases = Case.objects.filter(payments__batch=batch_id).order_by("pk")
    organisations = sorted(set(cases.values_list("organisation_id", flat=True)))
    list(Organisation.objects.select_for_update(no_key=True).filter(pk__in=organisations).order_by("pk"))
    pks = sorted(set(cases.values_list("pk", flat=True)))
    list(Case.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=pks).order_by("pk"))
    batch = _locked(batch_id, BatchState.SUBMITTED)
    _fresh(batch, expected_version)
    _refuse_unless(may_release(user, batch))
    payments = _inside(batch)
    _still_payable(payments)
    if _hash_of(payments) != batch.lines_hash:
        raise Refused("hash", _("The payments are not those that were submitted. Nothing was released."))
    batch.state, batch.released_by, batch.released_at = BatchState.RELEASED, user, timezone.now()
    _save(batch, "state", "released_by", "released_at")
    files = _make_files(batch, payments)
    failpoints.pass_by("file_made")
    money.commit(payments, user=user)
    audit.record(
        actor=user,
        action="payment.batch_released",
        obj=batch,
        data={
            "count": batch.count,
            "total_rmb": batch.total_rmb,
            "hash": batch.lines_hash,
            "files": {file.format: file.sha256 for file in files},
        },
    )
    return batch


def _make_files(batch: Batch, payments: list[Payment]) -> list[TreasuryFile]:
    lines = [treasury.line_of(payment) for payment in payments if payment.to_bank_rmb]
    made = {
        FileFormat.XLSX: treasury.xlsx_bytes(batch, lines),
        FileFormat.CSV: treasury.csv_bytes(batch, lines),
    }
    return TreasuryFile.objects.bulk_create(
        TreasuryFile(
            batch=batch,
            format=file_format,
            content_encrypted=seal(content),
            sha256=hashlib.sha256(content).hexdigest(),
            size=len(content),
        )
        for file_format, content in made.items()
    )


@transaction.atomic
def download_file(*, user: User, batch_id: int, file_format: str) -> TreasuryFile:
    """The file as it was made, once its disclosure is written down. Raises Refused."""
    _refuse_unless(may_download(user))
    found = TreasuryFile.objects.filter(batch_id=batch_id, format=file_format).select_related("batch").first()
    if found is None:
        raise Refused("no_file", _("The file of this batch is made when it is released."))
    if hashlib.sha256(found.content).hexdigest() != found.sha256:
        raise Refused("altered", _("The stored file is not the one that was made. Tell the administrator."))
    audit.record(
        actor=user,
        action="payment.file_downloaded",
        obj=found.batch,
        data={"format": found.format, "sha256": found.sha256, "accounts": found.batch.count},
    )
    return found


@transaction.atomic
def mark_sent(*, user: User, batch_id: int, sent_on: date | None) -> Batch:
    """The file was handed to the bank on this day. Raises Refused."""
    _refuse_unless(may_prepare(user))
    batch = _locked(batch_id, BatchState.RELEASED)
    if sent_on is None or not timezone.localtime(batch.released_at).date() <= sent_on <= timezone.localdate():
        raise Refused("day", _("The day lies between the release and today."))
    batch.state, batch.sent_by, batch.sent_on = BatchState.SENT, user, sent_on
    _save(batch, "state", "sent_by", "sent_on")
    batch.payments.filter(state=PaymentState.IN_BATCH).update(state=PaymentState.SENT)
    audit.record(actor=user, action="payment.batch_sent", obj=batch, data={"sent_on": sent_on})
    _pay_without_bank(user, batch)
    return batch


def _pay_without_bank(user: User, batch: Batch) -> None:
    """Payments that are set off as a whole are done: no bank has anything to say about them."""
    whole = batch.payments.filter(state=PaymentState.SENT, set_off_rmb=F("amount_rmb"))
    payments = list(whole.select_related("award_line__award__case").prefetch_related("set_offs__order"))
    if payments:
        apply_outcomes(
            user,
            [
                (
                    payment,
                    Result(
                        row=0,
                        number=payment.number,
                        outcome=PaymentState.PAID,
                        amount_rmb=payment.to_bank_rmb,
                        settled_on=batch.sent_on,
                        bank_reference=" ".join(part.order.number for part in payment.set_offs.all())[:60],
                        failure="",
                    ),
                )
                for payment in payments
            ],
            key=f"set-off-{batch.pk}",
        )
        settle(batch)
