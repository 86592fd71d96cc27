from django.db import models
from django.utils.translation import gettext_lazy as _


class ProgrammeCode(models.TextChoices):
    OFFSHORE = "offshore", _("Offshore incentive")
    TRAINING = "training", _("Training subsidy")


class VersionStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    PUBLISHED = "published", _("Published")
