"""Recompute from the rows what stands in balances, awards and payments, and name each difference.

A room registers its checks when it starts (`register`): each is SQL or a function of its own, independent of the code
that wrote the rows, and yields what differs. All of them read one snapshot of the database, so work that goes on
meanwhile makes no difference.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice

from django.db import connection, transaction
from django.utils import timezone
from django.utils.functional import Promise

from ledger.models import ReconcileRun

#: Differences that are kept by name; beyond them only their number.
MOST = 1000


@dataclass(frozen=True)
class Difference:
    """What a check found: about what, what the rows say it should be, what stands there."""

    check: str
    subject: str
    expected: str
    found: str


@dataclass(frozen=True)
class Check:
    """`find` yields (subject, expected, found); `code` is stable, `label` says to an official what is compared."""

    code: str
    label: str | Promise
    find: Callable[[], Iterable[tuple]]


_checks: dict[str, Check] = {}


def register(*checks: Check) -> None:
    for check in checks:
        _checks[check.code] = check


def registered() -> list[Check]:
    return list(_checks.values())


def label_of(code: str) -> str:
    """A check in words; its code when no room brings it any more."""
    return str(_checks[code].label) if code in _checks else code


def query(sql: str) -> Callable[[], Iterator[tuple]]:
    """A check's `find` from SQL that selects (subject, expected, found)."""

    def find() -> Iterator[tuple]:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            yield from cursor.fetchall()

    return find


def differences() -> Iterator[Difference]:
    """Every difference, check by check."""
    for check in registered():
        for subject, expected, found in check.find():
            yield Difference(check.code, str(subject), _text(expected), _text(found))


def reconcile() -> ReconcileRun:
    """Run every check on one snapshot and keep the result."""
    started = timezone.now()
    with transaction.atomic():
        if len(connection.savepoint_ids) == 0:
            # Within a caller's transaction its own snapshot counts.
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                cursor.execute("SET LOCAL statement_timeout = 0")
        found = differences()
        named = [asdict(item) for item in islice(found, MOST)]
        count = len(named) + sum(1 for _more in found)
    return ReconcileRun.objects.create(
        started_at=started,
        finished_at=timezone.now(),
        checks=len(_checks),
        count=count,
        differences=named,
    )


def _text(value: object) -> str:
    return "-" if value is None else str(value)
