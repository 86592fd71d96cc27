"""The registers of casework: officials read them; what changes a case is on the desk (`casework.desk`)."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from audit.admin_base import ReadOnlyAdmin, ReadOnlyInline, pretty
from casework.desk import (  # noqa: F401  (they register themselves)
    cover_admin,
    fund_admin,
    recalculation_admin,
    reopening_admin,
)
from casework.desk.case_admin import CaseAdmin
from casework.models import (
    Assessment,
    Assignment,
    Award,
    AwardLine,
    CalculationRun,
    Case,
    CaseEvent,
    FiledReference,
    LineDecision,
    Remark,
    Review,
    Submission,
    Transition,
)

admin.site.register(Case, CaseAdmin)


class OfCase(ReadOnlyAdmin):
    """A register whose rows belong to a case: found by its number, newest first."""

    search_fields = ("case__number",)
    search_help_text = _("Case number")
    ordering = ("-id",)


@admin.register(Transition)
class TransitionAdmin(OfCase):
    list_display = ("case", "from_status", "to_status", "acted_as", "actor", "at")
    list_select_related = ("case", "actor")
    list_filter = ("to_status", "acted_as")


@admin.register(Submission)
class SubmissionAdmin(OfCase):
    list_display = ("case", "number", "submitted_by", "submitted_at", "snapshot_hash")
    list_select_related = ("case", "submitted_by")
    search_fields = ("case__number", "snapshot_hash")
    search_help_text = _("Case number or hash")
    fields = ("case", "number", "submitted_by", "submitted_at", "snapshot_hash", "inputs")

    def get_queryset(self, request):
        # The list needs no inputs; they are long.
        return super().get_queryset(request).defer("snapshot")

    @admin.display(description=_("inputs"))
    def inputs(self, submission):
        return pretty(submission.snapshot)


@admin.register(CalculationRun)
class CalculationRunAdmin(OfCase):
    list_display = ("case", "cause", "state", "attempts", "created_at", "finished_at", "error")
    list_select_related = ("case",)
    list_filter = ("state", "cause")


@admin.register(Assessment)
class AssessmentAdmin(OfCase):
    list_display = ("case", "policy_key", "amount_rmb", "created_at", "hash")
    list_select_related = ("case",)
    search_fields = ("case__number", "hash")
    search_help_text = _("Case number or hash")
    fields = (
        "case",
        "submission",
        "run",
        "policy_key",
        "amount_rmb",
        "created_at",
        "hash",
        "inputs_hash",
        "basis",
        "outcome",
    )

    def get_queryset(self, request):
        return (
            super()
            .get_queryset(request)
            .select_related("case", "submission__case", "run__case")
            .defer("result", "inputs")
        )

    @admin.display(description=_("inputs"))
    def basis(self, assessment):
        return pretty(assessment.inputs)

    @admin.display(description=_("result"))
    def outcome(self, assessment):
        return pretty(assessment.result)


@admin.register(Review)
class ReviewAdmin(OfCase):
    list_display = ("case", "stage", "outcome", "reviewer", "at", "reason_text")
    list_select_related = ("case", "reviewer")
    list_filter = ("stage", "outcome")

    @admin.display(description=_("reason"))
    def reason_text(self, review):
        return review.reason


@admin.register(Remark)
class RemarkAdmin(OfCase):
    list_display = ("case", "path", "code", "text", "author", "created_at", "answer", "resolved_by")
    list_select_related = ("case", "author", "resolved_by__case")
    list_filter = ("kind", "code", ("resolved_by", admin.EmptyFieldListFilter))
    search_fields = ("case__number", "text")
    search_help_text = _("Case number or words of the remark")


@admin.register(CaseEvent)
class CaseEventAdmin(OfCase):
    list_display = ("case", "kind", "key", "at")
    list_select_related = ("case",)
    list_filter = ("kind",)
    fields = ("case", "kind", "key", "at", "what")

    @admin.display(description=_("data"))
    def what(self, event):
        return pretty(event.data)


class AwardLineInline(ReadOnlyInline):
    model = AwardLine
    fields = ("payee", "reference", "amount_rmb", "reversed_at")


@admin.register(Award)
class AwardAdmin(OfCase):
    list_display = ("case", "organisation", "amount_rmb", "awarded_at")
    list_select_related = ("case__organisation",)
    search_fields = ("case__number", "case__organisation__name", "case__organisation__credit_code")
    search_help_text = _("Case number, organisation or credit code")
    inlines = [AwardLineInline]

    @admin.display(description=_("organisation"), ordering="case__organisation__name")
    def organisation(self, award):
        return award.case.organisation


@admin.register(LineDecision)
class LineDecisionAdmin(OfCase):
    list_display = ("case", "key", "verdict", "accepted", "code", "reason", "by", "at")
    list_select_related = ("case", "by")
    list_filter = ("verdict", "code")


@admin.register(Assignment)
class AssignmentAdmin(OfCase):
    list_display = ("case", "stage", "before", "assignee", "by", "reason", "at")
    list_select_related = ("case", "before", "assignee", "by")


@admin.register(FiledReference)
class FiledReferenceAdmin(OfCase):
    list_display = ("case", "key", "written", "plain")
    list_select_related = ("case",)
    search_fields = ("=plain", "case__number")
