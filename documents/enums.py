from django.db import models
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    """Where a file stands between its upload and its use."""

    QUARANTINED = "quarantined", _("Being checked")
    CLEAN = "clean", _("Checked")
    REFUSED = "refused", _("Refused")


class SubjectKind(models.TextChoices):
    """What a paper belongs to."""

    CLAIM = "claim", _("Claim")
    CONTRACT = "contract", _("Contract")
    RECEIPT = "receipt", _("Receipt")
    CLASS = "class", _("Class")
    ENROLMENT = "enrolment", _("Enrolment")
    TRAINEE = "trainee", _("Trainee")
