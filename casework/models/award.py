"""What was granted, and to whom."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit.triggers import no_truncate
from casework.enums import Payee
from casework.models.calculation import Assessment
from casework.models.case import Case
from ledger.funds import award_key
from policy.enums import ProgrammeCode


class Award(models.Model):
    """What was granted, written with the final approval. It never changes; a reopened case's award is reversed."""

    case = models.ForeignKey(
        Case,
        on_delete=models.PROTECT,
        related_name="awards",
        related_query_name="award",
        verbose_name=_("case"),
    )
    number = models.PositiveSmallIntegerField(
        _("number"), default=1, help_text=_("Counts the awards of a case that was reopened.")
    )
    assessment = models.OneToOneField(
        Assessment, on_delete=models.PROTECT, related_name="award", verbose_name=_("assessment")
    )
    amount_rmb = models.DecimalField(_("amount (RMB)"), max_digits=14, decimal_places=2)
    awarded_at = models.DateTimeField(_("awarded"), db_default=Now())
    reversed_at = models.DateTimeField(_("reversed"), null=True, blank=True)

    class Meta:
        verbose_name = _("award")
        verbose_name_plural = _("awards")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount_rmb__gte=0), name="award_amount_not_negative"),
            models.UniqueConstraint(
                fields=["case"], condition=Q(reversed_at__isnull=True), name="award_one_in_force"
            ),
            models.UniqueConstraint(fields=["case", "number"], name="award_number_once"),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
            pgtrigger.ReadOnly(name="only_reversal", exclude=["reversed_at"]),
            pgtrigger.Trigger(
                name="reversed_by_reopening",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Insert,
                func="""
                    IF TG_OP = 'INSERT' THEN
                        IF NEW.reversed_at IS NOT NULL THEN
                            RAISE EXCEPTION 'award_reversed_by_reopening' USING ERRCODE = 'check_violation';
                        END IF;
                    ELSIF OLD.reversed_at IS DISTINCT FROM NEW.reversed_at AND (
                        OLD.reversed_at IS NOT NULL OR NOT EXISTS (
                            SELECT 1 FROM casework_reopening
                            WHERE award_id = NEW.id AND state = 'confirmed' AND confirmed_at <= NEW.reversed_at
                        )
                    ) THEN
                        RAISE EXCEPTION 'award_reversed_by_reopening' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case} {self.amount_rmb}"

    @property
    def key(self) -> str:
        """What the ledger calls this award."""
        return award_key(self.case.number, self.number)


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
            pgtrigger.Trigger(
                name="reversed_with_its_award",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Insert,
                func="""
                    IF TG_OP = 'INSERT' AND NEW.reversed_at IS NULL THEN
                        RETURN NEW;
                    END IF;
                    IF TG_OP = 'INSERT' OR OLD.reversed_at IS DISTINCT FROM NEW.reversed_at AND (
                        OLD.reversed_at IS NOT NULL OR NOT EXISTS (
                            SELECT 1 FROM casework_award WHERE id = NEW.award_id AND reversed_at = NEW.reversed_at
                        )
                    ) THEN
                        RAISE EXCEPTION 'award_line_reversed_with_its_award' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.award} · {self.get_payee_display()}"
