from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class NoticeState(models.TextChoices):
    """Whether a published notice still runs follows from its last day, not from its state."""

    DRAFT = "draft", pgettext_lazy("public notice", "Draft")
    PUBLISHED = "published", pgettext_lazy("public notice", "Published")
    WITHDRAWN = "withdrawn", pgettext_lazy("public notice", "Withdrawn")


class Clearance(models.TextChoices):
    """What the notice says of paying an award; the codes of the function `notices_award_clearance`."""

    CLEARED = "cleared", _("The notice has ended without objection")
    NOT_NOTICED = "not_noticed", _("Not on a published notice yet")
    RUNNING = "running", _("The notice still runs")
    OBJECTION_OPEN = "objection_open", _("An objection is open")
    UPHELD = "upheld", _("An objection was upheld; the case is to be reopened")
    REOPENING = "reopening", _("Reopening the case is proposed")
    REVERSED = "reversed", _("The award was reversed")


class ObjectionKind(models.TextChoices):
    OBJECTION = "objection", _("Objection to a public notice")
    APPEAL = "appeal", _("Appeal of the applicant")


class ObjectionState(models.TextChoices):
    RECEIVED = "received", pgettext_lazy("objection", "Received")
    EXAMINED = "examined", pgettext_lazy("objection", "Examined, awaiting the answer")
    ANSWERED = "answered", pgettext_lazy("objection", "Answered")


class Finding(models.TextChoices):
    """What became of an objection or appeal."""

    UPHELD = "upheld", _("Upheld")
    PARTLY = "partly", _("Upheld in part")
    DISMISSED = "dismissed", _("Dismissed")


class LetterKind(models.TextChoices):
    AWARD = "award", _("Award letter")
    REJECTION = "rejection", _("Rejection letter")
    RECOVERY = "recovery", _("Recovery order")


class LetterState(models.TextChoices):
    """State of the drawing; what the letter says is fixed from the first moment."""

    QUEUED = "queued", pgettext_lazy("letter", "Being drawn")
    MADE = "made", pgettext_lazy("letter", "Ready")
    FAILED = "failed", pgettext_lazy("letter", "Could not be drawn")
