"""What a payment means for the fund: committed at the release, paid on the bank's word, reserved again on a failure;
and what came back.
"""

from collections.abc import Iterable, Sequence

from accounts.models import User
from casework.transitions import Refused
from ledger import funds
from ledger.enums import EntryKind
from ledger.refusals import FundRefused
from payments.models import Payment, Repayment, SetOff

_ORDERED = ("order__payment__award_line__award__case",)


def commit(payments: Iterable[Payment], *, user: User) -> None:
    """Raises Refused when the fund has no money reserved for one of them."""
    _move(EntryKind.COMMIT, payments, user)


def pay(payments: Iterable[Payment], *, user: User) -> None:
    _move(EntryKind.PAY, payments, user)


def uncommit(payments: Iterable[Payment], *, user: User) -> None:
    """The money of failed payments is reserved again: a follow-up commits it anew under its own number."""
    _move(EntryKind.UNCOMMIT, payments, user)


def recover_set_offs(payments: Sequence[Payment], *, user: User) -> None:
    """What paid payments set off came back to the awards of the orders."""
    parts = SetOff.objects.filter(payment__in=payments).select_related(*_ORDERED).order_by("pk")
    _post(EntryKind.RECOVER, [_came_back(part, f"set-off:{part.pk}") for part in parts], user)


def recover(repayment: Repayment, *, user: User) -> None:
    """A repayment came in. Raises Refused."""
    _post(EntryKind.RECOVER, [_came_back(repayment, f"repayment:{repayment.pk}")], user)


def _came_back(part: SetOff | Repayment, posting: str) -> funds.Move:
    return funds.Move(part.order.payment.award_line.award.key, posting, part.amount_rmb)


def _move(kind: EntryKind, payments: Iterable[Payment], user: User) -> None:
    """Payments come with `award_line__award__case`."""
    moves = [
        funds.Move(payment.award_line.award.key, f"payment:{payment.number}", payment.amount_rmb)
        for payment in payments
    ]
    _post(kind, moves, user)


def _post(kind: EntryKind, moves: Sequence[funds.Move], user: User) -> None:
    if not moves:
        return
    try:
        funds.move(kind, moves, user=user)
    except FundRefused as refusal:
        raise Refused(f"fund_{refusal.code}", refusal.message) from refusal
