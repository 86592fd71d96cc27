"""Where the money of an approved claim is, in the applicant's words: from the award to the bank."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.scope import across
from casework.enums import IN_REVIEW, Status
from casework.models import AwardLine, Case
from casework.templatetags.portal import day_text
from ledger.enums import ReservationState
from ledger.selectors import place_of
from notices.enums import Clearance
from notices.models import Notice
from notices.selectors import award_clearance
from payments.enums import PaymentState, PersonFileState
from payments.models import Payment, PersonFile
from payments.payees import latest_accounts, payees_of

IN_HAND = (PaymentState.PLANNED, PaymentState.IN_BATCH, PaymentState.SENT, PaymentState.UNKNOWN)


@dataclass(frozen=True)
class Step:
    """One station of the money: what, what is to be said, and whether it is behind (`done`), here or ahead."""

    code: str
    title: str
    text: str
    tone: str
    done: bool = False


@dataclass(frozen=True)
class Progress:
    """`missing` payees have no account in force and none on its way; `failed` payments ask for another account."""

    steps: tuple[Step, ...]
    missing: int
    waiting_confirmation: int
    failed: int

    @property
    def needs_applicant(self) -> bool:
        return bool(self.missing or self.failed or self.waiting_confirmation)


def progress(case: Case) -> Progress | None:
    """None for a claim that is not filed, pays nothing, or is decided otherwise. A fixed number of queries."""
    if case.status not in (*IN_REVIEW, Status.APPROVED) or not case.amount_rmb:
        return None
    payees = payees_of(case)
    accounts = latest_accounts(case, payees)
    states = [{account.state for account in accounts.get(payee.person_key, ())} for payee in payees]
    missing = sum(not state & {"entered", "confirmed", "verified"} for state in states)
    waiting = sum("entered" in state for state in states)
    verified = sum("verified" in state for state in states)
    account_step = _account_step(len(payees), verified, missing)
    award = case.award
    if case.status != Status.APPROVED or award is None:
        return Progress((account_step,), missing, waiting, 0)
    lines = list(award.lines.all())
    payments = list(Payment.objects.filter(award_line__award=award).order_by("id"))
    latest = {payment.award_line_id: payment for payment in payments if payment.state != "cancelled"}
    failed = [payment for payment in latest.values() if payment.state == PaymentState.FAILED]
    in_force = {account.pk for group in accounts.values() for account in group if account.state == "verified"}
    # A failed payment whose payee has another account by now waits for the bureau, not for the applicant.
    asks = [payment for payment in failed if payment.account_id in in_force]
    steps = (
        Step(
            "awarded",
            _("Awarded"),
            _("%(day)s: %(amount)s RMB")
            % {"day": day_text(award.awarded_at), "amount": f"{award.amount_rmb:,.2f}"},
            "good",
            True,
        ),
        _notice_step(award.pk),
        _fund_step(award.key),
        account_step,
        *_person_step(case, lines),
        *_payment_steps(lines, latest),
    )
    return Progress(steps, missing, waiting, len(asks))


def _account_step(payees: int, verified: int, missing: int) -> Step:
    text = ngettext(
        "%(verified)d of %(payees)d payee has a verified account.",
        "%(verified)d of %(payees)d payees have a verified account.",
        payees,
    ) % {"verified": verified, "payees": payees}
    done = verified == payees
    return Step("account", _("Accounts"), text, "good" if done else "warn" if missing else "info", done)


def _notice_step(award_id: int) -> Step:
    said = award_clearance([award_id])[award_id]
    text = str(said.label)
    if said == Clearance.RUNNING:
        notice = Notice.objects.filter(entries__award=award_id, entries__live=True).first()
        text = _("Until %(day)s; nothing is paid before it ends.") % {"day": day_text(notice.ends_on)}
    done = said == Clearance.CLEARED
    tone = "good" if done else "warn" if said in (Clearance.OBJECTION_OPEN, Clearance.UPHELD) else "info"
    return Step("notice", _("Public notice"), text, tone, done)


def _fund_step(key: str) -> Step:
    waits = any(part.state == ReservationState.WAITING for part in place_of(key))
    text = (
        _("The year's fund is used up for now; your award keeps its place in the queue.")
        if waits
        else _("The money is reserved for you.")
    )
    return Step("fund", _("Fund"), text, "warn" if waits else "good", not waits)


def _person_step(case: Case, lines: Sequence[AwardLine]) -> list[Step]:
    """What waits because two institutions registered a person. Neither is told of the other."""
    with across("a file holds both institutions' sides; counted here, never shown"):
        files = list(PersonFile.objects.filter(person_key__in={line.person_key for line in lines} - {""}))
    waiting = sum(file.state != PersonFileState.DECIDED for file in files)
    elsewhere = sum(
        file.state == PersonFileState.DECIDED and file.stands_id not in (None, case.organisation_id)
        for file in files
    )
    found = []
    if waiting:
        text = ngettext(
            "For %(count)d person the bureau clarifies which registration counts; the others are paid.",
            "For %(count)d persons the bureau clarifies which registration counts; the others are paid.",
            waiting,
        )
        found.append(Step("person", _("Registration"), text % {"count": waiting}, "warn"))
    if elsewhere:
        text = ngettext(
            "%(count)d person is not paid for here: the bureau decided that this registration does not count.",
            "%(count)d persons are not paid for here: the bureau decided that these registrations do not count.",
            elsewhere,
        )
        found.append(Step("person", _("Registration"), text % {"count": elsewhere}, "bad"))
    return found


def _payment_steps(lines: Sequence[AwardLine], latest: dict[int, Payment]) -> list[Step]:
    """One step for each state that a part of the award is in."""
    due = [line for line in lines if line.amount_rmb]
    groups: dict[str, list[Payment]] = {}
    for payment in latest.values():
        groups.setdefault(payment.state, []).append(payment)
    found = []
    if len(latest) < len(due):
        found.append(
            Step(
                "waiting", _("Payment"), _("Not in a payment batch yet."), "info" if not latest else "neutral"
            )
        )
    in_hand = [payment for state in IN_HAND for payment in groups.get(state, ())]
    if in_hand:
        with_bank = any(payment.state in (PaymentState.SENT, PaymentState.UNKNOWN) for payment in in_hand)
        text = _("With the bank: %(amount)s RMB") if with_bank else _("In a payment batch: %(amount)s RMB")
        found.append(Step("in_hand", _("Payment"), text % {"amount": _sum(in_hand)}, "info"))
    if paid := groups.get(PaymentState.PAID):
        days = sorted({payment.settled_on for payment in paid})
        text = _("%(day)s: %(amount)s RMB") % {"day": _days(days), "amount": _sum(paid)}
        if kept := sum((payment.set_off_rmb for payment in paid), Decimal(0)):
            # Nothing is netted silently: the award is paid in full, a part of it with what was owed.
            text = _("%(paid)s, %(kept)s RMB of it set off against a recovery order") % {
                "paid": text,
                "kept": f"{kept:,.2f}",
            }
        found.append(Step("paid", _("Paid"), text, "good", True))
    if failed := groups.get(PaymentState.FAILED):
        text = _("%(amount)s RMB came back: %(why)s. Enter the account anew; the payment follows.") % {
            "amount": _sum(failed),
            "why": _("; ").join(sorted({payment.failure for payment in failed})[:3]),
        }
        found.append(Step("failed", _("Payment failed"), text, "bad"))
    return found


def _sum(payments: Sequence[Payment]) -> str:
    return f"{sum((payment.amount_rmb for payment in payments), Decimal(0)):,.2f}"


def _days(days: list[date]) -> str:
    return day_text(days[0]) if len(days) == 1 else f"{day_text(days[0])} – {day_text(days[-1])}"
