"""The case of one organisation under one programme, and what may become of it."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, User
from accounts.permissions import is_official
from casework.enums import IN_REVIEW, Actor, Status
from policy.enums import ProgrammeCode

_user = settings.AUTH_USER_MODEL


class Edge(models.Model):
    """The transition table as the database knows it; `casework.transitions.EDGES` is the same table in code."""

    from_status = models.CharField(_("from"), max_length=20, choices=Status)
    to_status = models.CharField(_("to"), max_length=20, choices=Status)
    actor = models.CharField(_("who"), max_length=20, choices=Actor)
    reason_required = models.BooleanField(_("reason required"), default=False)

    class Meta:
        verbose_name = _("permitted transition")
        verbose_name_plural = _("permitted transitions")
        constraints = [
            models.UniqueConstraint(fields=["from_status", "to_status"], name="casework_edge_once")
        ]

    def __str__(self) -> str:
        return f"{self.get_from_status_display()} → {self.get_to_status_display()}"


class CaseQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "CaseQuerySet":
        """A person's own organisations' cases; officials see everything that was filed."""
        if not user.is_authenticated:
            return self.none()
        own = Q(organisation__memberships__user=user)
        if is_official(user):
            filed = Q(submitted_at__isnull=False)
            return self.filter(Q(pk__in=Case.objects.filter(own).values("pk")) | filed)
        return self.filter(own)


class Case(models.Model):
    """One claim of one organisation under one programme."""

    number = models.CharField(_("case number"), max_length=24, unique=True)
    programme = models.CharField(_("programme"), max_length=10, choices=ProgrammeCode)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="cases", verbose_name=_("organisation")
    )
    year = models.PositiveSmallIntegerField(_("year"))
    status = models.CharField(_("status"), max_length=20, choices=Status, default=Status.DRAFT)
    version = models.PositiveIntegerField(_("version"), default=1, help_text=_("Grows with every change."))
    created_by = models.ForeignKey(
        _user, on_delete=models.PROTECT, related_name="+", verbose_name=_("created by")
    )
    created_at = models.DateTimeField(_("created"), db_default=Now())
    changed_by = models.ForeignKey(
        _user, on_delete=models.PROTECT, related_name="+", verbose_name=_("changed by")
    )
    changed_at = models.DateTimeField(_("changed"), db_default=Now())
    submitted_by = models.ForeignKey(
        _user,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("submitted by"),
    )
    submitted_at = models.DateTimeField(_("submitted"), null=True, blank=True)
    stage_since = models.DateTimeField(_("in this status since"), db_default=Now())
    initial_reviewer = models.ForeignKey(
        _user,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("initial reviewer"),
    )
    final_reviewer = models.ForeignKey(
        _user,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("final reviewer"),
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    current_assessment = models.ForeignKey(
        "Assessment",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("assessment"),
    )
    amount_rmb = models.DecimalField(
        _("amount (RMB)"),
        max_digits=14,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=_("As calculated; the award once the case is approved."),
    )
    warnings = ArrayField(
        models.CharField(max_length=60), verbose_name=_("warnings"), default=list, blank=True
    )

    assigned_to = models.ForeignKey(
        _user,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("assigned to"),
        help_text=_("Who works on it at this step; nobody: it lies free."),
    )
    division = models.CharField(
        _("division code"), max_length=6, blank=True, help_text=_("Of the organisation when it filed.")
    )

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["status", "stage_since", "id"], name="case_queue"),
            models.Index(fields=["organisation", "programme", "year"], name="case_year"),
            # The queue's pages: what waits, oldest first; everything, latest step first; and the rarer filters.
            models.Index(
                fields=["stage_since", "id"],
                condition=Q(status__in=IN_REVIEW),
                # What says for whom a case waits: counting reads the index alone.
                include=[
                    "status",
                    "submitted_at",
                    "submitted_by",
                    "initial_reviewer",
                    "assigned_to",
                    "organisation",
                ],
                name="case_in_review",
            ),
            models.Index(fields=["stage_since", "id"], name="case_latest_step"),
            models.Index(fields=["year", "stage_since", "id"], name="case_of_year"),
            models.Index(fields=["division", "stage_since", "id"], name="case_of_division"),
            # Filters together: to count up to the thousandth row reads those rows alone. Few keys, so it is small.
            models.Index(
                fields=["division", "year", "status"],
                condition=Q(submitted_at__isnull=False),
                name="case_of_several_filters",
            ),
            models.Index(fields=["amount_rmb"], name="case_amount"),
            models.Index(
                fields=["assigned_to", "stage_since"],
                condition=Q(assigned_to__isnull=False),
                name="case_assigned",
            ),
            GinIndex(fields=["warnings"], name="case_warnings"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "programme", "year"],
                condition=Q(status=Status.DRAFT),
                name="case_one_draft_a_year",
            ),
            models.CheckConstraint(
                condition=(
                    (
                        Q(initial_reviewer__isnull=True)
                        | Q(final_reviewer__isnull=True)
                        | ~Q(initial_reviewer=F("final_reviewer"))
                    )
                    & (
                        Q(submitted_by__isnull=True)
                        | Q(initial_reviewer__isnull=True)
                        | ~Q(submitted_by=F("initial_reviewer"))
                    )
                    & (
                        Q(submitted_by__isnull=True)
                        | Q(final_reviewer__isnull=True)
                        | ~Q(submitted_by=F("final_reviewer"))
                    )
                ),
                name="case_four_eyes",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[Status.DRAFT, Status.WITHDRAWN])
                | Q(submitted_by__isnull=False, submitted_at__isnull=False),
                name="case_filed_has_submitter",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[Status.FINAL_REVIEW, Status.APPROVED, Status.REJECTED])
                | Q(initial_reviewer__isnull=False, current_assessment__isnull=False),
                name="case_final_stage_has_initial_reviewer",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[Status.APPROVED, Status.REJECTED])
                | Q(final_reviewer__isnull=False, decided_at__isnull=False, amount_rmb__isnull=False),
                name="case_decided_has_final_reviewer",
            ),
            models.CheckConstraint(
                condition=Q(amount_rmb__isnull=True) | Q(amount_rmb__gte=0), name="case_amount_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(assigned_to__isnull=True) | Q(status__in=IN_REVIEW),
                name="case_assigned_in_review",
            ),
            models.CheckConstraint(
                condition=Q(assigned_to__isnull=True) | ~Q(assigned_to=F("submitted_by")),
                name="case_not_assigned_to_submitter",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="assigned_without_conflict",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("assigned_to_id"),
                condition=pgtrigger.Q(new__assigned_to__isnull=False),
                func="""
                    IF EXISTS (
                        SELECT 1 FROM casework_conflict
                        WHERE official_id = NEW.assigned_to_id AND lifted_at IS NULL
                            AND (case_id = NEW.id OR organisation_id = NEW.organisation_id)
                    ) THEN
                        RAISE EXCEPTION 'conflict_of_interest' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="status_follows_the_table",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func="""
                    IF TG_OP = 'INSERT' THEN
                        IF NEW.status <> 'draft' THEN
                            RAISE EXCEPTION 'case_status_begins_as_draft' USING ERRCODE = 'check_violation';
                        END IF;
                        RETURN NEW;
                    END IF;
                    IF (NEW.organisation_id, NEW.programme, NEW.year, NEW.number) IS DISTINCT FROM
                        (OLD.organisation_id, OLD.programme, OLD.year, OLD.number) THEN
                        RAISE EXCEPTION 'case_identity_is_fixed' USING ERRCODE = 'check_violation';
                    END IF;
                    IF NEW.status = OLD.status THEN
                        IF NEW.submitted_by_id IS DISTINCT FROM OLD.submitted_by_id THEN
                            RAISE EXCEPTION 'case_filer_is_fixed' USING ERRCODE = 'check_violation';
                        END IF;
                        IF OLD.status IN ('approved', 'rejected') AND (
                            NEW.amount_rmb, NEW.current_assessment_id, NEW.initial_reviewer_id,
                            NEW.final_reviewer_id, NEW.submitted_by_id
                        ) IS DISTINCT FROM (
                            OLD.amount_rmb, OLD.current_assessment_id, OLD.initial_reviewer_id,
                            OLD.final_reviewer_id, OLD.submitted_by_id
                        ) THEN
                            RAISE EXCEPTION 'case_decision_is_final' USING ERRCODE = 'check_violation';
                        END IF;
                        RETURN NEW;
                    END IF;
                    IF NOT EXISTS (
                        SELECT 1 FROM casework_edge WHERE from_status = OLD.status AND to_status = NEW.status
                    ) THEN
                        RAISE EXCEPTION 'case_status_edge: % -> %', OLD.status, NEW.status
                            USING ERRCODE = 'check_violation';
                    END IF;
                    IF OLD.status IN ('approved', 'rejected') AND (
                        EXISTS (SELECT 1 FROM casework_award WHERE case_id = NEW.id AND reversed_at IS NULL)
                        OR NOT EXISTS (
                            SELECT 1 FROM casework_reopening
                            WHERE case_id = NEW.id AND state = 'confirmed' AND decision_id = (
                                SELECT max(id) FROM casework_transition WHERE case_id = NEW.id
                            )
                        )
                    ) THEN
                        RAISE EXCEPTION 'case_reopened_by_two' USING ERRCODE = 'check_violation';
                    END IF;
                    IF NEW.status = 'approved' AND NOT (
                        EXISTS (
                            SELECT 1 FROM casework_review
                            WHERE assessment_id = NEW.current_assessment_id AND stage = 'initial'
                                AND outcome IN ('pass', 'propose_rejection') AND reviewer_id = NEW.initial_reviewer_id
                                AND void_at IS NULL
                        ) AND EXISTS (
                            SELECT 1 FROM casework_review
                            WHERE assessment_id = NEW.current_assessment_id AND stage = 'final'
                                AND outcome = 'pass' AND reviewer_id = NEW.final_reviewer_id AND void_at IS NULL
                        )
                    ) THEN
                        RAISE EXCEPTION 'case_approval_needs_two_reviews' USING ERRCODE = 'check_violation';
                    END IF;
                    IF NEW.status = 'rejected' AND NOT EXISTS (
                        SELECT 1 FROM casework_ground ground JOIN casework_review review ON review.id = ground.review_id
                        WHERE review.assessment_id = NEW.current_assessment_id AND review.stage = 'final'
                            AND review.outcome = 'reject' AND review.reviewer_id = NEW.final_reviewer_id
                    ) THEN
                        RAISE EXCEPTION 'case_rejection_needs_ground' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        from django.urls import reverse

        return reverse("casework:case", args=[self.number])

    @property
    def award(self) -> models.Model | None:
        """The award in force; None before the approval, and after the award was reversed."""
        return self.awards.filter(reversed_at__isnull=True).first()
