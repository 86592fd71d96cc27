"""The pages of errors. Each says what to do and the request's number, which the logs hold too."""

import sys

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse
from django.shortcuts import render
from django.template import loader

RETRY_AFTER = 30  # seconds


def csrf_failure(request, reason=""):
    """A form whose token is too old: say so, and keep the person on the site."""
    return render(request, "403_csrf.html", status=403)


def bad_request(request, exception=None) -> HttpResponse:
    """What could not be read, or was more than the portal reads."""
    if isinstance(exception, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent):
        return _alone(request, "413.html", 413)
    return _alone(request, "400.html", 400)


def too_many_requests(request) -> HttpResponse:
    """One address or account asked too often; allauth and the rooms ask for this page."""
    return render(request, "429.html", status=429)


def _alone(request, template: str, status: int) -> HttpResponse:
    """A page that asks nothing of the database, which may be what is broken."""
    number = getattr(request, "number", "")
    return HttpResponse(loader.get_template(template).render({"incident_number": number}), status=status)


def unavailable(request) -> HttpResponse:
    response = _alone(request, "503.html", 503)
    response["Retry-After"] = str(RETRY_AFTER)
    return response


def server_error(request) -> HttpResponse:
    """Our own mistake, or a database that went away before any view was called."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return unavailable(request)
    return _alone(request, "500.html", 500)
