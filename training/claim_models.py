"""The claim of an institution and the trainees that it chose. `training.models` makes Django know these tables."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from casework.models import Case


class TrainingClaim(models.Model):
    """What an institution writes on its claim, beside the chosen trainees."""

    case = models.OneToOneField(
        Case, on_delete=models.PROTECT, related_name="training_claim", verbose_name=_("case")
    )
    note = models.TextField(_("explanation for the reviewer"), blank=True, max_length=2000)
    undertaking_by = models.CharField(_("undertaking given by"), max_length=60, blank=True)
    undertaking_at = models.DateTimeField(_("undertaking given"), null=True, blank=True)

    class Meta:
        verbose_name = _("training claim")
        verbose_name_plural = _("training claims")
        constraints = [
            models.CheckConstraint(
                condition=Q(undertaking_at__isnull=True) | ~Q(undertaking_by=""),
                name="training_undertaking_has_name",
            )
        ]

    def __str__(self) -> str:
        return str(self.case)


class ClaimLine(models.Model):
    """One chosen trainee of a claim."""

    claim = models.ForeignKey(
        TrainingClaim, on_delete=models.PROTECT, related_name="lines", verbose_name=_("claim")
    )
    enrolment = models.ForeignKey(
        "training.Enrolment",
        on_delete=models.PROTECT,
        related_name="claim_lines",
        verbose_name=_("enrolment"),
    )
    released = models.BooleanField(
        _("released"), default=False, editable=False, help_text=_("The claim was withdrawn or rejected.")
    )

    class Meta:
        verbose_name = _("claim line")
        verbose_name_plural = _("claim lines")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["enrolment"], condition=Q(released=False), name="claim_line_enrolment_once"
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="own_enrolment",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func="""
                    IF NOT EXISTS (
                        SELECT 1 FROM training_trainingclaim claim
                        JOIN casework_case filed ON filed.id = claim.case_id
                        JOIN training_trainee trainee ON trainee.institution_id = filed.organisation_id
                        JOIN training_enrolment enrolment ON enrolment.trainee_id = trainee.id
                        WHERE claim.id = NEW.claim_id AND enrolment.id = NEW.enrolment_id
                    ) THEN
                        RAISE EXCEPTION 'claim_line_own_enrolment' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="needs_consent",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    IF NOT EXISTS (
                        SELECT 1 FROM training_enrolment enrolment
                        JOIN training_trainee trainee ON trainee.id = enrolment.trainee_id
                        WHERE enrolment.id = NEW.enrolment_id AND trainee.erased_at IS NULL
                            AND trainee.consent_on <= (now() AT TIME ZONE 'Asia/Shanghai')::date
                    ) THEN
                        RAISE EXCEPTION 'claim_line_needs_consent' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return str(self.enrolment)
