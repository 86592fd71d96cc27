"""The way of an award's money through the funds: reserve, commit, pay, recover; who waits is served in order.

Every verb is called inside the transaction of what causes it, after that one's own rows are locked: the funds' balances
are locked here (city before district), the audit stream after them. An award is named by `award_key`; `posting` names
what moves a part of it (`payment:NC2015-000123-4`, `recovery:12`) and is posted once for each verb.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from audit import services as audit
from ledger.enums import BalanceKind, EntryKind, ReservationState
from ledger.levels import CITY
from ledger.models import Balance, Entry, Reservation
from ledger.refusals import FundRefused
from ledger.shares import city_percent, part_of, split

ZERO = Decimal("0.00")


def award_key(number: str, award: int = 1) -> str:
    """The key of a case's award; `award` counts the awards of a case that was reopened."""
    return f"award:{number}" if award == 1 else f"award:{number}:{award}"


@dataclass(frozen=True)
class Move:
    """A part of an award that moves: the award's key, what moves it, RMB above zero."""

    key: str
    posting: str
    amount_rmb: Decimal


@transaction.atomic
def reserve(
    *, key: str, programme: str, year: int, division: str, amount_rmb: Decimal, user: User
) -> list[Reservation]:
    """Give an award its place in the fund of its programme's year, at once or in the queue; never less than all of it.

    `division` is the payee organisation's. The parts come back as they stand: `waiting` when a level lacks the money
    or has no budget yet. An award of 0.00 needs no place. Raises FundRefused `posted` for a key that has one.
    """
    if not amount_rmb:
        return []
    parts = split(
        amount_rmb=amount_rmb,
        percent=city_percent(programme=programme, year=year, division=division),
        division=division,
    )
    balances = locked(fund_balance(programme=programme, year=year, division=level) for level in parts)
    if Reservation.objects.filter(key=key).exists():
        raise FundRefused("posted", _("This award has its place in the fund already."))
    queued = Reservation.objects.bulk_create(
        Reservation(balance=balance, key=key, amount_rmb=parts[balance.division], queued_by=user)
        for balance in balances
    )
    serve(balances, user=user)
    placed = list(Reservation.objects.filter(pk__in=[part.pk for part in queued]).select_related("balance"))
    _record("fund.reserved", balances, user, {"key": key, "parts": _told(placed)})
    return placed


def commit(*, key: str, posting: str, amount_rmb: Decimal, user: User) -> None:
    """A part of a reserved award goes into a payment. Raises FundRefused as `move` says."""
    move(EntryKind.COMMIT, [Move(key, posting, amount_rmb)], user=user)


def uncommit(*, key: str, posting: str, amount_rmb: Decimal, user: User) -> None:
    """A payment definitely failed: its part is reserved again. Raises FundRefused as `move` says."""
    move(EntryKind.UNCOMMIT, [Move(key, posting, amount_rmb)], user=user)


def pay(*, key: str, posting: str, amount_rmb: Decimal, user: User) -> None:
    """The bank confirmed the payment. Raises FundRefused as `move` says."""
    move(EntryKind.PAY, [Move(key, posting, amount_rmb)], user=user)


def recover(*, key: str, posting: str, amount_rmb: Decimal, user: User) -> None:
    """Paid money came back: it is there again for who waits. Raises FundRefused as `move` says."""
    move(EntryKind.RECOVER, [Move(key, posting, amount_rmb)], user=user)


def release(*, key: str, posting: str, amount_rmb: Decimal, user: User) -> None:
    """A part of an award will not be paid: it is there again for who waits. Raises FundRefused as `move` says."""
    move(EntryKind.RELEASE, [Move(key, posting, amount_rmb)], user=user)


@transaction.atomic
def release_award(*, key: str, user: User) -> None:
    """Take back an award of which nothing was paid or is in payment. Raises FundRefused `in_payment`."""
    parts, balances = _locked_parts([key])
    if any(part.committed_rmb or part.paid_rmb for part in parts):
        raise FundRefused(
            "in_payment",
            _("Money of this award is in payment or paid. It can only be recovered, by a recovery order."),
        )
    for part in parts:
        if part.state == ReservationState.WAITING:
            _post(part, EntryKind.CANCEL, part.amount_rmb, key, user)
        elif part.reserved_rmb:
            _post(part, EntryKind.RELEASE, part.reserved_rmb, key, user)
    if parts:
        serve(balances, user=user)
        _record("fund.award_released", balances, user, {"key": key, "parts": _told(parts)})


