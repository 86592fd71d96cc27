"""What happened to a case: its transitions, what was filed each time, and events beside its status."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit.triggers import append_only
from casework.enums import Actor, CaseEventKind, Status
from casework.models.case import Case

_user = settings.AUTH_USER_MODEL


class Transition(models.Model):
    """One step of a case: from, to, who, when, why."""

    case = models.ForeignKey(
        Case, on_delete=models.PROTECT, related_name="transitions", verbose_name=_("case")
    )
    from_status = models.CharField(_("from"), max_length=20, choices=Status, blank=True)
    to_status = models.CharField(_("to"), max_length=20, choices=Status)
    actor = models.ForeignKey(
        _user, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("who")
    )
    acted_as = models.CharField(_("acted as"), max_length=20, choices=Actor)
    on_behalf_of = models.ForeignKey(
        _user,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("on behalf of"),
    )
    reason = models.TextField(_("reason"), blank=True)
    at = models.DateTimeField(_("at"), db_default=Now())

    class Meta:
        verbose_name = _("transition")
        verbose_name_plural = _("transitions")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(acted_as=Actor.SYSTEM) | Q(actor__isnull=False), name="transition_has_actor"
            ),
            models.CheckConstraint(
                condition=~Q(to_status__in=[Status.RETURNED, Status.REJECTED]) | ~Q(reason=""),
                name="transition_refusal_has_reason",
            ),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.get_from_status_display()} → {self.get_to_status_display()}"


class Submission(models.Model):
    """The inputs as they were when the applicant filed: frozen, numbered, hashed."""

    case = models.ForeignKey(
        Case, on_delete=models.PROTECT, related_name="submissions", verbose_name=_("case")
    )
    number = models.PositiveSmallIntegerField(_("number"))
    snapshot = models.JSONField(_("inputs"))
    snapshot_hash = models.CharField(_("hash of the inputs"), max_length=64)
    submitted_by = models.ForeignKey(
        _user, on_delete=models.PROTECT, related_name="+", verbose_name=_("submitted by")
    )
    submitted_at = models.DateTimeField(_("submitted"), db_default=Now())

    class Meta:
        verbose_name = _("submission")
        verbose_name_plural = _("submissions")
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["case", "number"], name="submission_number_once")]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.case} #{self.number}"


class CaseEvent(models.Model):
    """Something that happened to a case beside its status, once for each `key`: reminders, the end of a term."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="events", verbose_name=_("case"))
    kind = models.CharField(_("kind"), max_length=30, choices=CaseEventKind)
    key = models.CharField(
        _("key"), max_length=60, help_text=_("What it belongs to, so that it happens once.")
    )
    at = models.DateTimeField(_("at"), db_default=Now())
    data = models.JSONField(_("data"), default=dict, blank=True)

    class Meta:
        verbose_name = _("event of a case")
        verbose_name_plural = _("events of cases")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["case", "kind", "key"], name="case_event_once"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.case} · {self.get_kind_display()}"
