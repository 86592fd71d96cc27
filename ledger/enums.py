from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class BalanceKind(models.TextChoices):
    ALLOWANCE = "allowance", _("Yearly allowance of an enterprise")
    FUND = "fund", _("Yearly fund of a programme")


class EntryKind(models.TextChoices):
    """What an entry does. The first two move an allowance, the others a fund (trigger `moves_balance`)."""

    GRANT = "grant", _("Granted")
    REVERSAL = "reversal", _("Reversed")
    BUDGET = "budget", _("Budget brought in")
    RESERVE = "reserve", pgettext_lazy("ledger entry", "Reserved")
    RELEASE = "release", pgettext_lazy("ledger entry", "Released")
    CANCEL = "cancel", pgettext_lazy("ledger entry", "Left the queue")
    COMMIT = "commit", pgettext_lazy("ledger entry", "Committed to a payment")
    UNCOMMIT = "uncommit", pgettext_lazy("ledger entry", "Back to reserved")
    PAY = "pay", pgettext_lazy("ledger entry", "Paid")
    RECOVER = "recover", pgettext_lazy("ledger entry", "Recovered")


ALLOWANCE_KINDS = (EntryKind.GRANT, EntryKind.REVERSAL)
RESERVATION_KINDS = (
    EntryKind.RESERVE,
    EntryKind.RELEASE,
    EntryKind.CANCEL,
    EntryKind.COMMIT,
    EntryKind.UNCOMMIT,
    EntryKind.PAY,
    EntryKind.RECOVER,
)


class ReservationState(models.TextChoices):
    """Follows from a reservation's amounts (a generated column), so it cannot contradict them."""

    WAITING = "waiting", pgettext_lazy("reservation", "Waiting for money")
    RESERVED = "reserved", pgettext_lazy("reservation", "Reserved")
    COMMITTED = "committed", pgettext_lazy("reservation", "In payment")
    PAID = "paid", pgettext_lazy("reservation", "Paid")
    RECOVERED = "recovered", pgettext_lazy("reservation", "Recovered")
    RELEASED = "released", pgettext_lazy("reservation", "Released")


class ChangeKind(models.TextChoices):
    BUDGET = "budget", _("Budget")
    SHARE = "share", _("Share of the city")


class ChangeState(models.TextChoices):
    PROPOSED = "proposed", pgettext_lazy("fund change", "Proposed")
    CONFIRMED = "confirmed", pgettext_lazy("fund change", "Confirmed")
    TURNED_DOWN = "turned_down", pgettext_lazy("fund change", "Turned down")
