"""What a fund's page shows: its levels, what waits, what is coming, and every entry with the balance after it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Case as Choice
from django.db.models import Count, DecimalField, F, Sum, When
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from casework import charts
from casework.enums import IN_REVIEW
from casework.models import Case
from ledger.enums import BalanceKind, ChangeState, EntryKind, ReservationState
from ledger.levels import CITY, level_name
from ledger.models import Balance, Entry, FundChange, Reservation
from ledger.shares import city_percent, split
from policy.practice import practice

ZERO = Decimal("0.00")
#: Entries on one page, and places of a queue that are listed.
PAGE, MOST_WAITING = 100, 50
# What an entry does to what a level has left.
_LEFT = {
    EntryKind.BUDGET: 1,
    EntryKind.RESERVE: -1,
    EntryKind.RELEASE: 1,
    EntryKind.RECOVER: 1,
}
TONES = {
    ReservationState.WAITING: "warn",
    ReservationState.RESERVED: "info",
    ReservationState.COMMITTED: "info",
    ReservationState.PAID: "good",
    ReservationState.RECOVERED: "warn",
    ReservationState.RELEASED: "plain",
}


@dataclass
class Level:
    """One level of a fund, RMB; `balance` is None for a district that claims are coming to and that has no row yet."""

    division: str
    balance: Balance | None
    waiting_rmb: Decimal = ZERO
    waiting: int = 0
    open_rmb: Decimal = ZERO

    @property
    def name(self) -> str:
        return level_name(self.division)

    @property
    def left_rmb(self) -> Decimal:
        return self.balance.left_rmb if self.balance else ZERO

    @property
    def after_rmb(self) -> Decimal:
        """What would be left if whoever waits is served and every open claim approved as calculated."""
        return self.left_rmb - self.waiting_rmb - self.open_rmb

    @property
    def short_rmb(self) -> Decimal:
        return max(-self.after_rmb, ZERO)


@dataclass(frozen=True)
class Advice:
    tone: str
    text: str


@dataclass(frozen=True)
class Line:
    """An entry as the books list it: what moved, for which case, and what its level had left afterwards."""

    entry: Entry
    case: Case | None
    moves_rmb: Decimal
    left_rmb: Decimal


@dataclass(frozen=True)
class Place:
    """A place in a level's queue; `missing_rmb` until it is served, those before it included."""

    number: int
    part: Reservation
    case: Case | None
    missing_rmb: Decimal


@dataclass
class Books:
    """One page of a level's entries, newest first."""

    level: Level
    lines: list[Line] = field(default_factory=list)
    older: int | None = None


def levels_of(programme: str, year: int) -> list[Level]:
    """The city first, then every district that has money, a place or an open claim."""
    balances = Balance.objects.filter(kind=BalanceKind.FUND, programme=programme, year=year)
    found = {balance.division: Level(balance.division, balance) for balance in balances}
    found.setdefault(CITY, Level(CITY, None))
    waits = (
        Reservation.objects.filter(balance__in=balances, state=ReservationState.WAITING)
        .values("balance__division")
        .annotate(total=Sum("amount_rmb"), count=Count("pk"))
    )
    for row in waits:
        level = found[row["balance__division"]]
        level.waiting_rmb, level.waiting = row["total"], row["count"]
    coming = (
        Case.objects.filter(programme=programme, year=year, status__in=IN_REVIEW, amount_rmb__gt=0)
        .values("organisation__division")
        .annotate(total=Sum("amount_rmb"))
    )
    for row in coming:
        division = row["organisation__division"]
        percent = city_percent(programme=programme, year=year, division=division)
        for part, amount in split(amount_rmb=row["total"], percent=percent, division=division).items():
            found.setdefault(part, Level(part, None)).open_rmb += amount
    return [found[division] for division in sorted(found)]


def total_of(levels: Sequence[Level]) -> Level:
    """All levels as one, for the last row of the table."""
    sums = {
        name: sum((getattr(level.balance, name) for level in levels if level.balance), start=ZERO)
        for name in ("limit_rmb", "reserved_rmb", "committed_rmb", "paid_rmb", "recovered_rmb")
    }
    total = Level("", Balance(granted_rmb=ZERO, **sums))
    total.waiting_rmb = sum((level.waiting_rmb for level in levels), start=ZERO)
    total.waiting = sum(level.waiting for level in levels)
    total.open_rmb = sum((level.open_rmb for level in levels), start=ZERO)
    return total


