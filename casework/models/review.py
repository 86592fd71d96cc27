"""An official's conclusion on one assessment."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit.triggers import no_truncate
from casework.enums import Outcome, Stage
from casework.models.calculation import Assessment
from casework.models.case import Case
from casework.models.cover import NO_CONFLICT, Delegation

_user = settings.AUTH_USER_MODEL


def _no_conflict(person: str) -> str:
    return NO_CONFLICT.format(person=person, case="found.id", organisation="found.organisation_id")


class Review(models.Model):
    """One official's conclusion on one assessment."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="reviews", verbose_name=_("case"))
    assessment = models.ForeignKey(
        Assessment, on_delete=models.PROTECT, related_name="reviews", verbose_name=_("assessment")
    )
    assessment_hash = models.CharField(_("hash of what was seen"), max_length=64)
    stage = models.CharField(_("stage"), max_length=10, choices=Stage)
    outcome = models.CharField(_("conclusion"), max_length=20, choices=Outcome)
    reason = models.TextField(_("reason"), blank=True)
    reviewer = models.ForeignKey(
        _user, on_delete=models.PROTECT, related_name="+", verbose_name=_("reviewer")
    )
    submitter = models.ForeignKey(
        _user, on_delete=models.PROTECT, related_name="+", verbose_name=_("submitted by")
    )
    delegation = models.ForeignKey(
        Delegation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("on behalf of"),
        help_text=_("The delegation by which the reviewer acted for a colleague."),
    )
    carried_from = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("carried over from"),
        help_text=_("The same conclusion on an earlier calculation that came to the same amounts."),
    )
    at = models.DateTimeField(_("at"), db_default=Now())
    void_at = models.DateTimeField(
        _("void since"), null=True, blank=True, help_text=_("The data or the calculation changed after it.")
    )

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["assessment", "reviewer"],
                condition=Q(void_at__isnull=True),
                name="review_once_per_person",
            ),
            models.UniqueConstraint(
                fields=["assessment", "stage"],
                condition=Q(void_at__isnull=True),
                name="review_once_per_stage",
            ),
            models.CheckConstraint(condition=~Q(reviewer=F("submitter")), name="review_not_by_submitter"),
            models.CheckConstraint(
                condition=Q(outcome=Outcome.PASS) | ~Q(reason=""), name="review_refusal_has_reason"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
            pgtrigger.ReadOnly(name="only_voided", exclude=["void_at"]),
            pgtrigger.Protect(
                name="void_is_final",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__void_at__isnull=False),
            ),
            # By whom: nobody who ever filed the case, nobody with a conflict, nobody beside the one who works on
            # it, and for the final step neither the person nor the authority behind the initial one.
            pgtrigger.Trigger(
                name="by_whom",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("found", "casework_case%ROWTYPE"), ("principal", "bigint")],
                func=f"""
                    SELECT * INTO found FROM casework_case WHERE id = NEW.case_id;
                    {_no_conflict("NEW.reviewer_id")}
                    IF NEW.submitter_id IS DISTINCT FROM found.submitted_by_id THEN
                        RAISE EXCEPTION 'review_names_who_filed' USING ERRCODE = 'check_violation';
                    END IF;
                    IF EXISTS (
                        SELECT 1 FROM casework_submission
                        WHERE case_id = NEW.case_id AND submitted_by_id = NEW.reviewer_id
                    ) THEN
                        RAISE EXCEPTION 'review_not_by_submitter' USING ERRCODE = 'check_violation';
                    END IF;
                    IF NEW.carried_from_id IS NOT NULL THEN
                        -- Word for word what was concluded, on a calculation that pays everybody the same.
                        IF NOT EXISTS (
                            SELECT 1 FROM casework_review seen
                            JOIN casework_assessment before ON before.id = seen.assessment_id
                            JOIN casework_assessment after ON after.id = NEW.assessment_id
                            WHERE seen.id = NEW.carried_from_id AND seen.void_at IS NULL AND seen.stage = 'initial'
                                AND before.case_id = NEW.case_id AND after.case_id = NEW.case_id
                                AND before.submission_id = after.submission_id
                                AND before.amount_rmb = after.amount_rmb
                                AND before.result -> 'lines' = after.result -> 'lines'
                                AND NEW.assessment_hash = after.hash
                                AND (seen.case_id, seen.stage, seen.outcome, seen.reason, seen.reviewer_id,
                                    seen.submitter_id, seen.at)
                                    = (NEW.case_id, NEW.stage, NEW.outcome, NEW.reason, NEW.reviewer_id,
                                    NEW.submitter_id, NEW.at)
                                AND seen.delegation_id IS NOT DISTINCT FROM NEW.delegation_id
                        ) THEN
                            RAISE EXCEPTION 'review_carried_with_its_amounts' USING ERRCODE = 'check_violation';
                        END IF;
                        RETURN NEW;
                    END IF;
                    IF found.assigned_to_id <> NEW.reviewer_id THEN
                        RAISE EXCEPTION 'review_by_assignee' USING ERRCODE = 'check_violation';
                    END IF;
                    IF NEW.delegation_id IS NOT NULL THEN
                        SELECT giver_id INTO principal FROM casework_delegation
                        WHERE id = NEW.delegation_id AND deputy_id = NEW.reviewer_id AND stage = NEW.stage
                            AND approved_at IS NOT NULL AND ended_at IS NULL
                            AND (NEW.at AT TIME ZONE 'Asia/Shanghai')::date BETWEEN starts_on AND ends_on;
                        IF principal IS NULL THEN
                            RAISE EXCEPTION 'review_delegation_in_force' USING ERRCODE = 'check_violation';
                        END IF;
                        {_no_conflict("principal")}
                        IF principal = NEW.submitter_id THEN
                            RAISE EXCEPTION 'review_not_by_submitter' USING ERRCODE = 'check_violation';
                        END IF;
                    END IF;
                    IF NEW.stage = 'final' AND EXISTS (
                        SELECT 1 FROM casework_review seen
                        LEFT JOIN casework_delegation cover ON cover.id = seen.delegation_id
                        WHERE seen.assessment_id = NEW.assessment_id AND seen.stage = 'initial' AND seen.void_at IS NULL
                            AND (seen.reviewer_id IN (NEW.reviewer_id, principal)
                                OR cover.giver_id IN (NEW.reviewer_id, principal))
                    ) THEN
                        RAISE EXCEPTION 'review_by_two_authorities' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case} · {self.get_stage_display()} · {self.get_outcome_display()}"
