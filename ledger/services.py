"""Post money entries. The database refuses what would pass a limit."""

from contextlib import contextmanager
from decimal import Decimal

from django.db import IntegrityError, transaction

from accounts.models import Organisation, User
from ledger.enums import BalanceKind, EntryKind
from ledger.models import Balance, Entry


class LimitExceeded(Exception):
    """The entry would grant more than the balance's limit (constraint ledger_balance_within_limit)."""


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


@transaction.atomic
def grant(*, balance: Balance, amount_rmb: Decimal, key: str, user: User) -> Entry:
    """Post a grant. Raises LimitExceeded, and nothing is posted; IntegrityError when `key` was posted before."""
    with _refusals_named(), transaction.atomic():
        return Entry.objects.create(
            balance=balance, kind=EntryKind.GRANT, amount_rmb=amount_rmb, key=key, posted_by=user
        )
