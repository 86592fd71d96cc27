"""The page about open data: files, and the interface for programs as its OpenAPI document describes it."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from reports.api.description import operations


@require_safe
@gzip_page
def open_data(request: HttpRequest) -> HttpResponse:
    """No script, nothing from another host; every example is a link that answers."""
    context = {
        "title": _("Open data"),
        "description": _(
            "Public lists as files, and an interface for programs: read-only, described, without a key."
        ),
        "operations": operations(),
        "limit": settings.API_REQUESTS_PER_MINUTE,
        "base": settings.PORTAL_URL,
    }
    return render(request, "open_data/page.html", context)
