"""An official's conclusion on one assessment."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit.triggers import append_only
from casework.enums import Outcome, Stage
from casework.models.calculation import Assessment
from casework.models.case import Case

_user = settings.AUTH_USER_MODEL


class Review(models.Model):
    """One official's conclusion on one assessment."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="reviews", verbose_name=_("case"))
    assessment = models.ForeignKey(
        Assessment, on_delete=models.PROTECT, related_name="reviews", verbose_name=_("assessment")
    )
    assessment_hash = models.CharField(_("hash of what was seen"), max_length=64)
    stage = models.CharField(_("stage"), max_length=10, choices=Stage)
    outcome = models.CharField(_("conclusion"), max_length=20, choices=Outcome)
    reason = models.TextField(_("reason"), blank=True)
    reviewer = models.ForeignKey(
        _user, on_delete=models.PROTECT, related_name="+", verbose_name=_("reviewer")
    )
    submitter = models.ForeignKey(
        _user, on_delete=models.PROTECT, related_name="+", verbose_name=_("submitted by")
    )
    at = models.DateTimeField(_("at"), db_default=Now())

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["assessment", "reviewer"], name="review_once_per_person"),
            models.UniqueConstraint(fields=["assessment", "stage"], name="review_once_per_stage"),
            models.CheckConstraint(condition=~Q(reviewer=F("submitter")), name="review_not_by_submitter"),
            models.CheckConstraint(
                condition=Q(outcome=Outcome.PASS) | ~Q(reason=""), name="review_refusal_has_reason"
            ),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.case} · {self.get_stage_display()} · {self.get_outcome_display()}"
