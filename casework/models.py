"""The spine shared by every programme: case, submissions, calculations, reviews, awards and their history."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, User
from accounts.permissions import is_official
from audit.triggers import append_only, no_truncate
from casework.enums import (
    Actor,
    CaseEventKind,
    Outcome,
    Payee,
    RemarkCode,
    RunCause,
    RunState,
    Stage,
    Status,
    TargetKind,
)
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

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["status", "stage_since", "id"], name="case_queue"),
            models.Index(fields=["organisation", "programme", "year"], name="case_year"),
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
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
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
                    IF NEW.status = 'approved' AND NOT (
                        EXISTS (
                            SELECT 1 FROM casework_review
                            WHERE assessment_id = NEW.current_assessment_id AND stage = 'initial'
                                AND outcome IN ('pass', 'propose_rejection') AND reviewer_id = NEW.initial_reviewer_id
                        ) AND EXISTS (
                            SELECT 1 FROM casework_review
                            WHERE assessment_id = NEW.current_assessment_id AND stage = 'final'
                                AND outcome = 'pass' AND reviewer_id = NEW.final_reviewer_id
                        )
                    ) THEN
                        RAISE EXCEPTION 'case_approval_needs_two_reviews' USING ERRCODE = 'check_violation';
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


class Transition(models.Model):
    """One step of a case: from, to, who, when, why."""

    case = models.ForeignKey(
        Case, on_delete=models.PROTECT, related_name="transitions", verbose_name=_("case")
    )
    from_status = models.CharField(_("from"), max_length=20, choices=Status, blank=True)
    to_status = models.CharField(_("to"), max_length=20, choices=Status)
    actor = models.ForeignKey(
        _user, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("who")
    )
    acted_as = models.CharField(_("acted as"), max_length=20, choices=Actor)
    reason = models.TextField(_("reason"), blank=True)
    at = models.DateTimeField(_("at"), db_default=Now())

    class Meta:
        verbose_name = _("transition")
        verbose_name_plural = _("transitions")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(acted_as=Actor.SYSTEM) | Q(actor__isnull=False), name="transition_has_actor"
            ),
            models.CheckConstraint(
                condition=~Q(to_status__in=[Status.RETURNED, Status.REJECTED]) | ~Q(reason=""),
                name="transition_refusal_has_reason",
            ),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.get_from_status_display()} → {self.get_to_status_display()}"


class Submission(models.Model):
    """The inputs as they were when the applicant filed: frozen, numbered, hashed."""

    case = models.ForeignKey(
        Case, on_delete=models.PROTECT, related_name="submissions", verbose_name=_("case")
    )
    number = models.PositiveSmallIntegerField(_("number"))
    snapshot = models.JSONField(_("inputs"))
    snapshot_hash = models.CharField(_("hash of the inputs"), max_length=64)
    submitted_by = models.ForeignKey(
        _user, on_delete=models.PROTECT, related_name="+", verbose_name=_("submitted by")
    )
    submitted_at = models.DateTimeField(_("submitted"), db_default=Now())

    class Meta:
        verbose_name = _("submission")
        verbose_name_plural = _("submissions")
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["case", "number"], name="submission_number_once")]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.case} #{self.number}"


class CalculationRun(models.Model):
    """A calculation to do, being done or done. The row is the outbox: the broker only speeds it up."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="runs", verbose_name=_("case"))
    submission = models.ForeignKey(
        Submission, on_delete=models.PROTECT, related_name="+", verbose_name=_("submission")
    )
    cause = models.CharField(_("cause"), max_length=20, choices=RunCause)
    state = models.CharField(_("state"), max_length=12, choices=RunState, default=RunState.QUEUED)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    created_at = models.DateTimeField(_("created"), db_default=Now())
    run_after = models.DateTimeField(_("not before"), db_default=Now())
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("calculation run")
        verbose_name_plural = _("calculation runs")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(state=RunState.QUEUED), name="run_one_waiting_per_case"
            ),
        ]
        indexes = [
            models.Index(fields=["run_after"], condition=Q(state=RunState.QUEUED), name="run_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.case} · {self.get_state_display()}"


class Assessment(models.Model):
    """What the rules said about one submission: amount, reasons and trace, bound to the inputs by a hash."""

    case = models.ForeignKey(
        Case, on_delete=models.PROTECT, related_name="assessments", verbose_name=_("case")
    )
    submission = models.ForeignKey(
        Submission, on_delete=models.PROTECT, related_name="+", verbose_name=_("submission")
    )
    run = models.ForeignKey(CalculationRun, on_delete=models.PROTECT, related_name="+", verbose_name=_("run"))
    policy_key = models.CharField(_("policy version"), max_length=120)
    inputs = models.JSONField(
        _("inputs"), help_text=_("The basis beside the snapshot: what was granted before.")
    )
    inputs_hash = models.CharField(_("hash of the inputs"), max_length=64)
    amount_rmb = models.DecimalField(_("amount (RMB)"), max_digits=14, decimal_places=2)
    result = models.JSONField(_("result"), help_text=_("Lines, reasons and steps."))
    hash = models.CharField(_("hash"), max_length=64)
    created_at = models.DateTimeField(_("calculated"), db_default=Now())

    class Meta:
        verbose_name = _("assessment")
        verbose_name_plural = _("assessments")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["case", "policy_key", "inputs_hash"], name="assessment_once"),
            models.CheckConstraint(condition=Q(amount_rmb__gte=0), name="assessment_amount_not_negative"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.case} {self.amount_rmb}"


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
    at = models.DateTimeField(_("at"), db_default=Now())

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["assessment", "reviewer"], name="review_once_per_person"),
            models.UniqueConstraint(fields=["assessment", "stage"], name="review_once_per_stage"),
            models.CheckConstraint(condition=~Q(reviewer=F("submitter")), name="review_not_by_submitter"),
            models.CheckConstraint(
                condition=Q(outcome=Outcome.PASS) | ~Q(reason=""), name="review_refusal_has_reason"
            ),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.case} · {self.get_stage_display()} · {self.get_outcome_display()}"


