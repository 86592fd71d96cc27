"""Reopening decided cases on the desk: a proposal, and what another person says to it."""

from decimal import Decimal

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from audit.admin_base import ReadOnlyAdmin
from casework.comparison import compare
from casework.enums import ReopeningCause
from casework.models import Case, Reopening
from casework.permissions import may_confirm_reopening, may_propose_reopening
from casework.services import second_look
from casework.transitions import Refused


class ProposalForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)
    cause = forms.ChoiceField(label=gettext_lazy("Cause"), choices=ReopeningCause.choices)
    reference = forms.CharField(
        label=gettext_lazy("Number of the objection or appeal"), required=False, max_length=40
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("The applicant reads it once the reopening is confirmed."),
    )


class SettleForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)
    why = forms.CharField(
        label=gettext_lazy("Why it is turned down"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Needed to turn it down."),
    )


@admin.register(Reopening)
class ReopeningAdmin(ReadOnlyAdmin):
    list_display = ("case", "cause", "state", "proposed_by", "proposed_at", "confirmed_by", "confirmed_at")
    list_display_links = ("case",)
    list_select_related = ("case", "proposed_by", "confirmed_by")
    list_filter = ("state", "cause")
    search_fields = ("case__number", "case__organisation__name", "reference")
    search_help_text = gettext_lazy("Case number, organisation or number of the objection")
    ordering = ("-id",)

    def get_urls(self):
        def named(route, view, name):
            return path(route, self.admin_site.admin_view(view), name=f"casework_reopening_{name}")

        return [
            named("<int:pk>/propose", self.propose_view, "propose"),
            named("<int:pk>/settle", self.settle_view, "settle"),
            *super().get_urls(),
        ]

    def _page(self, request, template: str, context: dict, status: int = 200) -> TemplateResponse:
        request.current_app = self.admin_site.name
        context = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        return TemplateResponse(request, f"admin/casework/reopening/{template}.html", context, status=status)

    def propose_view(self, request, pk: int):
        """Propose to reopen the case `pk`."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        case = Case.objects.select_related("organisation").filter(pk=pk, submitted_at__isnull=False).first()
        if case is None:
            raise Http404
        answer = may_propose_reopening(request.user, case)
        initial = {"version": case.version, "reference": request.GET.get("reference", "")[:40]}
        if request.GET.get("cause") in ReopeningCause.values:
            initial["cause"] = request.GET["cause"]
        form, refusal = ProposalForm(request.POST or None, initial=initial), None
        if answer and form.is_valid():
            try:
                proposal = second_look.propose(case_id=case.pk, user=request.user, **form.cleaned_data)
            except Refused as error:
                refusal = error
            else:
                messages.success(
                    request, _("Reopening is proposed. Until another person settles it, nothing is paid.")
                )
                return redirect("admin:casework_reopening_change", proposal.pk)
        context = {
            "title": _("Reopen %(number)s") % {"number": case.number},
            "case": case,
            "form": form,
            "answer": answer,
            "refusal": refusal,
        }
        return self._page(request, "propose", context, 409 if refusal else 200)

    def _proposal(self, request, pk: int) -> Reopening:
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = Reopening.objects.select_related(
            "case__organisation", "case__current_assessment", "before", "proposed_by", "confirmed_by", "award"
        )
        proposal = found.filter(pk=pk).first()
        if proposal is None:
            raise Http404
        return proposal

    def change_view(self, request, object_id, form_url="", extra_context=None):
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        if not (object_id.isascii() and object_id.isdecimal() and len(object_id) < 18):
            raise Http404
        return self._proposal_page(request, self._proposal(request, int(object_id)))

    def _proposal_page(
        self, request, proposal: Reopening, *, refusal=None, why: str = ""
    ) -> TemplateResponse:
        case = proposal.case
        after = (
            case.assessments.filter(pk__gt=proposal.before_id, inputs__reopened__isnull=False)
            .order_by("id")
            .last()
        )
        context = {
            "title": _("Reopening of %(number)s") % {"number": case.number},
            "proposal": proposal,
            "case": case,
            "answer": may_confirm_reopening(request.user, case, proposal),
            "form": SettleForm(initial={"version": case.version, "why": why}),
            "refusal": refusal,
            "after": after,
            "changes": compare(proposal.before, after) if after else [],
            "difference": (after.amount_rmb if after else Decimal(0)) - proposal.before.amount_rmb,
        }
        return self._page(request, "reopening", context, 409 if refusal else 200)

    @method_decorator(require_POST)
    def settle_view(self, request, pk: int):
        """Confirm (`confirm`) or turn down (`turn_down`) a proposal."""
        proposal, form = self._proposal(request, pk), SettleForm(request.POST)
        if not form.is_valid():
            return self._proposal_page(request, proposal)
        given = {"reopening_id": pk, "user": request.user, "version": form.cleaned_data["version"]}
        why = form.cleaned_data["why"]
        try:
            if "confirm" in request.POST:
                second_look.confirm(**given)
                messages.success(request, _("%(case)s is reviewed anew.") % {"case": proposal.case.number})
            else:
                second_look.turn_down(why=why, **given)
                messages.success(
                    request, _("The decision on %(case)s stays.") % {"case": proposal.case.number}
                )
        except Refused as refusal:
            return self._proposal_page(request, self._proposal(request, pk), refusal=refusal, why=why)
        return redirect("admin:casework_reopening_change", pk)
