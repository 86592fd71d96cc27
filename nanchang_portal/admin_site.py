from functools import wraps

from django.contrib.admin import AdminSite
from django.core.exceptions import BadRequest
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext_lazy as _

from accounts.permissions import is_official

CALENDAR = ("__year", "__month", "__day")


class PortalAdminSite(AdminSite):
    """The officials' desk: the queue is its first page, the registers lie one click beside it."""

    site_header = _("Officials' desk")
    site_title = _("Officials' desk")
    index_title = _("Registers")
    enable_nav_sidebar = False

    def admin_view(self, view, cacheable=False):
        """Refuse what would reach the database and fail there: a NUL, an endless year."""
        inner = super().admin_view(view, cacheable)

        @wraps(inner)
        def checked(request, *args, **kwargs):
            for name, values in request.GET.lists():
                if name.endswith(CALENDAR) and any(len(value) > 4 for value in values):
                    raise BadRequest("No address of this desk.")
            sent = [request.GET, request.POST] if self.has_permission(request) else [request.GET]
            for data in sent:
                if any("\x00" in text for name, values in data.lists() for text in (name, *values)):
                    raise BadRequest("No person types this.")
            return inner(request, *args, **kwargs)

        return checked

    def has_permission(self, request) -> bool:
        return is_official(request.user)

    def get_urls(self):
        from nanchang_portal.operations import desk
        from reports.statistics import views as statistics

        return [
            path("registers/", self.admin_view(self.registers), name="registers"),
            path("overview/", self.admin_view(self.overview), name="overview"),
            path("statistics/", self.admin_view(statistics.desk_statistics), name="statistics"),
            path("statistics.csv", self.admin_view(statistics.desk_statistics_csv), name="statistics_csv"),
            path("operations/", self.admin_view(desk.operations), name="operations"),
            path("operations/retry/", self.admin_view(desk.retry), name="operations_retry"),
            *super().get_urls(),
        ]

    def index(self, request, extra_context=None):
        return redirect("admin:casework_case_changelist")

    def overview(self, request):
        """Where the cases and the money are, at a glance."""
        from casework.overview import overview  # models are not ready when this module is read

        request.current_app = self.name
        context = {**self.each_context(request), "title": _("Overview"), "overview": overview()}
        return TemplateResponse(request, "admin/overview.html", context)

    def registers(self, request):
        """Everything that the portal keeps, to look things up."""
        request.current_app = self.name
        context = {
            **self.each_context(request),
            "title": self.index_title,
            "app_list": self.get_app_list(request),
        }
        return TemplateResponse(request, "admin/index.html", context)
