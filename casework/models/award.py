"""What was granted, and to whom."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit.triggers import append_only, no_truncate
from casework.enums import Payee
from casework.models.calculation import Assessment
from casework.models.case import Case
from policy.enums import ProgrammeCode


class Award(models.Model):
    """What was granted, written with the final approval."""

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="award", verbose_name=_("case"))
    assessment = models.OneToOneField(
        Assessment, on_delete=models.PROTECT, related_name="award", verbose_name=_("assessment")
    )
    amount_rmb = models.DecimalField(_("amount (RMB)"), max_digits=14, decimal_places=2)
    awarded_at = models.DateTimeField(_("awarded"), db_default=Now())

    class Meta:
        verbose_name = _("award")
        verbose_name_plural = _("awards")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount_rmb__gte=0), name="award_amount_not_negative")
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.case} {self.amount_rmb}"


class AwardLine(models.Model):
    """One payee's part of an award. A person earns a programme's subsidy once, whoever registered them."""

    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="lines", verbose_name=_("award"))
    programme = models.CharField(_("programme"), max_length=10, choices=ProgrammeCode)
    payee = models.CharField(_("payee"), max_length=12, choices=Payee)
    reference = models.CharField(
        _("reference"), max_length=40, help_text=_("The record in the programme's own room.")
    )
    person_key = models.CharField(_("keyed hash of the person"), max_length=80, blank=True)
    amount_rmb = models.DecimalField(_("amount (RMB)"), max_digits=14, decimal_places=2)
    reversed_at = models.DateTimeField(_("reversed"), null=True, blank=True)

    class Meta:
        verbose_name = _("award line")
        verbose_name_plural = _("award lines")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "person_key", "payee"],
                condition=Q(reversed_at__isnull=True) & ~Q(person_key=""),
                name="award_line_once_per_person",
            ),
            models.CheckConstraint(condition=Q(amount_rmb__gte=0), name="award_line_amount_not_negative"),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
            pgtrigger.ReadOnly(
                name="only_reversal",
                fields=["award", "programme", "payee", "reference", "person_key", "amount_rmb"],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.award} · {self.get_payee_display()}"
