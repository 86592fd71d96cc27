from django.db import models
from django.utils.translation import gettext_lazy as _


class BalanceKind(models.TextChoices):
    ALLOWANCE = "allowance", _("Yearly allowance of an enterprise")
    FUND = "fund", _("Yearly fund of a programme")


class EntryKind(models.TextChoices):
    GRANT = "grant", _("Granted")
    REVERSAL = "reversal", _("Reversed")
