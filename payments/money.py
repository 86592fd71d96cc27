"""What a payment means for the fund: committed at the release, paid on the bank's word, reserved again on a failure."""

from collections.abc import Iterable

from accounts.models import User
from casework.transitions import Refused
from ledger import funds
from ledger.enums import EntryKind
from ledger.refusals import FundRefused
from payments.models import Payment


def commit(payments: Iterable[Payment], *, user: User) -> None:
    """Raises Refused when the fund has no money reserved for one of them."""
    _move(EntryKind.COMMIT, payments, user)


def pay(payments: Iterable[Payment], *, user: User) -> None:
    _move(EntryKind.PAY, payments, user)


def uncommit(payments: Iterable[Payment], *, user: User) -> None:
    """The money of failed payments is reserved again: a follow-up commits it anew under its own number."""
    _move(EntryKind.UNCOMMIT, payments, user)


def _move(kind: EntryKind, payments: Iterable[Payment], user: User) -> None:
    """Payments come with `award_line__award__case`."""
    moves = [
        funds.Move(payment.award_line.award.key, f"payment:{payment.number}", payment.amount_rmb)
        for payment in payments
    ]
    if not moves:
        return
    try:
        funds.move(kind, moves, user=user)
    except FundRefused as refusal:
        raise Refused(f"fund_{refusal.code}", refusal.message) from refusal
