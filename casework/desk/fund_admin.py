"""The funds on the desk: the list, the page of a programme's year, and changes by two people."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Subquery, Sum
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from audit.admin_base import ReadOnlyAdmin
from casework.desk import funds
from casework.desk.fund_forms import ProposalForm
from casework.templatetags.portal import money
from ledger import changes
from ledger.levels import CITY
from ledger.models import Balance, Fund, FundChange
from ledger.refusals import FundRefused


def _over_levels(column: str) -> Subquery:
    """The column's sum over all levels of the fund."""
    same = Balance.objects.filter(
        kind="fund", programme=OuterRef("programme"), year=OuterRef("year")
    ).order_by()
    return Subquery(same.values("programme", "year").annotate(total=Sum(column)).values("total"))


@admin.register(Fund)
class FundAdmin(ReadOnlyAdmin):
    list_display = ("programme", "year_plain", "budget", "held", "paid", "left")
    list_filter = ("programme",)
    ordering = ("-year", "programme")
    change_list_template = "admin/ledger/fund/change_list.html"

    def get_queryset(self, request):
        names = ("limit_rmb", "reserved_rmb", "committed_rmb", "paid_rmb", "recovered_rmb")
        return super().get_queryset(request).annotate(**{f"all_{name}": _over_levels(name) for name in names})

    @admin.display(description=gettext_lazy("year"), ordering="year")
    def year_plain(self, fund):
        return str(fund.year)

    @admin.display(description=gettext_lazy("Budget (RMB)"))
    def budget(self, fund):
        return money(fund.all_limit_rmb)

    @admin.display(description=gettext_lazy("Reserved and in payment (RMB)"))
    def held(self, fund):
        return money(fund.all_reserved_rmb + fund.all_committed_rmb)

    @admin.display(description=gettext_lazy("Paid (RMB)"))
    def paid(self, fund):
        return money(fund.all_paid_rmb - fund.all_recovered_rmb)

    @admin.display(description=gettext_lazy("Left (RMB)"))
    def left(self, fund):
        held = fund.all_reserved_rmb + fund.all_committed_rmb + fund.all_paid_rmb - fund.all_recovered_rmb
        return money(fund.all_limit_rmb - held)

    def get_urls(self):
        def named(route, view, name):
            return path(route, self.admin_site.admin_view(view), name=f"ledger_fund_{name}")

        return [
            named("propose/", self.propose_view, "propose"),
            named("changes/<int:pk>/", self.decide_view, "decide"),
            *super().get_urls(),
        ]

    def changelist_view(self, request, extra_context=None):
        answer = changes.may_change_funds(request.user)
        return super().changelist_view(request, {"may_propose": answer.allowed, **(extra_context or {})})

    def change_view(self, request, object_id, form_url="", extra_context=None):
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        fund = self.get_queryset(request).filter(pk=object_id).first() if object_id.isdecimal() else None
        if fund is None:
            raise Http404
        return self._page(request, fund)

    def _page(self, request, fund: Fund, *, refusal: FundRefused | None = None) -> HttpResponse:
        levels = funds.levels_of(fund.programme, fund.year)
        wanted = request.GET.get("level", CITY)
        level = next((level for level in levels if level.division == wanted), levels[0])
        before = request.GET.get("before", "")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": str(fund),
            "fund": fund,
            "levels": levels,
            "total": funds.total_of(levels),
            "warnings": funds.warnings_of(levels),
            "chart": funds.chart_of(levels),
            "level": level,
            "queue": funds.queue_of(level),
            "books": funds.books_of(level, int(before[:18]) if before.isdecimal() else None),
            "changes": [
                (change, changes.may_change_funds(request.user, change))
                for change in funds.changes_of(fund.programme, fund.year)
            ],
            "may_propose": changes.may_change_funds(request.user),
            "refusal": refusal,
        }
        request.current_app = self.admin_site.name
        status = 409 if refusal else 200
        return TemplateResponse(request, "admin/ledger/fund/fund.html", context, status=status)

    def propose_view(self, request):
        """Write a change; nothing moves before somebody else confirms it."""
        if not changes.may_change_funds(request.user):
            raise PermissionDenied
        form = ProposalForm(request.POST or None, initial=request.GET.dict())
        if request.method == "POST" and form.is_valid():
            try:
                change = changes.propose(user=request.user, **form.cleaned_data)
            except FundRefused as refusal:
                form.add_error(None, refusal.message)
            else:
                messages.success(request, _("The proposal is recorded. Somebody else must confirm it."))
                return redirect(_page_of(change))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Propose a change of a fund"),
            "form": form,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/ledger/fund/propose.html", context)

    @method_decorator(require_POST)
    def decide_view(self, request, pk: int):
        """Confirm a proposal, or turn it down with a note."""
        if not changes.may_change_funds(request.user):
            raise PermissionDenied
        change = FundChange.objects.filter(pk=pk).first()
        if change is None:
            raise Http404
        try:
            if "turn_down" in request.POST:
                note = request.POST.get("note", "")[:300]
                changes.turn_down(change_id=pk, user=request.user, note=note)
                messages.success(request, _("The proposal is turned down."))
            else:
                changes.confirm(change_id=pk, user=request.user)
                messages.success(request, _("The change is confirmed and holds from now on."))
        except FundRefused as refusal:
            fund = self.get_queryset(request).get(programme=change.programme, year=change.year)
            return self._page(request, fund, refusal=refusal)
        return redirect(_page_of(change))


def _page_of(change: FundChange) -> str:
    fund = Fund.objects.get(programme=change.programme, year=change.year)
    return reverse("admin:ledger_fund_change", args=[fund.pk])
