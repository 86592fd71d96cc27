"""A submitted batch goes to the bank: released with its files by another person, downloaded, handed over."""

import hashlib
from datetime import date

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Organisation, User
from audit import services as audit
from casework import failpoints
from casework.models import Case
from casework.transitions import Refused
from payments import money, treasury
from payments.bank_results import Result
from payments.enums import BatchState, FileFormat, PaymentState
from payments.models import Batch, Payment, TreasuryFile
from payments.models.batches import seal
from payments.permissions import may_download, may_prepare, may_release
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
from payments.services.results import apply_outcomes, settle


def release_batch(*, user: User, batch_id: int, expected_version: int) -> Batch:
    """Release a submitted batch, in one transaction with its files and the fund's entries. Raises Refused.

    Pressed twice, the second finds it released. Killed anywhere, nothing has happened, or all of it.
    """
    try:
        with transaction.atomic():
            return _release(user, batch_id, expected_version)
    except IntegrityError as error:
        raise named(error) from error


def _release(user: User, batch_id: int, expected_version: int) -> Batch:
    # Organisations, then cases, then the batch: who places a hold locks in the same order, so one of the two is first.
    cases = Case.objects.filter(payments__batch=batch_id).order_by("pk")
    organisations = sorted(set(cases.values_list("organisation_id", flat=True)))
    list(Organisation.objects.select_for_update(no_key=True).filter(pk__in=organisations).order_by("pk"))
    pks = sorted(set(cases.values_list("pk", flat=True)))
    list(Case.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=pks).order_by("pk"))
    batch = locked(batch_id, BatchState.SUBMITTED)
    refuse_stale(batch, expected_version)
    refuse_unless(may_release(user, batch))
    payments = inside(batch)
    refuse_unpayable(payments)
    if hash_of(payments) != batch.lines_hash:
        raise Refused("hash", _("The payments are not those that were submitted. Nothing was released."))
    batch.state, batch.released_by, batch.released_at = BatchState.RELEASED, user, timezone.now()
    save(batch, "state", "released_by", "released_at")
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
    refuse_unless(may_download(user))
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
    refuse_unless(may_prepare(user))
    batch = locked(batch_id, BatchState.RELEASED)
    if sent_on is None or not timezone.localtime(batch.released_at).date() <= sent_on <= timezone.localdate():
        raise Refused("day", _("The day lies between the release and today."))
    batch.state, batch.sent_by, batch.sent_on = BatchState.SENT, user, sent_on
    save(batch, "state", "sent_by", "sent_on")
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
