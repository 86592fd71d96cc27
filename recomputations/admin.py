"""Recomputations on the desk: asked for here, worked off by the workers, and what they found beside what stands."""

from django.contrib import admin
from django.db.models import Count, Q, Sum
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from audit.admin_base import ReadOnlyAdmin
from recomputations import services
from recomputations.models import Recomputation
from recomputations.selectors import differences, standing

MOST = 200


@admin.register(Recomputation)
class RecomputationAdmin(ReadOnlyAdmin):
    list_display = ("asked_at", "programme", "year_plain", "progress", "rows", "comes_to", "asked_by")
    list_select_related = ("asked_by",)
    list_filter = ("programme",)
    ordering = ("-id",)

    def get_queryset(self, request):
        return (
            super()
            .get_queryset(request)
            .defer("terms")
            .annotate(
                all_parts=Count("parts"),
                done_parts=Count("parts", filter=Q(parts__done_at__isnull=False)),
                all_rows=Sum("parts__rows"),
                rmb=Sum("parts__amount_rmb"),
            )
        )

    def has_add_permission(self, request) -> bool:
        return services.may_recompute(request.user)

    def get_fields(self, request, obj=None):
        if obj is None:
            return ("programme", "year")
        names = (
            "programme",
            "year_plain",
            "policies",
            "asked_by",
            "asked_at",
            "progress",
            "rows",
            "comes_to",
        )
        return (*names, "what_differs")

    def get_readonly_fields(self, request, obj=None):
        return () if obj is None else self.get_fields(request, obj)

    def save_model(self, request, obj, form, change) -> None:
        started = services.start(programme=obj.programme, year=obj.year, user=request.user)
        obj.pk, obj.asked_at = started.pk, started.asked_at

    @admin.display(description=_("year"), ordering="year")
    def year_plain(self, run):
        return str(run.year) if run.year else _("every year")

    @admin.display(description=_("parts done"))
    def progress(self, run):
        if run.planned_at is None:
            return _("being prepared")
        return _("%(done)d of %(parts)d") % {"done": run.done_parts, "parts": run.all_parts}

    @admin.display(description=_("rows"))
    def rows(self, run):
        return f"{run.all_rows or 0:,}"

    @admin.display(description=_("comes to (RMB)"))
    def comes_to(self, run):
        return f"{run.rmb or 0:,.2f}"

    @admin.display(description=_("policy versions"))
    def policies(self, run):
        return ", ".join(one["code"] for one in run.terms)

    @admin.display(description=_("what differs"))
    def what_differs(self, run):
        if run.planned_at is None or not standing(run).is_done:
            return _("It is not finished yet.")
        found = list(differences(run, most=MOST))
        if not found:
            return _("Nothing: every claim comes to what its calculation says.")
        body = format_html_join(
            "",
            '<tr><th scope="row">{}</th><td>{}</td><td>{}</td></tr>',
            ((one.case, f"{one.assessed_rmb:,.2f}", f"{one.found_rmb:,.2f}") for one in found),
        )
        heads = (_("Case"), _("Calculated (RMB)"), _("Recomputed (RMB)"))
        head = format_html_join("", '<th scope="col">{}</th>', ((name,) for name in heads))
        return format_html(
            '<table class="desk-table"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>', head, body
        )
