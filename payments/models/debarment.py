"""After fraud an organisation files nothing and is paid nothing for three years: two people, ends by itself."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation
from audit.triggers import no_truncate
from payments.enums import ProposalState
from payments.models.spot_checks import SpotCheck

_user = settings.AUTH_USER_MODEL


class Debarment(models.Model):
    """Proposed by one person after a check that found fraud; in force once another confirms it."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="debarments", verbose_name=_("organisation")
    )
    check_made = models.OneToOneField(
        SpotCheck, on_delete=models.PROTECT, related_name="debarment", verbose_name=_("check after payment")
    )
    reason = models.CharField(_("reason"), max_length=1000)
    from_on = models.DateField(_("from"), null=True)
    until_on = models.DateField(_("last day"), null=True)
    state = models.CharField(_("state"), max_length=12, choices=ProposalState, default=ProposalState.PROPOSED)
    proposed_by = models.ForeignKey(
        _user, on_delete=models.PROTECT, related_name="+", verbose_name=_("proposed by")
    )
    proposed_at = models.DateTimeField(_("proposed"), db_default=Now())
    decided_by = models.ForeignKey(
        _user, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided"), null=True)
    decision_note = models.CharField(_("note"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("debarment")
        verbose_name_plural = _("debarments")
        ordering = ["-id"]
        indexes = [models.Index(fields=["organisation", "until_on"], name="debarment_in_force")]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="debarment_has_reason"),
            models.CheckConstraint(
                condition=Q(state=ProposalState.PROPOSED, decided_by__isnull=True, decided_at__isnull=True)
                | ~Q(state=ProposalState.PROPOSED)
                & Q(decided_by__isnull=False, decided_at__isnull=False)
                & ~Q(decided_by=F("proposed_by")),
                name="debarment_two_people",
            ),
            models.CheckConstraint(
                condition=~Q(state=ProposalState.CONFIRMED)
                | Q(from_on__isnull=False, until_on__isnull=False, until_on__gt=F("from_on")),
                name="debarment_has_its_end",
            ),
            models.CheckConstraint(
                condition=~Q(state=ProposalState.TURNED_DOWN) | ~Q(decision_note=""),
                name="debarment_turned_down_with_a_note",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
            pgtrigger.ReadOnly(
                name="debarment_is_final",
                exclude=["state", "decided_by", "decided_at", "decision_note", "from_on", "until_on"],
            ),
            pgtrigger.Protect(
                name="debarment_decided_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__decided_at__isnull=False),
            ),
            pgtrigger.Trigger(
                name="debarment_after_fraud",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    IF NOT EXISTS (
                        SELECT 1 FROM payments_spotcheck k JOIN casework_case c ON c.id = k.case_id
                        WHERE k.id = NEW.check_made_id AND k.state = 'concluded' AND k.conclusion = 'fraud'
                            AND c.organisation_id = NEW.organisation_id
                    ) OR NEW.state <> 'proposed' THEN
                        RAISE EXCEPTION 'debarment_after_fraud' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation} {self.until_on or ''}".strip()
