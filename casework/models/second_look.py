"""Reopening a decided case: proposed by one official, confirmed by another, never once money is on its way."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit.triggers import no_truncate
from casework.enums import ReopeningCause, ReopeningState
from casework.models.award import Award
from casework.models.calculation import Assessment
from casework.models.case import Case
from casework.models.history import Transition

_user = settings.AUTH_USER_MODEL


class Reopening(models.Model):
    """Why a decision is taken back. `decision` is the step that is undone, `award` and `before` what it had come to."""

    case = models.ForeignKey(
        Case, on_delete=models.PROTECT, related_name="reopenings", verbose_name=_("case")
    )
    decision = models.ForeignKey(
        Transition, on_delete=models.PROTECT, related_name="+", verbose_name=_("decision")
    )
    award = models.ForeignKey(
        Award, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("award")
    )
    before = models.ForeignKey(
        Assessment, on_delete=models.PROTECT, related_name="+", verbose_name=_("assessment")
    )
    cause = models.CharField(_("cause"), max_length=10, choices=ReopeningCause)
    reference = models.CharField(
        _("reference"), max_length=40, blank=True, help_text=_("The number of the objection or appeal.")
    )
    reason = models.TextField(_("reason"), max_length=2000)
    state = models.CharField(
        _("state"), max_length=12, choices=ReopeningState, default=ReopeningState.PROPOSED
    )
    proposed_by = models.ForeignKey(
        _user, on_delete=models.PROTECT, related_name="+", verbose_name=_("proposed by")
    )
    proposed_at = models.DateTimeField(_("proposed"), db_default=Now())
    confirmed_by = models.ForeignKey(
        _user,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("confirmed by"),
    )
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    turned_down_by = models.ForeignKey(
        _user,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("turned down by"),
    )
    turned_down_at = models.DateTimeField(_("turned down"), null=True, blank=True)
    turned_down_why = models.CharField(_("why it was turned down"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("reopening")
        verbose_name_plural = _("reopenings")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(state=ReopeningState.PROPOSED), name="reopening_one_open"
            ),
            models.UniqueConstraint(
                fields=["decision"],
                condition=Q(state=ReopeningState.CONFIRMED),
                name="reopening_once_of_a_decision",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True) | ~Q(confirmed_by=F("proposed_by")),
                name="reopening_two_people",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="reopening_has_reason"),
            models.CheckConstraint(
                condition=Q(
                    state=ReopeningState.PROPOSED,
                    confirmed_by__isnull=True,
                    confirmed_at__isnull=True,
                    turned_down_by__isnull=True,
                    turned_down_at__isnull=True,
                )
                | Q(
                    state=ReopeningState.CONFIRMED,
                    confirmed_by__isnull=False,
                    confirmed_at__isnull=False,
                    turned_down_by__isnull=True,
                    turned_down_at__isnull=True,
                )
                | Q(
                    state=ReopeningState.TURNED_DOWN,
                    confirmed_by__isnull=True,
                    confirmed_at__isnull=True,
                    turned_down_by__isnull=False,
                    turned_down_at__isnull=False,
                )
                & ~Q(turned_down_why=""),
                name="reopening_state_says_who",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
            pgtrigger.ReadOnly(
                name="what_was_proposed_is_fixed",
                fields=[
                    "case",
                    "decision",
                    "award",
                    "before",
                    "cause",
                    "reference",
                    "reason",
                    "proposed_by",
                    "proposed_at",
                ],
            ),
            pgtrigger.Trigger(
                name="steps_of_a_reopening",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                declare=[("found", "casework_case%ROWTYPE")],
                func="""
                    SELECT * INTO found FROM casework_case WHERE id = NEW.case_id;
                    IF TG_OP = 'INSERT' THEN
                        IF NEW.state <> 'proposed' OR found.status NOT IN ('approved', 'rejected')
                            OR NEW.decision_id <> (SELECT max(id) FROM casework_transition WHERE case_id = NEW.case_id)
                            OR NEW.award_id IS DISTINCT FROM (
                                SELECT id FROM casework_award WHERE case_id = NEW.case_id AND reversed_at IS NULL
                            )
                            OR NEW.before_id IS DISTINCT FROM found.current_assessment_id THEN
                            RAISE EXCEPTION 'reopening_of_the_decision' USING ERRCODE = 'check_violation';
                        END IF;
                        RETURN NEW;
                    END IF;
                    IF OLD.state <> 'proposed' THEN
                        RAISE EXCEPTION 'reopening_is_final' USING ERRCODE = 'check_violation';
                    END IF;
                    IF NEW.state = 'confirmed' AND (
                        NEW.confirmed_by_id = found.final_reviewer_id OR EXISTS (
                            SELECT 1 FROM casework_submission
                            WHERE case_id = NEW.case_id AND submitted_by_id = NEW.confirmed_by_id
                        )
                    ) THEN
                        RAISE EXCEPTION 'reopening_not_by_who_decided' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,  # noqa: E501
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case} · {self.get_state_display()}"
