from django.db import models
from django.utils.translation import gettext_lazy as _


class ServiceType(models.TextChoices):
    ITO = "ito", _("ITO · information technology")
    BPO = "bpo", _("BPO · business process")
    KPO = "kpo", _("KPO · knowledge process")
