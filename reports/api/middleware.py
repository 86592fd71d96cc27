"""What every answer under /api/ carries: a limit, a lifetime, a fingerprint, other origins, refusals as JSON."""

import hashlib
import json

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils.cache import patch_vary_headers
from django.utils.http import quote_etag

from reports.api.description import known_parameters
from reports.limits import count

PLACE = "/api/v1/"
#: How long anybody may keep a public answer, in seconds.
LIFETIME = 60
METHODS = "GET, HEAD, OPTIONS"
SENTENCES = {
    404: ("not_found", "There is no such thing here. The description is at /api/v1/openapi.json."),
    405: ("method", "Only GET and HEAD: nothing can be changed here."),
    500: ("error", "The portal could not answer. Try again; the bureau has been told."),
}


class ApiMiddleware:
    """Stands before sessions and languages: a program has neither."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(PLACE):
            return self.get_response(request)
        own = "Authorization" in request.headers
        if request.method == "OPTIONS":
            return _open(HttpResponse(status=204, headers={"Allow": METHODS, "Cache-Control": "no-store"}))
        usage = count(request, "api", settings.API_REQUESTS_PER_MINUTE)
        if usage.exceeded:
            response = _json(
                429,
                "too_many",
                f"More than {usage.limit} requests within a minute came from your address. "
                f"Try again in {usage.reset} seconds.",
            )
            response["Retry-After"] = str(usage.reset)
        elif request.method not in ("GET", "HEAD"):
            response = _json(405, *SENTENCES[405])
            response["Allow"] = METHODS
        elif (problem := _wrong_query(request)) is not None:
            response = problem
        else:
            response = self._answer(request)
        response["RateLimit-Limit"] = str(usage.limit)
        response["RateLimit-Remaining"] = str(usage.remaining)
        response["RateLimit-Reset"] = str(usage.reset)
        response["X-Frame-Options"] = "DENY"
        patch_vary_headers(response, ["Authorization"])
        if own:
            response["Cache-Control"] = "private, no-store"
            return response
        return _kept(request, _open(response))

    def _answer(self, request: HttpRequest) -> HttpResponse:
        asked = request.method
        if asked == "HEAD":  # the same answer; the web server sends no body
            request.method = "GET"
        response = self.get_response(request)
        request.method = asked
        if response.status_code in SENTENCES and not response["Content-Type"].startswith("application/json"):
            response = _json(response.status_code, *SENTENCES[response.status_code])
        return response


def _wrong_query(request: HttpRequest) -> HttpResponse | None:
    """A parameter that nobody reads, or that stands twice, would silently change what is asked for."""
    if not request.GET:
        return None
    try:
        known = known_parameters(resolve(request.path))
    except Resolver404:
        return None
    for name, values in request.GET.lists():
        if known is not None and name not in known:
            wanted = f"; known are {', '.join(sorted(known))}" if known else ""
            return _json(422, "invalid", f"{name[:40]!r} is no parameter here{wanted}.")
        if len(values) > 1:
            return _json(422, "invalid", f"{name[:40]!r} was given twice.")
    return None


def _json(status: int, code: str, message: str) -> HttpResponse:
    body = json.dumps({"code": code, "message": message}, ensure_ascii=False, indent=2) + "\n"
    return HttpResponse(body, status=status, content_type="application/json; charset=utf-8")


def _open(response: HttpResponse) -> HttpResponse:
    """Public data may be read by pages of any other host, without cookies."""
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Allow-Methods"] = METHODS
    response["Access-Control-Expose-Headers"] = (
        "RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, ETag, Retry-After"
    )
    response["Access-Control-Max-Age"] = "86400"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _kept(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """A good answer may be kept a minute and asked for by its fingerprint; a refusal is not kept."""
    if response.status_code != 200:
        response["Cache-Control"] = "no-store"
        return response
    response["Cache-Control"] = f"public, max-age={LIFETIME}"
    etag = quote_etag(hashlib.sha256(response.content).hexdigest()[:32])
    response["ETag"] = etag
    if etag in {
        part.strip().removeprefix("W/") for part in request.headers.get("If-None-Match", "").split(",")
    }:
        unchanged = HttpResponse(status=304)
        for name in (
            "Cache-Control",
            "ETag",
            "Vary",
            "Access-Control-Allow-Origin",
            "RateLimit-Limit",
            "RateLimit-Remaining",
            "RateLimit-Reset",
        ):
            unchanged[name] = response[name]
        del unchanged["Content-Type"]
        return unchanged
    return response
