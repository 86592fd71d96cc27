from django.db import models
from django.utils.translation import gettext_lazy as _


class Event(models.TextChoices):
    """What a message is about; people choose for each how it reaches them by mail."""

    FILED = "filed", _("A claim was filed")
    PROGRESS = "progress", _("A step of the review is done")
    RETURNED = "returned", _("A claim was returned for correction")
    REMINDER = "reminder", _("The term for a correction ends soon")
    DECIDED = "decided", _("A claim was decided")
    PAID = "paid", _("A subsidy was paid")
    UNPAID = "unpaid", _("A payment failed")
    AFTER = "after", _("Public notice, objections and letters")
    RECHECK = "recheck", _("A check after payment, or money to pay back")
    CLOSED = "closed", _("A claim was withdrawn or lapsed")
    ORGANISATION = "organisation", _("Ownership is offered to you")
    QUEUE = "queue", _("Cases wait for your review")
    DESK = "desk", _("Objections and appeals wait for you")


#: What officials hear of, whoever's case it is.
FOR_OFFICIALS = (Event.QUEUE, Event.DESK)


class Delivery(models.TextChoices):
    NOW = "now", _("At once")
    DAILY = "daily", _("Once a day, together")
    NEVER = "never", _("Not by mail")


class MailKind(models.TextChoices):
    MESSAGE = "message", _("Message")
    DIGEST = "digest", _("Daily summary")
    INVITATION = "invitation", _("Invitation")


class MailState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Given up")
    DROPPED = "dropped", _("Not needed any more")


#: How a message reaches a person who has chosen nothing. Officials' queues come together, once a day.
DEFAULTS = {
    Event.FILED: Delivery.NOW,
    Event.PROGRESS: Delivery.DAILY,
    Event.RETURNED: Delivery.NOW,
    Event.REMINDER: Delivery.NOW,
    Event.DECIDED: Delivery.NOW,
    Event.PAID: Delivery.NOW,
    Event.UNPAID: Delivery.NOW,
    Event.AFTER: Delivery.NOW,
    Event.RECHECK: Delivery.NOW,
    Event.CLOSED: Delivery.DAILY,
    Event.ORGANISATION: Delivery.NOW,
    Event.QUEUE: Delivery.DAILY,
    Event.DESK: Delivery.DAILY,
}
