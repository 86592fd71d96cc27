"""Who works on which case, what a case is found by, and the views of the queue that officials keep."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit.triggers import append_only
from casework.enums import Stage
from casework.models.case import Case
from casework.models.history import Submission

_user = settings.AUTH_USER_MODEL


class Assignment(models.Model):
    """One change of who works on a case; `Case.assigned_to` is the last one. Nobody: it lies free."""

    case = models.ForeignKey(
        Case, on_delete=models.PROTECT, related_name="assignments", verbose_name=_("case")
    )
    stage = models.CharField(_("step"), max_length=10, choices=Stage)
    before = models.ForeignKey(
        _user, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("before")
    )
    assignee = models.ForeignKey(
        _user,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("assigned to"),
    )
    by = models.ForeignKey(_user, on_delete=models.PROTECT, related_name="+", verbose_name=_("who"))
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    at = models.DateTimeField(_("at"), db_default=Now())

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        ordering = ["id"]
        constraints = [
            # What another person holds is taken only with a reason.
            models.CheckConstraint(
                condition=Q(before__isnull=True) | Q(before=models.F("by")) | ~Q(reason=""),
                name="assignment_taken_over_with_reason",
            ),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.case} · {self.assignee or _('free')}"


class FiledReference(models.Model):
    """A bank reference as it was filed, and without its separators and case: one slip in two spellings is found."""

    case = models.ForeignKey(
        Case, on_delete=models.PROTECT, related_name="references", verbose_name=_("case")
    )
    submission = models.ForeignKey(
        Submission, on_delete=models.PROTECT, related_name="+", verbose_name=_("submission")
    )
    key = models.CharField(_("line"), max_length=40)
    written = models.CharField(_("as written"), max_length=60)
    plain = models.CharField(_("without separators"), max_length=60)

    class Meta:
        verbose_name = _("filed reference")
        verbose_name_plural = _("filed references")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["submission", "key"], name="filed_reference_once"),
        ]
        indexes = [
            models.Index(fields=["plain"], name="filed_reference_plain", opclasses=["varchar_pattern_ops"]),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return self.written


class SavedView(models.Model):
    """Filters of the queue under a name: one's own, or for everybody on the desk."""

    owner = models.ForeignKey(_user, on_delete=models.CASCADE, related_name="+", verbose_name=_("owner"))
    name = models.CharField(_("name"), max_length=40)
    query = models.CharField(_("filters"), max_length=500)
    is_shared = models.BooleanField(_("for all colleagues"), default=False)
    created_at = models.DateTimeField(_("created"), db_default=Now())

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="saved_view_name_once"),
            models.CheckConstraint(condition=~Q(name=""), name="saved_view_has_name"),
        ]

    def __str__(self) -> str:
        return self.name
