"""How an amount is split between the levels of a fund."""

from collections.abc import Sequence
from decimal import Decimal

from accounts.identifiers import is_nanchang
from ledger.enums import ChangeKind, ChangeState
from ledger.levels import CITY
from ledger.models import FundChange
from policy.rules.money import multiply, round_fen

ALL_OF_IT = Decimal(100)


def city_percent(*, programme: str, year: int, division: str) -> Decimal:
    """The city's share in percent of an award to a payee of this division, as decided last; 100 before any decision.

    A share decided for a district stands before the one for all districts. Who is registered at the city itself, or
    elsewhere, is paid by the city alone.
    """
    if division == CITY or not is_nanchang(division):
        return ALL_OF_IT
    decided = FundChange.objects.filter(
        kind=ChangeKind.SHARE,
        state=ChangeState.CONFIRMED,
        programme=programme,
        year=year,
        division__in=("", division),
    )
    # The district's own rule sorts before the empty division of the general one.
    last = decided.order_by("-division", "-decided_at", "-pk").values_list("city_percent", flat=True).first()
    return ALL_OF_IT if last is None else last


def split(*, amount_rmb: Decimal, percent: Decimal, division: str) -> dict[str, Decimal]:
    """The amount by level, RMB; the city's part is rounded once, the district has the rest.

    >>> split(amount_rmb=Decimal("100.01"), percent=Decimal(50), division="360102")
    {'360100': Decimal('50.01'), '360102': Decimal('50.00')}
    >>> split(amount_rmb=Decimal("100.01"), percent=Decimal(100), division="360102")
    {'360100': Decimal('100.01')}
    """
    city = round_fen(multiply(amount_rmb, percent / 100))
    parts = {CITY: city, division: amount_rmb - city} if division != CITY else {CITY: amount_rmb}
    return {level: part for level, part in parts.items() if part}


def part_of(total: Decimal, parts: Sequence[Decimal]) -> list[Decimal]:
    """`total`, the first so many RMB of an award, spread over its one or two parts.

    The first part is rounded, the second has the rest. As a function of `total` no part ever falls, and the whole
    award gives the whole parts, so steps taken as differences of it never lose or overdraw a fen.

    >>> part_of(Decimal("0.01"), [Decimal("60.00"), Decimal("40.00")])
    [Decimal('0.01'), Decimal('0.00')]
    >>> part_of(Decimal("100.00"), [Decimal("60.00"), Decimal("40.00")])
    [Decimal('60.00'), Decimal('40.00')]
    """
    if len(parts) == 1:
        return [total]
    first = round_fen(total * parts[0] / sum(parts))
    return [first, total - first]
