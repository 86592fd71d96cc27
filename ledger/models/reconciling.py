"""What the nightly recalculation found."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit.triggers import append_only


class ReconcileRun(models.Model):
    """One recalculation of every balance, award and payment from the rows, and each difference by name."""

    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), db_default=Now())
    checks = models.PositiveSmallIntegerField(_("checks"))
    count = models.PositiveIntegerField(_("differences"))
    differences = models.JSONField(
        _("what differs"),
        help_text=_("Check, what it is about, what the rows say, what stands there."),
        default=list,
    )

    class Meta:
        verbose_name = _("reconciliation")
        verbose_name_plural = _("reconciliations")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(finished_at__gte=models.F("started_at")), name="reconcile_run_in_order"
            ),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M}: {self.count}"

    @property
    def is_clean(self) -> bool:
        return not self.count
