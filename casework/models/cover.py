"""Who may stand in for whom, and who must keep away: delegations and conflicts of interest."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation
from audit.triggers import no_truncate
from casework.enums import Stage
from casework.models.case import Case

_user = settings.AUTH_USER_MODEL

#: Part of other triggers: refuses a person who declared a conflict with the case or its organisation.
NO_CONFLICT = """
IF EXISTS (
    SELECT 1 FROM casework_conflict
    WHERE official_id = {person} AND lifted_at IS NULL
        AND (case_id = {case} OR organisation_id = {organisation})
) THEN
    RAISE EXCEPTION 'conflict_of_interest' USING ERRCODE = 'check_violation';
END IF;
"""


class Delegation(models.Model):
    """A reviewer hands a role to a colleague for some days; in force once a third person approved it."""

    stage = models.CharField(_("step"), max_length=10, choices=Stage)
    giver = models.ForeignKey(
        _user, on_delete=models.PROTECT, related_name="+", verbose_name=_("on behalf of")
    )
    deputy = models.ForeignKey(_user, on_delete=models.PROTECT, related_name="+", verbose_name=_("deputy"))
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"), help_text=_("This day included."))
    reason = models.CharField(_("reason"), max_length=200)
    created_at = models.DateTimeField(_("created"), db_default=Now())
    approved_by = models.ForeignKey(
        _user,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("approved by"),
    )
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)
    ended_by = models.ForeignKey(
        _user, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("ended by")
    )
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("delegation")
        verbose_name_plural = _("delegations")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["deputy", "ends_on"], condition=Q(ended_at__isnull=True), name="delegation_of_deputy"
            )
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(giver=F("deputy")), name="delegation_to_another"),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True)
                | (~Q(approved_by=F("giver")) & ~Q(approved_by=F("deputy"))),
                name="delegation_approved_by_a_third",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True, approved_at__isnull=True)
                | Q(approved_by__isnull=False, approved_at__isnull=False),
                name="delegation_approval_has_both",
            ),
            models.CheckConstraint(
                condition=Q(ended_by__isnull=True, ended_at__isnull=True)
                | Q(ended_by__isnull=False, ended_at__isnull=False),
                name="delegation_end_has_both",
            ),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="delegation_ends_after_start"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="delegation_has_reason"),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
            pgtrigger.ReadOnly(
                name="only_approved_or_ended",
                exclude=["approved_by", "approved_at", "ended_by", "ended_at"],
            ),
            pgtrigger.Protect(
                name="approved_once",
                operation=pgtrigger.UpdateOf("approved_by_id", "approved_at"),
                condition=pgtrigger.Q(old__approved_at__isnull=False),
            ),
            pgtrigger.Protect(
                name="ended_is_final",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__ended_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.giver} → {self.deputy} · {self.get_stage_display()}"


class Conflict(models.Model):
    """An official's declaration that a case, or all cases of an organisation, must be decided by others."""

    official = models.ForeignKey(
        _user, on_delete=models.PROTECT, related_name="+", verbose_name=_("official")
    )
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("organisation"),
    )
    case = models.ForeignKey(
        Case,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="conflicts",
        verbose_name=_("case"),
    )
    reason = models.CharField(_("reason"), max_length=500)
    declared_at = models.DateTimeField(_("declared"), db_default=Now())
    lifted_by = models.ForeignKey(
        _user, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("lifted by")
    )
    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True)

    class Meta:
        verbose_name = _("conflict of interest")
        verbose_name_plural = _("conflicts of interest")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(organisation__isnull=True, case__isnull=False)
                | Q(organisation__isnull=False, case__isnull=True),
                name="conflict_about_one_thing",
            ),
            models.UniqueConstraint(
                fields=["official", "organisation"],
                condition=Q(lifted_at__isnull=True, case__isnull=True),
                name="conflict_once_of_organisation",
            ),
            models.UniqueConstraint(
                fields=["official", "case"],
                condition=Q(lifted_at__isnull=True, organisation__isnull=True),
                name="conflict_once_of_case",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="conflict_has_reason"),
            models.CheckConstraint(
                condition=Q(lifted_by__isnull=True, lifted_at__isnull=True)
                | Q(lifted_by__isnull=False, lifted_at__isnull=False),
                name="conflict_lift_has_both",
            ),
            models.CheckConstraint(
                condition=Q(lifted_by__isnull=True) | ~Q(lifted_by=F("official")),
                name="conflict_lifted_by_another",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
            pgtrigger.ReadOnly(name="only_lifted", exclude=["lifted_by", "lifted_at"]),
            pgtrigger.Protect(
                name="lifted_is_final",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__lifted_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.official} · {self.case or self.organisation}"