def warnings_of(levels: Iterable[Level]) -> list[Advice]:
    """What an official should do something about, level by level."""
    nearly = practice("fund_warning_percent", timezone.localdate())
    found = []
    for level in levels:
        words = {
            "level": level.name,
            "count": level.waiting,
            "waiting": f"{level.waiting_rmb:,.2f}",
            "short": f"{level.short_rmb:,.2f}",
            "percent": nearly,
        }
        if level.waiting:
            text = ngettext(
                "%(level)s: %(count)d award waits for %(waiting)s RMB. It is served as soon as money comes in.",
                "%(level)s: %(count)d awards wait for %(waiting)s RMB. They are served in order as money comes in.",
                level.waiting,
            )
            found.append(Advice("error", text % words))
        elif level.short_rmb:
            text = _(
                "%(level)s will be short by %(short)s RMB if the open claims are approved as calculated."
            )
            found.append(Advice("warning", text % words))
        elif level.balance and level.balance.used_rmb * 100 >= level.balance.limit_rmb * nearly > 0:
            text = _("%(level)s: awards hold %(percent)d %% of the budget or more.")
            found.append(Advice("warning", text % words))
    return found


def chart_of(levels: Sequence[Level]) -> charts.Chart:
    """What became of each level's budget, and what is left of it."""
    shown = [level for level in levels if level.balance]
    series = [
        charts.Series(
            pgettext("fund", "Paid"),
            [level.balance.paid_rmb - level.balance.recovered_rmb for level in shown],
        ),
        charts.Series(pgettext("fund", "In payment"), [level.balance.committed_rmb for level in shown]),
        charts.Series(pgettext("fund", "Reserved"), [level.balance.reserved_rmb for level in shown]),
        charts.Series(pgettext("fund", "Left"), [level.left_rmb for level in shown]),
    ]
    left = sum((level.left_rmb for level in shown), start=ZERO)
    return charts.stacked(
        "fund",
        _("%(left)s RMB of the budget are left") % {"left": f"{left:,.2f}"},
        [level.name for level in shown],
        series,
        unit=_("RMB"),
        heading=_("Level"),
        words=lambda value: f"{value:,.2f}",
    )


def queue_of(level: Level) -> list[Place]:
    """Who waits at a level, next first."""
    if not level.balance or not level.waiting:
        return []
    waiting = level.balance.reservations.filter(state=ReservationState.WAITING)
    parts = list(waiting.order_by("pk")[:MOST_WAITING])
    cases = _cases_of(part.key for part in parts)
    places, needed = [], -level.left_rmb
    for number, part in enumerate(parts, 1):
        needed += part.amount_rmb
        places.append(Place(number, part, cases.get(part.key), needed))
    return places


def books_of(level: Level, before: int | None = None) -> Books:
    """A page of the level's entries, newest first, from the entry `before` on, with what was left after each."""
    books = Books(level)
    if not level.balance:
        return books
    entries = level.balance.entries.select_related("reservation", "change", "posted_by").order_by("-pk")
    left = level.left_rmb
    if before is not None:
        left -= _moved(level.balance.entries.filter(pk__gte=before))
        entries = entries.filter(pk__lt=before)
    rows = list(entries[: PAGE + 1])
    cases = _cases_of(entry.reservation.key for entry in rows if entry.reservation)
    for entry in rows[:PAGE]:
        moves = _LEFT.get(EntryKind(entry.kind), 0) * entry.amount_rmb
        case = cases.get(entry.reservation.key) if entry.reservation else None
        books.lines.append(Line(entry, case, moves, left))
        left -= moves
    books.older = books.lines[-1].entry.pk if len(rows) > PAGE else None
    return books


def changes_of(programme: str, year: int) -> list[FundChange]:
    """Every proposal of the fund, those that wait for a second person first."""
    found = FundChange.objects.filter(programme=programme, year=year)
    rows = found.select_related("proposed_by", "decided_by").order_by("-pk")
    return sorted(rows, key=lambda change: change.state != ChangeState.PROPOSED)


def _moved(entries) -> Decimal:
    signed = Choice(
        *(When(kind=kind, then=F("amount_rmb") * sign) for kind, sign in _LEFT.items()),
        default=ZERO,
        output_field=DecimalField(max_digits=18, decimal_places=2),
    )
    return entries.aggregate(total=Sum(signed))["total"] or ZERO


def _cases_of(keys: Iterable[str]) -> dict[str, Case]:
    """Cases by the keys of their awards."""
    numbers = {key: key.split(":")[1] for key in keys if key.startswith("award:")}
    found = Case.objects.filter(number__in=set(numbers.values())).select_related("organisation")
    by_number = {case.number: case for case in found}
    return {key: by_number[number] for key, number in numbers.items() if number in by_number}
