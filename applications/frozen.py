"""Claims in columns: what the rules saw of each claim and receipt, and what a recomputation found. Only ever added to.

No foreign keys in the database: each costs more than the row (see training/frozen.py).
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.triggers import append_only
from casework.models import Assessment
from recomputations.models import Part

#: USD unrounded: what an amount times a rate needs (policy.rules.money.MAX_DECIMALS).
_USD = {"max_digits": 44, "decimal_places": 20}


class FrozenClaim(models.Model):
    """One assessed claim: its year, what the year had counted and granted before, and what its receipts come to.

    One row a claim and not one a receipt: a city is read in a fraction of the time.
    """

    assessment = models.OneToOneField(
        Assessment,
        on_delete=models.PROTECT,
        primary_key=True,
        db_constraint=False,
        related_name="+",
        verbose_name=_("assessment"),
    )
    year = models.PositiveSmallIntegerField(_("year"))
    earlier_usd = models.DecimalField(_("counted before (USD)"), **_USD)
    granted_rmb = models.DecimalField(_("granted before (RMB)"), max_digits=16, decimal_places=2)
    receipts_usd = models.TextField(
        _("receipts (USD)"),
        blank=True,
        help_text=_("As far as they were accepted, each with as many decimals as the longest."),
    )

    class Meta:
        verbose_name = _("claim in columns")
        verbose_name_plural = _("claims in columns")
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.assessment_id}"


class RecomputedClaim(models.Model):
    """RMB of one claim, and how it comes about (bits of policy.rules.offshore): no award, and never one."""

    pk = models.CompositePrimaryKey("part", "claim")
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
    award_rmb = models.DecimalField(_("amount (RMB)"), max_digits=14, decimal_places=2)
    findings = models.PositiveSmallIntegerField(_("findings"))

    class Meta:
        verbose_name = _("recomputed claim")
        verbose_name_plural = _("recomputed claims")
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.part_id}/{self.claim_id}: {self.award_rmb}"
