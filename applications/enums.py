from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class ServiceType(models.TextChoices):
    ITO = "ito", _("ITO · information technology")
    BPO = "bpo", _("BPO · business process")
    KPO = "kpo", _("KPO · knowledge process")


class ReturnState(models.TextChoices):
    """Where a business return stands."""

    DRAFT = "draft", _("Being written")
    FILED = "filed", pgettext_lazy("business return", "Filed")
    RETURNED = "returned", _("Asked back")
    ACCEPTED = "accepted", pgettext_lazy("business return", "Accepted")
