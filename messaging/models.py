"""Messages in the inbox, what people chose to get by mail, and the mails on their way."""

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Handover, Invitation, Membership, User
from casework.enums import Stage
from casework.models import Case, CaseEvent, Transition
from messaging.enums import FOR_OFFICIALS, Delivery, Event, MailKind, MailState
from payments.models import PaymentEvent

_user = settings.AUTH_USER_MODEL


class MessageQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "MessageQuerySet":
        """A person's own messages; those about a case only while they act for its organisation."""
        if not user.is_authenticated:
            return self.none()
        acts = Membership.objects.filter(user=user, organisation=OuterRef("case__organisation"))
        return self.filter(recipient=user).filter(
            Q(case__isnull=True) | Q(event__in=FOR_OFFICIALS) | Exists(acts)
        )


SOURCES = ("transition", "case_event", "payment_event", "handover")


def _one_source() -> Q:
    """Exactly one of the sources is named."""
    found = Q()
    for source in SOURCES:
        found |= Q(**{f"{name}__isnull": name != source for name in SOURCES})
    return found


class Message(models.Model):
    """One thing that a person should know. It holds no text: the reader's language makes it."""

    recipient = models.ForeignKey(_user, on_delete=models.CASCADE, related_name="+")
    event = models.CharField(_("about"), max_length=12, choices=Event)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, null=True, related_name="+")
    stage = models.CharField(_("stage"), max_length=10, choices=Stage, blank=True)
    transition = models.ForeignKey(Transition, on_delete=models.CASCADE, null=True, related_name="+")
    case_event = models.ForeignKey(CaseEvent, on_delete=models.CASCADE, null=True, related_name="+")
    payment_event = models.ForeignKey(PaymentEvent, on_delete=models.CASCADE, null=True, related_name="+")
    handover = models.ForeignKey(Handover, on_delete=models.CASCADE, null=True, related_name="+")
    delivery = models.CharField(_("by mail"), max_length=6, choices=Delivery)
    digest = models.ForeignKey("Mail", on_delete=models.SET_NULL, null=True, related_name="messages")
    created_at = models.DateTimeField(_("at"), db_default=Now())
    read_at = models.DateTimeField(_("read"), null=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["transition", "recipient", "event"],
                condition=Q(transition__isnull=False),
                name="message_once_of_transition",
            ),
            models.UniqueConstraint(
                fields=["case_event", "recipient"],
                condition=Q(case_event__isnull=False),
                name="message_once_of_event",
            ),
            models.UniqueConstraint(
                fields=["handover", "recipient"],
                condition=Q(handover__isnull=False),
                name="message_once_of_handover",
            ),
            models.UniqueConstraint(
                fields=["payment_event", "recipient"],
                condition=Q(payment_event__isnull=False),
                name="message_once_of_payment",
            ),
            models.CheckConstraint(condition=_one_source(), name="message_has_one_source"),
        ]
        indexes = [
            models.Index(fields=["recipient", "-id"], name="message_inbox"),
            models.Index(fields=["recipient"], condition=Q(read_at__isnull=True), name="message_unread"),
            models.Index(
                fields=["recipient"],
                condition=Q(delivery=Delivery.DAILY, digest__isnull=True),
                name="message_for_digest",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_event_display()} · {self.case or ''}"


class Preference(models.Model):
    """How one kind of message reaches a person by mail."""

    user = models.ForeignKey(_user, on_delete=models.CASCADE, related_name="+")
    event = models.CharField(_("about"), max_length=12, choices=Event)
    delivery = models.CharField(_("by mail"), max_length=6, choices=Delivery)

    class Meta:
        verbose_name = _("preference")
        verbose_name_plural = _("preferences")
        constraints = [models.UniqueConstraint(fields=["user", "event"], name="preference_once")]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_event_display()} · {self.get_delivery_display()}"


class Mail(models.Model):
    """A mail on its way. The row is the outbox: a mail server that is down costs nothing but the wait.

    Neither address nor text is kept: both are made when it leaves, from what is true then.
    """

    kind = models.CharField(_("kind"), max_length=10, choices=MailKind)
    recipient = models.ForeignKey(_user, on_delete=models.CASCADE, null=True, related_name="+")
    message = models.OneToOneField(Message, on_delete=models.CASCADE, null=True, related_name="mail")
    invitation = models.OneToOneField(Invitation, on_delete=models.CASCADE, null=True, related_name="+")
    day = models.DateField(_("day of the summary"), null=True)
    state = models.CharField(_("state"), max_length=8, choices=MailState, default=MailState.WAITING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_try = models.DateTimeField(_("not before"), db_default=Now())
    created_at = models.DateTimeField(_("created"), db_default=Now())
    sent_at = models.DateTimeField(_("sent"), null=True)
    error = models.CharField(
        _("error"), max_length=80, blank=True, help_text=_("Its kind and code, never an address.")
    )

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("mails")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["recipient", "day"], condition=Q(kind=MailKind.DIGEST), name="mail_one_digest_a_day"
            ),
            models.CheckConstraint(
                condition=Q(
                    kind=MailKind.MESSAGE,
                    recipient__isnull=False,
                    message__isnull=False,
                    invitation__isnull=True,
                    day__isnull=True,
                )
                | Q(
                    kind=MailKind.DIGEST,
                    recipient__isnull=False,
                    message__isnull=True,
                    invitation__isnull=True,
                    day__isnull=False,
                )
                | Q(
                    kind=MailKind.INVITATION,
                    recipient__isnull=True,
                    message__isnull=True,
                    invitation__isnull=False,
                    day__isnull=True,
                ),
                name="mail_says_one_thing",
            ),
            models.CheckConstraint(
                condition=~Q(state=MailState.SENT) | Q(sent_at__isnull=False), name="mail_sent_has_time"
            ),
        ]
        indexes = [
            models.Index(fields=["next_try"], condition=Q(state=MailState.WAITING), name="mail_waiting")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.get_state_display()}"


class Cursor(models.Model):
    """How far the rows of one source have been turned into messages: all up to `floor`, and those in `Seen`.

    Rows may become visible out of order, so the floor follows at a distance.
    """

    source = models.CharField(max_length=12, primary_key=True)
    floor = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.source} {self.floor}"


class Seen(models.Model):
    """A row above the floor that has its messages."""

    cursor = models.ForeignKey(Cursor, on_delete=models.CASCADE, related_name="seen")
    row = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cursor", "row"], name="seen_once")]

    def __str__(self) -> str:
        return f"{self.cursor_id} {self.row}"
