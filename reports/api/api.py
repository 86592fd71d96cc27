"""The interface for programs, version 1: read-only. Its description is at /api/v1/openapi.json.

`reports.api.middleware` adds what every answer carries: limits, caching, other origins, errors as JSON.
"""

import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, ValidationError
from ninja.renderers import BaseRenderer

from policy.estimates import EstimateInputError
from policy.rules.money import AmountError
from policy.rules.periods import PeriodError
from policy.rules.versions import VersionError
from reports.api import estimates, letters, lists, own, statistics


class PlainRenderer(BaseRenderer):
    """JSON as `manage.py estimate` prints it: readable, in the order of the fields."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> str:
        return json.dumps(data, ensure_ascii=False, indent=2, default=str) + "\n"


api = NinjaAPI(
    title="Nanchang Service Outsourcing Subsidy Portal",
    version="1",
    description=(
        "Read-only. Public part without a key; the organisation's own claims with a token. Amounts are strings with "
        "two decimals, days are ISO 8601, texts of rules come in Chinese (zh) and English (en)."
    ),
    urls_namespace="api",
    docs_url=None,
    openapi_url="/openapi.json",
    renderer=PlainRenderer(),
)
api.add_router("", estimates.router)
api.add_router("", lists.router)
api.add_router("", letters.router)
api.add_router("", statistics.router)
api.add_router("", own.router)


def answer(request: HttpRequest, status: int, code: str, message: str) -> HttpResponse:
    """The one form of every refusal."""
    sentence = " ".join(message.split()).rstrip(".")
    return api.create_response(
        request, {"code": code, "message": f"{sentence[:1].upper()}{sentence[1:]}."}, status=status
    )


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    found = error.errors[0]
    name = str(found["loc"][-1])
    if name == "code":
        return answer(request, 422, "invalid", "the code on a letter has 16 letters and digits")
    if found["type"] == "string_pattern_mismatch" and name in request.GET:
        return answer(request, 422, "invalid", estimates.sentence_about(name, request.GET[name]))
    return answer(request, 422, "invalid", f"{name}: {found['msg']}")


@api.exception_handler(EstimateInputError)
@api.exception_handler(AmountError)
@api.exception_handler(PeriodError)
def _unreadable(request: HttpRequest, error: Exception) -> HttpResponse:
    return answer(request, 422, "invalid", str(error))


@api.exception_handler(VersionError)
def _no_version(request: HttpRequest, error: VersionError) -> HttpResponse:
    return answer(request, 404, "no_policy_version", str(error))


@api.exception_handler(Http404)
def _missing(request: HttpRequest, error: Http404) -> HttpResponse:
    return answer(request, 404, "not_found", str(error) or "there is no such thing here")


@api.exception_handler(own.ScopeMissing)
def _no_scope(request: HttpRequest, error: own.ScopeMissing) -> HttpResponse:
    return answer(request, 403, "scope", f"this token may not do that: it lacks {error}")


@api.exception_handler(AuthenticationError)
def _no_token(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    response = answer(
        request, 401, "token", "send a valid token of your organisation: Authorization: Bearer nsp_..."
    )
    response["WWW-Authenticate"] = "Bearer"
    return response