class Award(models.Model):
    """What was granted, written with the final approval."""

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="award", verbose_name=_("case"))
    assessment = models.OneToOneField(
        Assessment, on_delete=models.PROTECT, related_name="award", verbose_name=_("assessment")
    )
    amount_rmb = models.DecimalField(_("amount (RMB)"), max_digits=14, decimal_places=2)
    awarded_at = models.DateTimeField(_("awarded"), db_default=Now())

    class Meta:
        verbose_name = _("award")
        verbose_name_plural = _("awards")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount_rmb__gte=0), name="award_amount_not_negative")
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.case} {self.amount_rmb}"


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
        ]

    def __str__(self) -> str:
        return f"{self.award} · {self.get_payee_display()}"


class Remark(models.Model):
    """What an official asks to be corrected, pinned to a place in the frozen inputs; the applicant's answer to it.

    `path` names the place by stable keys: `note`, `lines/12/amount`, `lines/12`, `lines/+` (adding and removing rows),
    `documents/7`. Only what was marked reopens (`casework.reopening`).
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="remarks", verbose_name=_("case"))
    review = models.ForeignKey(
        Review, on_delete=models.PROTECT, related_name="remarks", verbose_name=_("review")
    )
    submission = models.ForeignKey(
        Submission, on_delete=models.PROTECT, related_name="remarks", verbose_name=_("submission")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=TargetKind)
    path = models.CharField(_("place"), max_length=200)
    code = models.CharField(_("reason"), max_length=12, choices=RemarkCode, blank=True)
    text = models.TextField(_("remark"), max_length=1000)
    author = models.ForeignKey(_user, on_delete=models.PROTECT, related_name="+", verbose_name=_("author"))
    created_at = models.DateTimeField(_("created"), db_default=Now())
    answer = models.TextField(_("answer"), max_length=1000, blank=True)
    resolved_by = models.ForeignKey(
        Submission,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="resolved_remarks",
        verbose_name=_("answered by submission"),
    )

    class Meta:
        verbose_name = _("remark")
        verbose_name_plural = _("remarks")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=~Q(text="") & ~Q(path=""), name="remark_says_what_and_where"),
            models.CheckConstraint(
                condition=Q(answer="") | Q(resolved_by__isnull=False), name="remark_answer_has_submission"
            ),
        ]
        indexes = [
            models.Index(fields=["case"], condition=Q(resolved_by__isnull=True), name="remark_open"),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
            pgtrigger.ReadOnly(name="only_answered", exclude=["answer", "resolved_by"]),
            pgtrigger.Protect(
                name="answered_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__resolved_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case} · {self.path}"


class CaseEvent(models.Model):
    """Something that happened to a case beside its status, once for each `key`: reminders, the end of a term."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="events", verbose_name=_("case"))
    kind = models.CharField(_("kind"), max_length=30, choices=CaseEventKind)
    key = models.CharField(
        _("key"), max_length=60, help_text=_("What it belongs to, so that it happens once.")
    )
    at = models.DateTimeField(_("at"), db_default=Now())
    data = models.JSONField(_("data"), default=dict, blank=True)

    class Meta:
        verbose_name = _("event of a case")
        verbose_name_plural = _("events of cases")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["case", "kind", "key"], name="case_event_once"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.case} · {self.get_kind_display()}"
