"""Claims in columns: what the rules saw of each trainee, and what a recomputation found of them. Only ever added to.

No foreign keys in the database: each costs more than the row. A part writes its rows in the transaction that locks the
part, and `recomputations.checks` compares every row with what it was made from.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.triggers import append_only
from casework.models import Assessment
from recomputations.models import Part


class FrozenClaim(models.Model):
    """The trainees of an assessed claim, as the rules saw them: each text has a line for each of them, in their order.

    One row a claim and not one a trainee: a city is read in a tenth of the time.
    """

    assessment = models.OneToOneField(
        Assessment,
        on_delete=models.PROTECT,
        primary_key=True,
        db_constraint=False,
        related_name="+",
        verbose_name=_("assessment"),
    )
    trainees = models.PositiveIntegerField(_("trainees"))
    enrolments = models.TextField(_("enrolments"))
    persons = models.TextField(
        _("persons"),
        blank=True,
        help_text=_("Where each person stands first in the claim; empty when nobody stands there twice."),
    )
    signed = models.TextField(_("signed"))
    trainings = models.TextField(
        _("training periods"), help_text=_("First and last day: 2015-01-01/2015-03-31.")
    )
    contracts = models.TextField(_("contract periods"), help_text=_("2015-04-01/ is an open-ended one."))
    conditions = models.TextField(
        _("other conditions"),
        help_text=_("Certificate, education, designation, subsidised before, place of the employer."),
    )

    class Meta:
        verbose_name = _("trainees of a claim in columns")
        verbose_name_plural = _("trainees of claims in columns")
        constraints = [
            models.CheckConstraint(condition=models.Q(trainees__gt=0), name="frozen_claim_has_trainees"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.assessment_id}"


class RecomputedLine(models.Model):
    """RMB of one trainee, and the findings in one number (policy.rules.findings): no award, and never one."""

    pk = models.CompositePrimaryKey("part", "claim", "position")
    part = models.ForeignKey(
        Part,
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="+",
        verbose_name=_("part"),
    )
    claim = models.ForeignKey(
        FrozenClaim, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+",
        verbose_name=_("claim in columns"),
    )  # fmt: skip
    position = models.PositiveIntegerField(_("position"))
    trainee_rmb = models.DecimalField(_("to the trainee (RMB)"), max_digits=14, decimal_places=2)
    institution_rmb = models.DecimalField(_("to the institution (RMB)"), max_digits=14, decimal_places=2)
    findings = models.PositiveSmallIntegerField(_("findings"))

    class Meta:
        verbose_name = _("recomputed trainee")
        verbose_name_plural = _("recomputed trainees")
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.part_id}/{self.claim_id}/{self.position}: {self.trainee_rmb} + {self.institution_rmb}"