@transaction.atomic
def move(kind: EntryKind, moves: Sequence[Move], *, user: User) -> None:
    """Move parts of many awards at once, all of them or none: `commit`, `uncommit`, `pay`, `recover` or `release`.

    Raises FundRefused, its message naming the award: `unknown` (no place in a fund), `waiting` (not reserved yet),
    `too_much` (more than is there to move), `posted` (this posting was made before), `amount` (not above zero).
    """
    parts, balances = _locked_parts({item.key for item in moves})
    by_key: dict[str, list[Reservation]] = {}
    for part in parts:
        by_key.setdefault(part.key, []).append(part)
    known = set(
        Entry.objects.filter(
            balance__in=balances, kind=kind, key__in={item.posting for item in moves}
        ).values_list("reservation__key", "key")
    )
    entries: list[Entry] = []
    for item in moves:
        if (item.key, item.posting) in known:
            raise FundRefused("posted", _("%(posting)s is in the fund's books already.") % vars(item))
        known.add((item.key, item.posting))
        entries += _entries_of(kind, item, by_key.get(item.key, []), user)
    Entry.objects.bulk_create(entries)
    if kind in (EntryKind.RECOVER, EntryKind.RELEASE):
        serve(balances, user=user)
    told = [[item.key, item.posting, item.amount_rmb] for item in moves]
    _record(f"fund.{kind}", balances, user, {"moves": told})


def _entries_of(kind: EntryKind, item: Move, parts: Sequence[Reservation], user: User) -> list[Entry]:
    """The entries of one move, one for each level, and the parts as they will stand after them."""
    if item.amount_rmb <= 0:
        raise FundRefused("amount", _("%(key)s: an amount that moves is above zero.") % vars(item))
    if not parts:
        raise FundRefused("unknown", _("%(key)s has no place in a fund.") % vars(item))
    if any(part.state == ReservationState.WAITING for part in parts):
        raise FundRefused("waiting", _("%(key)s still waits for money of the fund.") % vars(item))
    before, after = _span(kind, item, parts)
    whole = [part.amount_rmb for part in parts]
    steps = [abs(new - old) for old, new in zip(part_of(before, whole), part_of(after, whole), strict=True)]
    for part, step in zip(parts, steps, strict=True):
        for column, sign in _EFFECTS[kind]:
            setattr(part, column, getattr(part, column) + sign * step)
    return [
        Entry(
            balance_id=part.balance_id,
            reservation=part,
            kind=kind,
            amount_rmb=step,
            key=item.posting,
            posted_by=user,
        )
        for part, step in zip(parts, steps, strict=True)
    ]


# What the entry's trigger does, for the next move of the same award within one call.
_EFFECTS: dict[EntryKind, list[tuple[str, int]]] = {
    EntryKind.COMMIT: [("reserved_rmb", -1), ("committed_rmb", 1)],
    EntryKind.UNCOMMIT: [("committed_rmb", -1), ("reserved_rmb", 1)],
    EntryKind.PAY: [("committed_rmb", -1), ("paid_rmb", 1)],
    EntryKind.RECOVER: [("recovered_rmb", 1)],
    EntryKind.RELEASE: [("reserved_rmb", -1), ("released_rmb", 1)],
}


