"""Calculations: the run that is to do, and what the rules said."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit.triggers import append_only
from casework.enums import RunCause, RunState
from casework.models.case import Case
from casework.models.history import Submission


class CalculationRun(models.Model):
    """A calculation to do, being done or done. The row is the outbox: the broker only speeds it up."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="runs", verbose_name=_("case"))
    submission = models.ForeignKey(
        Submission, on_delete=models.PROTECT, related_name="+", verbose_name=_("submission")
    )
    cause = models.CharField(_("cause"), max_length=20, choices=RunCause)
    state = models.CharField(_("state"), max_length=12, choices=RunState, default=RunState.QUEUED)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    created_at = models.DateTimeField(_("created"), db_default=Now())
    run_after = models.DateTimeField(_("not before"), db_default=Now())
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    assessment = models.ForeignKey(
        "Assessment",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("assessment"),
        help_text=_("What it came to; an earlier one where nothing had changed."),
    )
    error = models.CharField(_("error"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("calculation run")
        verbose_name_plural = _("calculation runs")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(state=RunState.QUEUED), name="run_one_waiting_per_case"
            ),
        ]
        indexes = [
            models.Index(fields=["run_after"], condition=Q(state=RunState.QUEUED), name="run_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.case} · {self.get_state_display()}"


class Assessment(models.Model):
    """What the rules said about one submission: amount, reasons and trace, bound to the inputs by a hash."""

    case = models.ForeignKey(
        Case, on_delete=models.PROTECT, related_name="assessments", verbose_name=_("case")
    )
    submission = models.ForeignKey(
        Submission, on_delete=models.PROTECT, related_name="+", verbose_name=_("submission")
    )
    run = models.ForeignKey(CalculationRun, on_delete=models.PROTECT, related_name="+", verbose_name=_("run"))
    policy_key = models.CharField(_("policy version"), max_length=120)
    inputs = models.JSONField(
        _("inputs"), help_text=_("The basis beside the snapshot: what was granted before.")
    )
    inputs_hash = models.CharField(_("hash of the inputs"), max_length=64)
    amount_rmb = models.DecimalField(_("amount (RMB)"), max_digits=14, decimal_places=2)
    result = models.JSONField(_("result"), help_text=_("Lines, reasons and steps."))
    hash = models.CharField(_("hash"), max_length=64)
    created_at = models.DateTimeField(_("calculated"), db_default=Now())

    class Meta:
        verbose_name = _("assessment")
        verbose_name_plural = _("assessments")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["case", "policy_key", "inputs_hash"], name="assessment_once"),
            models.CheckConstraint(condition=Q(amount_rmb__gte=0), name="assessment_amount_not_negative"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.case} {self.amount_rmb}"
