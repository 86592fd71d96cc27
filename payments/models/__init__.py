"""Accounts of payees, batches and payments, the treasury's files, the bank's results; what follows payment."""

from payments.models.accounts import PayeeAccount
from payments.models.batches import Batch, Series, TreasuryFile
from payments.models.debarment import Debarment
from payments.models.payments import Hold, Payment, PaymentEvent
from payments.models.persons import PersonFile, PersonSide
from payments.models.recovery import RecoveryOrder, Repayment, SetOff
from payments.models.results import BankAnswer, BankFile, BankLine
from payments.models.spot_checks import SampleDraw, SpotCheck

__all__ = [
    "BankAnswer",
    "BankFile",
    "BankLine",
    "Batch",
    "Debarment",
    "Hold",
    "PayeeAccount",
    "Payment",
    "PaymentEvent",
    "PersonFile",
    "PersonSide",
    "RecoveryOrder",
    "Repayment",
    "SampleDraw",
    "Series",
    "SetOff",
    "SpotCheck",
    "TreasuryFile",
]
