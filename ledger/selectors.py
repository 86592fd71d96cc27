from decimal import Decimal

from ledger.enums import BalanceKind
from ledger.models import Balance


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
