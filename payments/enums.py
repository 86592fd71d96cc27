from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class AccountState(models.TextChoices):
    """How far an account has come; only a verified one is paid to."""

    ENTERED = "entered", _("Waits for a second person")
    CONFIRMED = "confirmed", _("Waits for the bureau")
    VERIFIED = "verified", _("Verified")
    REPLACED = "replaced", _("Replaced")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", pgettext_lazy("account", "Withdrawn")


OPEN_ACCOUNTS = (AccountState.ENTERED, AccountState.CONFIRMED)


class BatchState(models.TextChoices):
    DRAFT = "draft", pgettext_lazy("batch", "Draft")
    SUBMITTED = "submitted", _("Awaiting release")
    RELEASED = "released", _("Released, file ready")
    SENT = "sent", _("With the bank")
    SETTLED = "settled", _("Settled")
    CANCELLED = "cancelled", pgettext_lazy("batch", "Cancelled")


class PaymentState(models.TextChoices):
    PLANNED = "planned", _("Planned")
    IN_BATCH = "in_batch", _("In a batch")
    SENT = "sent", pgettext_lazy("payment", "With the bank")
    PAID = "paid", _("Paid")
    FAILED = "failed", pgettext_lazy("payment", "Failed")
    UNKNOWN = "unknown", _("Outcome unknown")
    CANCELLED = "cancelled", pgettext_lazy("payment", "Taken out")


#: What the bank can say of a payment.
OUTCOMES = (PaymentState.PAID, PaymentState.FAILED, PaymentState.UNKNOWN)
#: These leave the award line free for another payment.
ENDED_UNPAID = (PaymentState.FAILED, PaymentState.CANCELLED)


class FileFormat(models.TextChoices):
    XLSX = "xlsx", "XLSX"
    CSV = "csv", "CSV"


class PaymentEventKind(models.TextChoices):
    """What is told to the applicant."""

    PAID = "paid", _("Paid")
    FAILED = "failed", _("Payment failed: an account is needed")
    HEARING = "hearing", _("A check after payment: you may reply")
    CONCLUDED = "concluded", _("A check after payment is concluded")
    RECOVERY = "recovery", _("Money is to be paid back")
    DEBARRED = "debarred", _("Barred from subsidies")


class CheckCause(models.TextChoices):
    """Why paid money is looked at again."""

    SAMPLE = "sample", _("Drawn at random")
    REPORT = "report", _("After a report")
    AUDIT = "audit", _("After an audit")


class CheckState(models.TextChoices):
    OPEN = "open", pgettext_lazy("spot check", "To be looked at")
    HEARING = "hearing", _("Right of reply")
    CONCLUDED = "concluded", _("Concluded")


class Finding(models.TextChoices):
    IN_ORDER = "in_order", _("In order")
    IRREGULAR = "irregular", _("Not in order")


class Conclusion(models.TextChoices):
    """What the second person concludes from finding and reply."""

    IN_ORDER = "in_order", _("In order")
    NO_CONSEQUENCE = "no_consequence", _("Not in order, without consequence")
    RECOVER = "recover", _("Money is recovered")
    FRAUD = "fraud", _("Fraud: money is recovered, filing is barred")


class ProposalState(models.TextChoices):
    """Of what one person proposes and another decides."""

    PROPOSED = "proposed", _("Waits for a second person")
    CONFIRMED = "confirmed", pgettext_lazy("proposal", "In force")
    TURNED_DOWN = "turned_down", pgettext_lazy("proposal", "Turned down")


class PersonFileState(models.TextChoices):
    OPEN = "open", pgettext_lazy("file of a person", "Open")
    PROPOSED = "proposed", _("Waits for a second person")
    DECIDED = "decided", _("Decided")
