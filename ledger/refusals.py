class LimitExceeded(Exception):
    """The entry would grant more than the balance's limit (constraint ledger_balance_within_limit)."""


class FundRefused(Exception):
    """Money that cannot move so. `code` is stable; the message tells the person why and what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
