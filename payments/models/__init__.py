"""Accounts of payees, batches and their payments, the treasury's files and the bank's results."""

from payments.models.accounts import PayeeAccount
from payments.models.batches import Batch, Series, TreasuryFile
from payments.models.payments import Hold, Payment, PaymentEvent
from payments.models.results import BankAnswer, BankFile, BankLine

__all__ = [
    "BankAnswer",
    "BankFile",
    "BankLine",
    "Batch",
    "Hold",
    "PayeeAccount",
    "Payment",
    "PaymentEvent",
    "Series",
    "TreasuryFile",
]
