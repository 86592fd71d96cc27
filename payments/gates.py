"""What keeps an award line from being paid now: one gate a reason, asked for many lines at once.

A gate is a function of lines to the hindrances of some of them by the line's id; it asks the database a fixed number of
times, however many lines there are. Rooms above register theirs (`register`); the database refuses the same by itself.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from casework.enums import Status
from casework.models import AwardLine
from ledger.enums import ReservationState
from ledger.models import Reservation
from notices.enums import Clearance
from notices.selectors import award_clearance
from payments.enums import PaymentState, PersonFileState, ProposalState
from payments.models import Debarment, Hold, PayeeAccount, Payment, PersonFile
from payments.payees import key_of


@dataclass(frozen=True)
class Hindrance:
    """Why a line will not go. `code` is stable."""

    code: str
    message: str


Gate = Callable[[Sequence[AwardLine]], Mapping[int, Hindrance]]
_gates: dict[str, Gate] = {}


def register(code: str, gate: Gate) -> None:
    _gates[code] = gate


@dataclass(frozen=True)
class Prospect:
    """An award line, the account it would go to, the failed payment it would follow, and what hinders it."""

    line: AwardLine
    account: PayeeAccount | None
    follows: Payment | None
    hindrances: tuple[Hindrance, ...] = ()


def prospects(lines: Sequence[AwardLine]) -> list[Prospect]:
    """One for each line, in the given order. Lines come with `award__case__organisation`."""
    accounts, failed = _accounts(lines), _failed(lines)
    judged: dict[int, list[Hindrance]] = {}
    own = (_award, _noticed, _funded, _in_force, _on_hold, _debarred, _person_undecided)
    for gate in (*own, *_gates.values()):
        for line_id, hindrance in gate(lines).items():
            judged.setdefault(line_id, []).append(hindrance)
    found = []
    for line in lines:
        account = accounts.get((line.award.case.organisation_id, key_of(line)))
        hindrances = [*judged.get(line.pk, ()), *_account(account, failed.get(line.pk))]
        found.append(Prospect(line, account, failed.get(line.pk), tuple(hindrances)))
    return found


def _accounts(lines: Sequence[AwardLine]) -> dict[tuple[int, str], PayeeAccount]:
    organisations = {line.award.case.organisation_id for line in lines}
    keys = {key_of(line) for line in lines}
    verified = PayeeAccount.objects.filter(
        organisation__in=organisations, person_key__in=keys, state="verified"
    )
    return {(account.organisation_id, account.person_key): account for account in verified}


def _failed(lines: Sequence[AwardLine]) -> dict[int, Payment]:
    """The last failed payment of each line that has one."""
    failed = Payment.objects.filter(award_line__in=lines, state=PaymentState.FAILED).order_by("id")
    return {payment.award_line_id: payment for payment in failed}


def _account(account: PayeeAccount | None, failed: Payment | None) -> list[Hindrance]:
    if account is None:
        return [Hindrance("account_missing", _("The payee has no verified account."))]
    if failed is not None and failed.account_id == account.pk:
        message = _("The payment to this account failed; the payee has to enter and confirm an account anew.")
        return [Hindrance("account_failed", message)]
    return []


def _award(lines: Sequence[AwardLine]) -> dict[int, Hindrance]:
    found = {}
    for line in lines:
        if line.award.case.status != Status.APPROVED or line.reversed_at is not None:
            found[line.pk] = Hindrance("not_awarded", _("This award does not stand any more."))
        elif not line.amount_rmb:
            found[line.pk] = Hindrance("nothing", _("There is nothing to pay."))
    return found


def _noticed(lines: Sequence[AwardLine]) -> dict[int, Hindrance]:
    said = award_clearance({line.award_id for line in lines})
    return {
        line.pk: Hindrance(said[line.award_id], str(said[line.award_id].label))
        for line in lines
        if said[line.award_id] != Clearance.CLEARED
    }


def _funded(lines: Sequence[AwardLine]) -> dict[int, Hindrance]:
    keys = {line.award.key for line in lines}
    places = Reservation.objects.filter(key__in=keys).values_list("key", "state")
    waiting = keys - {key for key, _state in places} | {
        key for key, state in places if state == ReservationState.WAITING
    }
    return {
        line.pk: Hindrance("fund_waiting", _("The award waits for money of the fund."))
        for line in lines
        if line.award.key in waiting and line.amount_rmb
    }


def _in_force(lines: Sequence[AwardLine]) -> dict[int, Hindrance]:
    payments = Payment.objects.in_force().filter(award_line__in=lines).select_related("batch")
    return {
        payment.award_line_id: Hindrance(
            "in_force",
            _("Payment %(number)s in batch %(batch)s: %(state)s.")
            % {
                "number": payment.number,
                "batch": payment.batch.number,
                "state": payment.get_state_display(),
            },
        )
        for payment in payments
    }


def _on_hold(lines: Sequence[AwardLine]) -> dict[int, Hindrance]:
    cases = {line.award.case_id for line in lines}
    held = dict(Hold.objects.filter(case__in=cases, lifted_at__isnull=True).values_list("case_id", "reason"))
    return {
        line.pk: Hindrance("held", _("On hold: %(reason)s") % {"reason": held[line.award.case_id]})
        for line in lines
        if line.award.case_id in held
    }


def _debarred(lines: Sequence[AwardLine]) -> dict[int, Hindrance]:
    today = timezone.localdate()
    barred = dict(
        Debarment.objects.filter(
            organisation__in={line.award.case.organisation_id for line in lines},
            state=ProposalState.CONFIRMED,
            from_on__lte=today,
            until_on__gte=today,
        ).values_list("organisation_id", "until_on")
    )
    return {
        line.pk: Hindrance(
            "debarred",
            _("Barred from subsidies until %(day)s.") % {"day": barred[line.award.case.organisation_id]},
        )
        for line in lines
        if line.award.case.organisation_id in barred
    }


def _person_undecided(lines: Sequence[AwardLine]) -> dict[int, Hindrance]:
    """Two organisations registered one person: nothing is paid for them before two officials decided."""
    files = {
        file.person_key: file
        for file in PersonFile.objects.filter(person_key__in={line.person_key for line in lines} - {""})
    }
    found = {}
    for line in lines:
        file = files.get(line.person_key)
        if file is None:
            continue
        if file.state != PersonFileState.DECIDED:
            message = _("Two institutions registered this person; which of them stands is not decided.")
            found[line.pk] = Hindrance("person_file", message)
        elif file.stands_id not in (None, line.award.case.organisation_id):
            message = _("Another institution's registration of this person stands.")
            found[line.pk] = Hindrance("person_elsewhere", message)
    return found
