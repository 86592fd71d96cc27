"""What an official concluded about one line of a claim: a receipt, a trainee."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit.triggers import append_only
from casework.enums import LineCode, LineVerdict
from casework.models.case import Case
from casework.models.cover import NO_CONFLICT
from casework.models.history import Submission

_user = settings.AUTH_USER_MODEL


class LineDecision(models.Model):
    """One conclusion on one row of a submission. Rows are only added: of each line the latest counts.

    A line without any is accepted as it was filed. `key` is the row's key in the snapshot (see casework.diff.Layout);
    what a reduction leaves, `accepted`, is in the unit of the row (a receipt's currency) or empty where the programme
    knows only one reduction.
    """

    case = models.ForeignKey(
        Case, on_delete=models.PROTECT, related_name="line_decisions", verbose_name=_("case")
    )
    submission = models.ForeignKey(
        Submission, on_delete=models.PROTECT, related_name="line_decisions", verbose_name=_("submission")
    )
    key = models.CharField(_("line"), max_length=40)
    verdict = models.CharField(_("conclusion"), max_length=10, choices=LineVerdict)
    accepted = models.DecimalField(
        _("accepted amount"), max_digits=16, decimal_places=2, null=True, blank=True
    )
    code = models.CharField(_("kind of reason"), max_length=20, choices=LineCode, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    by = models.ForeignKey(_user, on_delete=models.PROTECT, related_name="+", verbose_name=_("who"))
    at = models.DateTimeField(_("at"), db_default=Now())

    class Meta:
        verbose_name = _("decision on a line")
        verbose_name_plural = _("decisions on lines")
        ordering = ["id"]
        indexes = [models.Index(fields=["submission", "key", "-id"], name="line_decision_latest")]
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict=LineVerdict.ACCEPT, code="", accepted__isnull=True)
                | (~Q(verdict=LineVerdict.ACCEPT) & ~Q(code="") & ~Q(reason="")),
                name="line_decision_has_reason",
            ),
            models.CheckConstraint(
                condition=~Q(verdict=LineVerdict.REFUSE) | Q(accepted__isnull=True),
                name="line_decision_refused_is_nothing",
            ),
        ]
        triggers = [
            *append_only(),
            pgtrigger.Trigger(
                name="made_in_review",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("found", "casework_case%ROWTYPE")],
                func=f"""
                    SELECT * INTO found FROM casework_case WHERE id = NEW.case_id;
                    IF found.status NOT IN ('initial_review', 'final_review') OR NOT EXISTS (
                        SELECT 1 FROM casework_submission WHERE id = NEW.submission_id AND case_id = NEW.case_id
                    ) THEN
                        RAISE EXCEPTION 'line_decision_in_review' USING ERRCODE = 'check_violation';
                    END IF;
                    IF EXISTS (
                        SELECT 1 FROM casework_submission WHERE case_id = NEW.case_id AND submitted_by_id = NEW.by_id
                    ) THEN
                        RAISE EXCEPTION 'line_decision_not_by_submitter' USING ERRCODE = 'check_violation';
                    END IF;
                    {NO_CONFLICT.format(person="NEW.by_id", case="found.id", organisation="found.organisation_id")}
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case} · {self.key} · {self.get_verdict_display()}"
