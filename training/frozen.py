"""Claims in columns: what the rules saw of each trainee, and what a recomputation found of them. Only ever added to.

No foreign keys in the database: each costs more than the row. A part writes its rows in the transaction that locks the
part, and `recomputations.checks` compares every row with what it was made from.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.triggers import append_only
from casework.models import Assessment
from recomputations.models import Part


class FrozenLine(models.Model):
    """One trainee of an assessed claim, as the rules saw them; `employer_place` decides the amounts."""

    assessment = models.ForeignKey(
        Assessment, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+",
        verbose_name=_("assessment"),
    )  # fmt: skip
    position = models.PositiveIntegerField(_("position"))
    enrolment = models.BigIntegerField(_("enrolment"))
    twin = models.PositiveIntegerField(
        _("same person as"),
        null=True,
        blank=True,
        help_text=_("Where this person stands first in the claim."),
    )
    signed_on = models.DateField(_("signed"))
    training_start = models.DateField(_("training starts"))
    training_end = models.DateField(_("training ends"))
    contract_start = models.DateField(_("contract starts"))
    contract_end = models.DateField(_("contract ends"), null=True, blank=True)
    employer_place = models.CharField(_("place of the employer"), max_length=10)
    certified = models.BooleanField(_("certified"))
    education = models.CharField(_("education"), max_length=20)
    designated = models.BooleanField(_("designated"))
    already_subsidised = models.BooleanField(_("subsidised before"))

    class Meta:
        verbose_name = _("trainee in columns")
        verbose_name_plural = _("trainees in columns")
        constraints = [
            models.UniqueConstraint(fields=["assessment", "position"], name="frozen_line_once"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.assessment_id}/{self.position}"


class RecomputedLine(models.Model):
    """RMB of one trainee, and the findings in one number (policy.rules.findings): no award, and never one."""

    pk = models.CompositePrimaryKey("part", "line")
    part = models.ForeignKey(
        Part,
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="+",
        verbose_name=_("part"),
    )
    line = models.ForeignKey(
        FrozenLine, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+",
        verbose_name=_("trainee in columns"),
    )  # fmt: skip
    trainee_rmb = models.DecimalField(_("to the trainee (RMB)"), max_digits=14, decimal_places=2)
    institution_rmb = models.DecimalField(_("to the institution (RMB)"), max_digits=14, decimal_places=2)
    findings = models.PositiveSmallIntegerField(_("findings"))

    class Meta:
        verbose_name = _("recomputed trainee")
        verbose_name_plural = _("recomputed trainees")
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.part_id}/{self.line_id}: {self.trainee_rmb} + {self.institution_rmb}"
