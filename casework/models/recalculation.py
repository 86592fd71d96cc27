"""A selection of cases calculated again after a change of rules or data: previewed, then a second person looks."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit.triggers import no_truncate
from casework.enums import RecalculationState
from casework.models.calculation import Assessment, CalculationRun
from casework.models.case import Case
from policy.enums import ProgrammeCode

_user = settings.AUTH_USER_MODEL


class Recalculation(models.Model):
    """Which cases and why. The row is the outbox of its preview, its cases are that of the runs."""

    programme = models.CharField(_("programme"), max_length=10, choices=ProgrammeCode)
    year = models.PositiveSmallIntegerField(_("year"), null=True, blank=True)
    version_code = models.CharField(_("calculated by version"), max_length=20, blank=True)
    numbers = models.JSONField(_("case numbers"), default=list, blank=True)
    reason = models.CharField(_("what changed"), max_length=300)
    state = models.CharField(
        _("state"), max_length=12, choices=RecalculationState, default=RecalculationState.PREVIEW
    )
    proposed_by = models.ForeignKey(
        _user, on_delete=models.PROTECT, related_name="+", verbose_name=_("proposed by")
    )
    proposed_at = models.DateTimeField(_("proposed"), db_default=Now())
    decided_by = models.ForeignKey(
        _user, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    run_after = models.DateTimeField(_("not before"), db_default=Now())

    class Meta:
        verbose_name = _("recalculation")
        verbose_name_plural = _("recalculations")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state=RecalculationState.CONFIRMED)
                | Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(decided_by=F("proposed_by")),
                name="recalculation_two_people",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="recalculation_has_reason"),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
            pgtrigger.ReadOnly(
                name="what_was_proposed_is_fixed",
                fields=[
                    "programme",
                    "year",
                    "version_code",
                    "numbers",
                    "reason",
                    "proposed_by",
                    "proposed_at",
                ],
            ),
            pgtrigger.Protect(
                name="decided_once",
                operation=pgtrigger.UpdateOf("state", "decided_by_id", "decided_at", "note"),
                condition=pgtrigger.Q(
                    old__state__in=[RecalculationState.CONFIRMED, RecalculationState.TURNED_DOWN]
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.reason


class RecalculatedCase(models.Model):
    """One case of it: what it stood at, what the preview came to, and the run that calculated it anew."""

    recalculation = models.ForeignKey(
        Recalculation, on_delete=models.PROTECT, related_name="rows", verbose_name=_("recalculation")
    )
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+", verbose_name=_("case"))
    before = models.ForeignKey(
        Assessment, on_delete=models.PROTECT, related_name="+", verbose_name=_("assessment before")
    )
    is_decided = models.BooleanField(
        _("decided"), help_text=_("A decided case only changes by being reopened.")
    )
    preview_rmb = models.DecimalField(
        _("preview (RMB)"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    preview_policy = models.CharField(_("policy version of the preview"), max_length=120, blank=True)
    problem = models.CharField(_("problem"), max_length=300, blank=True)
    run = models.OneToOneField(
        CalculationRun,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("calculation run"),
    )
    moved_on = models.BooleanField(
        _("moved on"), default=False, help_text=_("Left review before its turn; nothing was calculated.")
    )

    class Meta:
        verbose_name = _("case of a recalculation")
        verbose_name_plural = _("cases of recalculations")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["recalculation", "case"], name="recalculated_case_once"),
            models.CheckConstraint(
                condition=Q(run__isnull=True) | Q(is_decided=False, moved_on=False),
                name="recalculated_case_in_review",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
            pgtrigger.ReadOnly(
                name="preview_is_fixed",
                fields=["recalculation", "case", "before", "is_decided", "preview_rmb", "preview_policy"],
            ),
            pgtrigger.Trigger(
                name="runs_once_confirmed",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func="""
                    IF NEW.run_id IS NOT NULL AND NOT EXISTS (
                        SELECT 1 FROM casework_recalculation
                        WHERE id = NEW.recalculation_id AND state = 'confirmed'
                    ) THEN
                        RAISE EXCEPTION 'recalculated_once_confirmed' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.recalculation} · {self.case}"
