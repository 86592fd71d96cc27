from decimal import Decimal

from django.db.models import Count, Q, QuerySet, Sum

from accounts.scope import across
from ledger.enums import BalanceKind, ReservationState
from ledger.models import Balance, ReconcileRun, Reservation


def granted_in_year(*, organisation_id: int, programme: str, year: int) -> Decimal:
    """RMB granted to an organisation under a programme for a year."""
    granted = Balance.objects.filter(
        kind=BalanceKind.ALLOWANCE, organisation_id=organisation_id, programme=programme, year=year
    ).values_list("granted_rmb", flat=True)
    return granted.first() or Decimal("0.00")


def allowance_of_year(*, organisation_id: int, programme: str, year: int) -> Balance | None:
    """The balance of an organisation's year; None until its first grant opens it."""
    return Balance.objects.filter(
        kind=BalanceKind.ALLOWANCE, organisation_id=organisation_id, programme=programme, year=year
    ).first()


def reserved_keys() -> QuerySet:
    """Keys of awards with nothing of them in a queue and money still to be put into payments; for `key__in`."""
    return (
        Reservation.objects.values("key")
        .annotate(
            waits=Count("pk", filter=Q(state=ReservationState.WAITING)),
            free=Sum("reserved_rmb"),
        )
        .filter(waits=0, free__gt=0)
        .values("key")
    )


def waiting_keys() -> QuerySet:
    """Keys of awards of which some part waits for money; for `key__in`."""
    return Reservation.objects.filter(state=ReservationState.WAITING).values("key")


def place_of(key: str) -> list[Reservation]:
    """An award's parts, the city's first; empty for an award of 0.00."""
    parts = Reservation.objects.filter(key=key).select_related("balance").order_by("balance__division")
    with across("a fund is nobody's, so its rows are shown to no organisation; this award's parts are"):
        return list(parts)


def last_reconciliation() -> ReconcileRun | None:
    """The newest result of `manage.py reconcile`; None before the first."""
    return ReconcileRun.objects.first()
