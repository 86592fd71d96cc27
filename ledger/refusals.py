from accounts.refusals import Refusal


class LimitExceeded(Exception):
    """The entry would grant more than the balance's limit (constraint ledger_balance_within_limit)."""


class FundRefused(Refusal):
    """Money that cannot move so."""
