"""What two officials decide about a fund: its budget and its shares."""

import pgtrigger
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit.triggers import no_truncate
from ledger.enums import ChangeKind, ChangeState
from ledger.levels import level_name
from policy.enums import ProgrammeCode

_user = settings.AUTH_USER_MODEL


class FundChange(models.Model):
    """A budget brought into one level of a fund, or the city's share from now on: one proposes, another confirms."""

    kind = models.CharField(_("what"), max_length=10, choices=ChangeKind)
    programme = models.CharField(_("programme"), max_length=10, choices=ProgrammeCode)
    year = models.PositiveSmallIntegerField(_("year"))
    division = models.CharField(
        _("division"),
        max_length=6,
        blank=True,
        help_text=_("A budget's level; a share's district, empty for all of them."),
    )
    amount_rmb = models.DecimalField(
        _("amount (RMB)"), max_digits=16, decimal_places=2, null=True, blank=True
    )
    city_percent = models.DecimalField(
        _("share of the city (%)"),
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    document = models.CharField(_("document number"), max_length=80)
    reason = models.CharField(_("reason"), max_length=300)
    state = models.CharField(_("state"), max_length=12, choices=ChangeState, default=ChangeState.PROPOSED)
    proposed_by = models.ForeignKey(
        _user, on_delete=models.PROTECT, related_name="+", verbose_name=_("proposed by")
    )
    proposed_at = models.DateTimeField(_("proposed"), db_default=Now())
    decided_by = models.ForeignKey(
        _user, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decision_note = models.CharField(_("note on the decision"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("change of a fund")
        verbose_name_plural = _("changes of funds")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=ChangeKind.BUDGET, amount_rmb__isnull=False, city_percent__isnull=True)
                & ~Q(amount_rmb=0)
                & ~Q(division="")
                | Q(
                    kind=ChangeKind.SHARE,
                    amount_rmb__isnull=True,
                    city_percent__gte=0,
                    city_percent__lte=100,
                ),
                name="fund_change_shape",
            ),
            models.CheckConstraint(
                condition=Q(state=ChangeState.PROPOSED, decided_by__isnull=True, decided_at__isnull=True)
                | Q(
                    state__in=[ChangeState.CONFIRMED, ChangeState.TURNED_DOWN],
                    decided_by__isnull=False,
                    decided_at__isnull=False,
                ),
                name="fund_change_decided",
            ),
            models.CheckConstraint(
                condition=~Q(state=ChangeState.CONFIRMED) | ~Q(decided_by=F("proposed_by")),
                name="fund_change_four_eyes",
            ),
            models.CheckConstraint(condition=~Q(document="") & ~Q(reason=""), name="fund_change_says_why"),
        ]
        indexes = [
            models.Index(fields=["programme", "year"], name="fund_change_of_year"),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
            pgtrigger.Trigger(
                name="decided_once",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func="""
                    IF TG_OP = 'INSERT' THEN
                        IF NEW.state <> 'proposed' THEN
                            RAISE EXCEPTION 'fund_change_begins_as_proposal' USING ERRCODE = 'check_violation';
                        END IF;
                    ELSIF OLD.state <> 'proposed' OR (
                        NEW.kind, NEW.programme, NEW.year, NEW.division, NEW.amount_rmb, NEW.city_percent,
                        NEW.document, NEW.reason, NEW.proposed_by_id, NEW.proposed_at
                    ) IS DISTINCT FROM (
                        OLD.kind, OLD.programme, OLD.year, OLD.division, OLD.amount_rmb, OLD.city_percent,
                        OLD.document, OLD.reason, OLD.proposed_by_id, OLD.proposed_at
                    ) THEN
                        RAISE EXCEPTION 'fund_change_decided_once' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.get_programme_display()} {self.year}"

    @property
    def level(self) -> str:
        return level_name(self.division)
