"""The first middleware: numbers the request, logs its end, counts it, and turns a database that is away into a page."""

import logging
import secrets
import time

from django.db import InterfaceError, OperationalError

from nanchang_portal.errors import unavailable
from nanchang_portal.operations import logs, metrics

log = logging.getLogger("portal.requests")
#: Asked every few seconds by machines: counted, but not a line each.
QUIET = {"healthz", "live", "ready", "metrics"}


class RequestMiddleware:
    """Gives each request a number: in every log line, in the answer's X-Request-ID, on every page of an error.

    The line names the route and not the address, which may hold a token; the person is only a number.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.number = secrets.token_hex(5)
        started = time.perf_counter()
        logs.begin_request(request.number)
        response = self.get_response(request)
        seconds = time.perf_counter() - started
        route = request.resolver_match.view_name if request.resolver_match else "none"
        metrics.count_request(route, request.method, response.status_code, seconds)
        if route not in QUIET:
            user = getattr(request, "_cached_user", None)
            fields = {
                "method": request.method,
                "route": route,
                "status": response.status_code,
                "ms": round(seconds * 1000),
                "user": getattr(user, "pk", None),
            }
            log.info("request", extra={"fields": fields})
        response["X-Request-ID"] = request.number
        return response

    def process_exception(self, request, exception):
        """The database is away or too busy: say so, and ask to come again."""
        if isinstance(exception, OperationalError | InterfaceError):
            log.error("database unavailable: %s", type(exception.__cause__ or exception).__name__)
            return unavailable(request)
        return None
