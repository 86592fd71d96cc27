"""A whole city calculated anew from its frozen inputs: the run, its parts, and which assessments stand in columns.

What the rules said of each row lies in a table of the programme's own room; it grants nothing. See decision 33.
"""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit.triggers import append_only, no_truncate
from casework.models import Assessment
from policy.enums import ProgrammeCode


class Recomputation(models.Model):
    """One calculation of all assessed claims of a programme, under the terms as they were published when it began."""

    programme = models.CharField(_("programme"), max_length=10, choices=ProgrammeCode)
    year = models.PositiveSmallIntegerField(
        _("year"), null=True, blank=True, help_text=_("Empty: every year.")
    )
    terms = models.JSONField(_("terms"), help_text=_("The versions that it calculates with, word for word."))
    part_rows = models.PositiveIntegerField(_("rows of a part"))
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("asked for by"),
        help_text=_("Empty: the portal itself, as scheduled."),
    )
    asked_at = models.DateTimeField(_("asked for"), db_default=Now())
    planned_at = models.DateTimeField(_("cut into parts"), null=True, blank=True)

    class Meta:
        verbose_name = _("recomputation")
        verbose_name_plural = _("recomputations")
        ordering = ["-id"]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
            pgtrigger.ReadOnly(name="only_planned", exclude=["planned_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.get_programme_display()} {self.year or ''}".strip() + f" #{self.pk}"


class Part(models.Model):
    """The claims between two case numbers, about `part_rows` rows: done in one transaction, or not at all.

    The row is the outbox: the broker only speeds it up. `digest` is the SHA-256 of the rows as COPY writes them.
    """

    recomputation = models.ForeignKey(
        Recomputation, on_delete=models.PROTECT, related_name="parts", verbose_name=_("recomputation")
    )
    number = models.PositiveIntegerField(_("number"))
    first_case = models.BigIntegerField(_("first case"))
    last_case = models.BigIntegerField(_("last case"))
    run_after = models.DateTimeField(_("not before"), db_default=Now())
    rows = models.PositiveIntegerField(_("rows"), null=True, blank=True)
    amount_rmb = models.DecimalField(
        _("amount (RMB)"), max_digits=16, decimal_places=2, null=True, blank=True
    )
    digest = models.CharField(_("hash of the rows"), max_length=64, blank=True)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)

    class Meta:
        verbose_name = _("part of a recomputation")
        verbose_name_plural = _("parts of recomputations")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["recomputation", "number"], name="recomputation_part_once"),
            models.CheckConstraint(
                condition=Q(first_case__lte=F("last_case")), name="recomputation_part_span"
            ),
            models.CheckConstraint(
                condition=Q(done_at__isnull=True, rows__isnull=True, amount_rmb__isnull=True, digest="")
                | Q(done_at__isnull=False, rows__isnull=False, amount_rmb__isnull=False) & ~Q(digest=""),
                name="recomputation_part_done_with_its_hash",
            ),
        ]
        indexes = [
            models.Index(
                fields=["run_after"], condition=Q(done_at__isnull=True), name="recomputation_part_waiting"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
            pgtrigger.Protect(
                name="done_is_final",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__done_at__isnull=False),
            ),
            pgtrigger.ReadOnly(
                name="only_done", fields=["recomputation", "number", "first_case", "last_case"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.recomputation} / {self.number}"


class Frozen(models.Model):
    """An assessment whose inputs, as the rules saw them, stand in columns; written once, with those columns."""

    assessment = models.OneToOneField(
        Assessment,
        on_delete=models.PROTECT,
        primary_key=True,
        related_name="frozen",
        verbose_name=_("assessment"),
    )
    rows = models.PositiveIntegerField(_("rows"))

    class Meta:
        verbose_name = _("inputs in columns")
        verbose_name_plural = _("inputs in columns")
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.assessment}"
