from django.db import models
from django.utils.translation import gettext_lazy as _


class ProgrammeCode(models.TextChoices):
    OFFSHORE = "offshore", _("Offshore incentive")
    TRAINING = "training", _("Training subsidy")


class VersionStatus(models.TextChoices):
    """A draft is written; submitted, it is frozen for a second person; published, it is final but for its open end."""

    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Submitted for publication")
    PUBLISHED = "published", _("Published")
    DISCARDED = "discarded", _("Discarded")
