"""Post money entries to allowances, and take an award back. The database refuses what would pass a limit."""

from contextlib import contextmanager, nullcontext
from decimal import Decimal

from django.db import IntegrityError, connection, transaction

from accounts.models import Organisation, User
from audit import services as audit
from ledger import funds
from ledger.enums import BalanceKind, EntryKind
from ledger.models import Balance, Entry
from ledger.refusals import FundRefused, LimitExceeded

__all__ = ["FundRefused", "LimitExceeded", "allowance", "grant", "reverse"]


@contextmanager
def _refusals_named():
    try:
        yield
    except IntegrityError as error:
        if "ledger_balance_within_limit" in str(error):
            raise LimitExceeded from error
        raise


def allowance(*, organisation: Organisation, programme: str, year: int, limit_rmb: Decimal) -> Balance:
    """The balance of an enterprise's year, opened with `limit_rmb` the first time."""
    key = {"kind": BalanceKind.ALLOWANCE, "programme": programme, "year": year, "organisation": organisation}
    Balance.objects.bulk_create([Balance(**key, limit_rmb=limit_rmb)], ignore_conflicts=True)
    return Balance.objects.get(**key)


#: As plain as it can be: others may wait for the balance.
_GRANT = """
INSERT INTO ledger_entry (balance_id, kind, amount_rmb, key, posted_by_id) VALUES (%s, 'grant', %s, %s, %s)
"""


def grant(*, balance: Balance, amount_rmb: Decimal, key: str, user: User) -> None:
    """Post a grant. Raises LimitExceeded, and nothing is posted; IntegrityError when `key` was posted before.

    The post is one statement, with its triggers. Outside a transaction it is one by itself, so that the balance is
    locked for no round trip; inside one, a refusal leaves the caller's transaction usable.
    """
    guard = transaction.atomic() if connection.in_atomic_block else nullcontext()
    with _refusals_named(), guard, connection.cursor() as cursor:
        cursor.execute(_GRANT, [balance.pk, amount_rmb, key, user.pk])


@transaction.atomic
def reverse(*, key: str, user: User) -> None:
    """Take an award back: the year's allowance and the fund's money are free again, the entries stay beside new ones.

    Called in the transaction that reverses the award, with organisation and case locked. Raises FundRefused
    `in_payment` when money of it is in payment or paid, IntegrityError when it was reversed before. The next award of
    the same case needs a key of its own (`funds.award_key`).
    """
    grants = list(Entry.objects.filter(kind=EntryKind.GRANT, key=key).select_related("balance"))
    list(
        Balance.objects.select_for_update(of=("self",))
        .filter(pk__in=[entry.balance_id for entry in grants])
        .order_by("pk")
    )
    for entry in grants:
        Entry.objects.create(
            balance=entry.balance,
            kind=EntryKind.REVERSAL,
            amount_rmb=-entry.amount_rmb,
            key=key,
            posted_by=user,
        )
        audit.record(
            actor=user,
            action="allowance.reversed",
            obj=entry.balance,
            data={"key": key, "amount_rmb": entry.amount_rmb},
        )
    funds.release_award(key=key, user=user)
