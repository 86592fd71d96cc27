"""Recalculations on the desk: choose a selection, look at the preview, a second person's decision, what changed."""

import re

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from audit.admin_base import ReadOnlyAdmin
from casework.desk import recalculation as page
from casework.enums import RecalculationState
from casework.models import Recalculation
from casework.services import recalculation as service
from casework.transitions import Refused
from policy.enums import ProgrammeCode
from policy.practice import FIRST_YEAR

MOST_DIGITS = 18
PAGE = 50


class SelectionForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("what changed"),
        max_length=300,
        help_text=gettext_lazy(
            "The rule or the data, with its document: it stands in the record of every case."
        ),
    )
    programme = forms.ChoiceField(label=gettext_lazy("programme"), choices=ProgrammeCode)
    year = forms.IntegerField(
        label=gettext_lazy("year"),
        required=False,
        min_value=FIRST_YEAR,
        max_value=2100,
        help_text=gettext_lazy("Empty: every year."),
    )
    version_code = forms.CharField(
        label=gettext_lazy("calculated by version"),
        required=False,
        max_length=20,
        help_text=gettext_lazy("Only cases whose calculation names this policy version, such as 2013."),
    )
    numbers = forms.CharField(
        label=gettext_lazy("case numbers"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Only these, one on each line. Empty: all cases of the selection."),
    )

    def clean_numbers(self) -> list[str]:
        return [word for word in re.split(r"[\s,;，；、]+", self.cleaned_data["numbers"]) if word]


@admin.register(Recalculation)
class RecalculationAdmin(ReadOnlyAdmin):
    list_display = ("reason", "programme", "state", "proposed_by", "proposed_at", "decided_by", "decided_at")
    list_filter = ("state", "programme")
    list_select_related = ("proposed_by", "decided_by")
    search_fields = ("reason",)
    search_help_text = gettext_lazy("What changed")
    change_list_template = "admin/casework/recalculation/change_list.html"

    def get_urls(self):
        def named(route, view, name):
            return path(route, self.admin_site.admin_view(view), name=f"casework_recalculation_{name}")

        return [
            named("new/", self.new_view, "new"),
            named("<int:pk>/decide/", self.decide_view, "decide"),
            *super().get_urls(),
        ]

    def changelist_view(self, request, extra_context=None):
        may = bool(service.may_recalculate_many(request.user))
        return super().changelist_view(request, {"may_propose": may, **(extra_context or {})})

    def _page(self, request, template: str, context: dict, status: int = 200) -> TemplateResponse:
        request.current_app = self.admin_site.name
        context = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        return TemplateResponse(
            request, f"admin/casework/recalculation/{template}.html", context, status=status
        )

    def new_view(self, request):
        """Choose what is to be calculated again; nothing is before somebody else has looked at the preview."""
        if not service.may_recalculate_many(request.user):
            raise PermissionDenied
        form = SelectionForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                found = service.propose(user=request.user, **form.cleaned_data)
            except Refused as refusal:
                form.add_error(refusal.code if refusal.code in form.fields else None, refusal.message)
            else:
                return redirect("admin:casework_recalculation_change", found.pk)
        context = {"title": _("Calculate a selection again"), "form": form}
        return self._page(request, "form", context, 422 if form.is_bound else 200)

    def _row(self, pk: int) -> Recalculation:
        rows = Recalculation.objects.select_related("proposed_by", "decided_by")
        found = rows.filter(pk=pk).first() if len(str(pk)) <= MOST_DIGITS else None
        if found is None:
            raise Http404
        return found

    def change_view(self, request, object_id, form_url="", extra_context=None):
        if not object_id.isdecimal():
            raise Http404
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        return self._shown(request, self._row(int(object_id)))

    def _shown(self, request, row: Recalculation, refusal: Refused | None = None) -> TemplateResponse:
        tabs = page.tabs(row)
        first = next((tab.code for tab in tabs if tab.count), "moves")
        wanted = request.GET.get("show", "")
        shown = wanted if wanted in page.TABS else first
        rows = Paginator(page.rows_of(row, shown), PAGE).get_page(request.GET.get("page"))
        through, total = page.progress(row)
        context = {
            "title": str(row),
            "recalculation": row,
            "tabs": tabs,
            "shown": shown,
            "rows": rows,
            "query": f"show={shown}&",
            "lines": page.lines_of(row, rows),
            "through": through,
            "total": total,
            "is_busy": page.is_busy(row),
            "voided": page.voided(row) if row.state == RecalculationState.PROPOSED else 0,
            "answer": service.may_recalculate_many(request.user, row),
            "may_turn_down": bool(service.may_recalculate_many(request.user)),
            "refusal": refusal,
        }
        return self._page(request, "recalculation", context, 409 if refusal else 200)

    @method_decorator(require_POST)
    def decide_view(self, request, pk: int):
        """Confirm the previewed recalculation, or turn it down with a note."""
        if not service.may_recalculate_many(request.user):
            raise PermissionDenied
        row = self._row(pk)
        confirms = "confirm" in request.POST
        try:
            service.decide(
                recalculation_id=pk,
                user=request.user,
                confirms=confirms,
                note=request.POST.get("note", "")[:300],
            )
        except Refused as refusal:
            return self._shown(request, row, refusal)
        if confirms:
            messages.success(request, _("Confirmed: the cases are being calculated again."))
        else:
            messages.success(request, _("The recalculation is turned down; nothing changed."))
        return redirect("admin:casework_recalculation_change", pk)
