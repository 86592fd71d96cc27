"""What every step of a batch needs: the locked row, the version that the page showed, whether payments may still go."""

from collections.abc import Iterable

from django.db import IntegrityError
from django.utils.translation import gettext as _

from accounts.permissions import Answer
from audit.services import sha256
from casework.models import AwardLine
from casework.transitions import Refused
from payments.enums import BatchState, PaymentState
from payments.gates import Hindrance, prospects
from payments.models import Batch, Payment


def refuse_unless(answer: Answer) -> None:
    if not answer:
        raise Refused("permission", answer.reason)


def locked(batch_id: int, *states: BatchState) -> Batch:
    """The batch, locked, if it is in one of these states. Raises Refused `step`."""
    batch = Batch.objects.select_for_update(of=("self",), no_key=True).get(pk=batch_id)
    if batch.state not in states:
        raise Refused(
            "step",
            _("This step is not possible: the batch is now “%(state)s”.")
            % {"state": batch.get_state_display()},
        )
    return batch


def save(batch: Batch, *fields: str) -> None:
    batch.version += 1
    batch.save(update_fields=[*fields, "version"])


def refuse_stale(batch: Batch, expected_version: int) -> None:
    if batch.version != expected_version:
        raise Refused("stale", _("Somebody changed this batch after your page was opened. Look at it again."))


def inside(batch: Batch) -> list[Payment]:
    live = batch.payments.exclude(state=PaymentState.CANCELLED)
    found = live.select_related("account", "award_line__award__case").prefetch_related("set_offs__order")
    return list(found.order_by("id"))


def hash_of(payments: Iterable[Payment]) -> str:
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


def refuse_unpayable(payments: list[Payment]) -> None:
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


def named(error: IntegrityError) -> Exception:
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