def _span(kind: EntryKind, item: Move, parts: Sequence[Reservation]) -> tuple[Decimal, Decimal]:
    """From where to where the award's money moves, counted from its first fen.

    Payments take an award from its first fen upward, releases from its last fen downward; so the levels' parts of
    both always add up to the reservations, whatever was rounded on the way.
    """

    def total(*columns: str) -> Decimal:
        return sum((getattr(part, column) for part in parts for column in columns), start=ZERO)

    amount = item.amount_rmb
    paid = total("paid_rmb")
    committed = paid + total("committed_rmb")
    kept = committed + total("reserved_rmb")
    recovered = total("recovered_rmb")
    before, after, within = {
        EntryKind.COMMIT: (committed, committed + amount, committed + amount <= kept),
        EntryKind.UNCOMMIT: (committed, committed - amount, committed - amount >= paid),
        EntryKind.PAY: (paid, paid + amount, paid + amount <= committed),
        EntryKind.RECOVER: (recovered, recovered + amount, recovered + amount <= paid),
        EntryKind.RELEASE: (kept, kept - amount, kept - amount >= committed),
    }[kind]
    if not within:
        raise FundRefused(
            "too_much", _("%(key)s: %(amount_rmb)s RMB is more than there is to move.") % vars(item)
        )
    return before, after


def fund_balance(*, programme: str, year: int, division: str = CITY) -> Balance:
    """One level of a fund, opened with nothing in it the first time."""
    key = {
        "kind": BalanceKind.FUND,
        "programme": programme,
        "year": year,
        "organisation": None,
        "division": division,
    }
    if (found := Balance.objects.filter(**_lookup(key)).first()) is None:
        Balance.objects.bulk_create([Balance(**key, limit_rmb=ZERO)], ignore_conflicts=True)
        found = Balance.objects.get(**_lookup(key))
    return found


def _lookup(key: dict) -> dict:
    return {name: value for name, value in key.items() if name != "organisation"} | {
        "organisation__isnull": True
    }


def locked(balances: Iterable[Balance]) -> list[Balance]:
    """The balances, locked: the city's level first, then by division."""
    rows = Balance.objects.select_for_update(of=("self",)).filter(pk__in=[balance.pk for balance in balances])
    return list(rows.order_by("programme", "year", "division"))


#: The queue's first parts that fit, in its order, as one statement. When the first does not fit, no other is looked at.
_SERVE = """
INSERT INTO ledger_entry (balance_id, reservation_id, kind, amount_rmb, key, posted_by_id)
SELECT balance_id, id, 'reserve', amount_rmb, key, %(user)s
FROM (
    SELECT r.*, sum(r.amount_rmb) OVER (ORDER BY r.id) AS so_far FROM ledger_reservation r
    WHERE r.balance_id = %(balance)s AND r.state = 'waiting' AND %(left)s >= (
        SELECT amount_rmb FROM ledger_reservation
        WHERE balance_id = %(balance)s AND state = 'waiting' ORDER BY id LIMIT 1
    )
) queue
WHERE so_far <= %(left)s
ORDER BY id
"""


def serve(balances: Iterable[Balance], *, user: User) -> None:
    """Reserve for who waits, in the queue's order, until the first whose part is not there. Balances are locked."""
    for balance in balances:
        balance.refresh_from_db()
        with connection.cursor() as cursor:
            cursor.execute(_SERVE, {"balance": balance.pk, "left": balance.left_rmb, "user": user.pk})


def _post(part: Reservation, kind: EntryKind, amount_rmb: Decimal, key: str, user: User) -> Entry:
    return Entry.objects.create(
        balance_id=part.balance_id,
        reservation=part,
        kind=kind,
        amount_rmb=amount_rmb,
        key=key,
        posted_by=user,
    )


def _locked_parts(keys: Iterable[str]) -> tuple[list[Reservation], list[Balance]]:
    """The parts of these awards (the city's first) with their balances locked, so that both hold still."""
    parts = Reservation.objects.filter(key__in=set(keys))
    balances = locked(Balance.objects.filter(pk__in=parts.values("balance")).only("pk"))
    return list(parts.select_related("balance").order_by("key", "balance__division")), balances


def _told(parts: Iterable[Reservation]) -> list[list]:
    return [[part.balance.division, part.amount_rmb, part.state] for part in parts]


def _record(action: str, balances: Sequence[Balance], user: User, data: dict) -> None:
    """Into the stream of the first balance, which is locked: writers of one fund come one after the other anyway."""
    if balances:
        audit.record(actor=user, action=action, obj=balances[0], data=data)
