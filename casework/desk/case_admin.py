"""The case in the admin: the queue, the review page and its verbs, and passing several cases at once."""

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from audit.admin_base import ReadOnlyAdmin
from casework.desk import bulk, filters, queue, review
from casework.desk.changelist import Queue
from casework.desk.forms import DecisionForm, remark_formset, with_more_remarks
from casework.desk.grounds import GroundForm
from casework.desk.hands import HandsPages
from casework.desk.lines import LinesPage
from casework.desk.saved_views import SavedViewPages
from casework.models import Case
from casework.permissions import stage_of
from casework.programmes import programme_of
from casework.services import calculation
from casework.services.decisions import decide
from casework.transitions import Refused

WITH_ALL = (
    "organisation",
    "current_assessment",
    "submitted_by",
    "initial_reviewer",
    "final_reviewer",
    "assigned_to",
)


class CaseAdmin(LinesPage, HandsPages, SavedViewPages, ReadOnlyAdmin):
    list_display = ("number",)  # the table itself is casework.desk.rows
    list_filter = (
        filters.WaitingFilter,
        filters.StageFilter,
        filters.ProgrammeFilter,
        filters.DivisionFilter,
        filters.YearFilter,
        filters.WarningFilter,
        filters.AgeFilter,
        filters.AmountFilter,
    )
    # The search itself is casework.desk.search; a field must stand here for Django to offer one.
    search_fields = ("number",)
    search_help_text = gettext_lazy("Case number, organisation, credit code or bank reference")
    sortable_by = ()
    list_per_page = 50
    show_full_result_count = False
    actions = ["pass_selected"]
    view_on_site = False

    # The list

    def get_queryset(self, request):
        return queue.on_desk(request.user)

    def get_search_results(self, request, queryset, search_term):
        # Whatever is searched for, `Queue.get_queryset` narrows by.
        return queryset, False

    def get_changelist(self, request, **kwargs):
        return Queue

    def changelist_view(self, request, extra_context=None):
        if len(bulk.keys(marked := request.POST.getlist(ACTION_CHECKBOX_NAME))) < len(marked):
            raise BadRequest("A marked row has no number.")
        reviewer = queue.is_reviewer(request.user)
        waiting = queue.waiting_count(request.user) if reviewer else 0
        told = f"{queue.BADGE}+" if waiting > queue.BADGE else str(waiting)
        context = {"reviewer": reviewer, "waiting_text": told}
        return super().changelist_view(request, context | (extra_context or {}))

    # The review page

    def get_urls(self):
        def named(route, view, name):
            return path(route, self.admin_site.admin_view(view), name=f"casework_case_{name}")

        return [
            named("pass/", self.pass_view, "pass"),
            named("next/", self.next_view, "next"),
            named("views/save/", self.save_view_view, "save_view"),
            named("views/<int:pk>/delete/", self.delete_view_view, "delete_view"),
            named("<int:pk>/lines/", self.lines_view, "lines"),
            named("<int:pk>/assign/", self.assign_view, "assign"),
            named("<int:pk>/conflict/", self.conflict_view, "conflict"),
            named("<int:pk>/decide/", self.decide_view, "decide"),
            named("<int:pk>/recalculate/", self.recalculate_view, "recalculate"),
            *super().get_urls(),
        ]

    def _case(self, request, pk) -> Case:
        """The case if it is on this official's desk; 404 otherwise."""
        case = self.get_queryset(request).select_related(*WITH_ALL).filter(pk=pk).first()
        if case is None:
            raise Http404
        return case

    def change_view(self, request, object_id, form_url="", extra_context=None):
        if not object_id.isdecimal():
            raise Http404
        return self._review_page(request, self._case(request, int(object_id)))

    def _review_page(
        self, request, case, *, form=None, refusal: Refused | None = None, hands_reason: str = ""
    ) -> HttpResponse:
        assessment = case.current_assessment
        shown = {
            "stage": stage_of(case) or "",
            "assessment_hash": assessment.hash if assessment else "",
            # What was typed stays; what the page shows is bound anew.
            "reason": form.data.get("reason", "") if form is not None else "",
        }
        kept = _kept_filters(request)
        found = review.context(case, request.user, request.GET.get("submission", ""))
        context = {
            **self.admin_site.each_context(request),
            **found,
            "opts": self.opts,
            "title": case.number,
            "form": DecisionForm(initial=shown),
            "ground_form": GroundForm(case, form.data if form is not None else None),
            "remark_forms": _remark_forms(case, form.data if form is not None else None),
            "refusal": refusal,
            "hands_reason": hands_reason,
            "kept_filters": kept,
            "queue_url": self._queue_url(kept),
        }
        request.current_app = self.admin_site.name
        status = 409 if refusal else 200
        return TemplateResponse(request, "admin/casework/case/review.html", context, status=status)

    @method_decorator(require_POST)
    def decide_view(self, request, pk: int):
        """One conclusion on one case; a refusal shows the page again with the reason as it was typed."""
        case, form = self._case(request, pk), DecisionForm(request.POST)
        if "more_remarks" in request.POST:
            form.data = with_more_remarks(request.POST)
            return self._review_page(request, case, form=form)
        try:
            remarks = _remark_forms(case, request.POST).drafts()
            ground = GroundForm(case, request.POST).draft()
            after = decide(
                case_id=case.pk, user=request.user, remarks=remarks, ground=ground, **form.decision()
            )
        except Refused as refusal:
            return self._review_page(request, self._case(request, pk), form=form, refusal=refusal)
        messages.success(
            request,
            _("%(number)s: your decision is recorded. The case is now “%(status)s”.")
            % {"number": after.number, "status": after.get_status_display()},
        )
        return redirect(self._queue_url(_kept_filters(request)))

    @method_decorator(require_POST)
    def recalculate_view(self, request, pk: int):
        """Ask for a new calculation of one case."""
        case = self._case(request, pk)
        try:
            calculation.recalculate(case_id=case.pk, user=request.user)
        except Refused as refusal:
            return self._review_page(request, case, refusal=refusal)
        messages.success(
            request, _("A new calculation has started. This page shows its result when it is done.")
        )
        return redirect("admin:casework_case_change", case.pk)

    def _queue_url(self, kept: str = "") -> str:
        url = reverse("admin:casework_case_changelist")
        return f"{url}?{kept}" if kept else url

    # Several at once

    def has_review_permission(self, request) -> bool:
        return queue.is_reviewer(request.user)

    @admin.action(description=gettext_lazy("Pass the selected cases…"), permissions=["review"])
    def pass_selected(self, request, queryset):
        """Show what passing would do to each selected case; nothing happens before the confirmation."""
        cases = list(queryset.select_related(*WITH_ALL)[: bulk.MOST + 1])
        lines = bulk.plan(request.user, cases[: bulk.MOST])
        going, total = [line for line in lines if line.token], bulk.total(lines)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Pass several cases"),
            "going": going,
            "staying": [line for line in lines if not line.token],
            "total": total,
            "total_text": f"{total:,.2f}",
            "cut_at": bulk.MOST if len(cases) > bulk.MOST else None,
            "queue_url": self._queue_url(request.GET.urlencode()),
            "kept_filters": request.GET.urlencode(),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/casework/case/pass_selected.html", context)

    @method_decorator(require_POST)
    def pass_view(self, request):
        """Pass the confirmed cases, one by one; each says what became of it."""
        if not self.has_review_permission(request):
            raise PermissionDenied
        tokens = request.POST.getlist("case")[: bulk.MOST]
        cases = self.get_queryset(request).filter(pk__in=bulk.keys(tokens))
        done = bulk.pass_all(request.user, cases, tokens)
        for item in done:
            level = messages.SUCCESS if item.passed else messages.ERROR
            messages.add_message(request, level, f"{item.number}: {item.message}")
        passed = sum(item.passed for item in done)
        messages.info(
            request, ngettext("%(count)d case passed.", "%(count)d cases passed.", passed) % {"count": passed}
        )
        return redirect(self._queue_url(_kept_filters(request)))


def _remark_forms(case: Case, data=None):
    """The remarks as they were typed, or an empty form for the first one."""
    typed = data if data is not None and "remarks-TOTAL_FORMS" in data else None
    snapshot = case.submissions.last().snapshot
    return remark_formset(snapshot, programme_of(case).layout, typed)


def _kept_filters(request) -> str:
    """The queue's address as the official left it."""
    return request.GET.get("_changelist_filters") or request.POST.get("_changelist_filters", "")
