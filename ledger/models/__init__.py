"""Money that was granted and money that is there: entries, the balances they move, and who decided them."""

from ledger.models.balances import Balance, Entry
from ledger.models.changes import FundChange
from ledger.models.funds import Fund, Reservation
from ledger.models.reconciling import ReconcileRun

__all__ = ["Balance", "Entry", "Fund", "FundChange", "ReconcileRun", "Reservation"]
