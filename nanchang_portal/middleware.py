"""What every answer of the portal carries, whatever view made it."""

import logging

from django.db import InterfaceError, OperationalError
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers

logger = logging.getLogger(__name__)
RETRY_SECONDS = 30


class NoStoreMiddleware:
    """No browser or proxy keeps a page: after signing out, the way back shows nothing personal.

    A view that sets its own Cache-Control (a script of translations, published data) keeps it.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response


class AwayMiddleware:
    """While the database does not answer, a page says so with 503 instead of calling it a fault of the portal."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, exception):
        if not isinstance(exception, OperationalError | InterfaceError):
            return None
        logger.error("The database does not answer: %s", type(exception).__name__)
        # Without the request: everything that it could tell the page would have to be read from the database.
        response = render(None, "503.html", status=503)
        response["Retry-After"] = str(RETRY_SECONDS)
        return response
