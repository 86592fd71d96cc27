"""The token part: an organisation's own claims, as its members see them."""

from typing import Any

from django.http import Http404, HttpRequest
from django.utils.translation import gettext_noop as _
from ninja import Path, Router
from ninja.security import HttpBearer

from casework.models import Case
from reports.api.lists import Before, Limit
from reports.api.models import ApiToken, Scope
from reports.api.schemas import OwnClaimInFull, OwnClaims, Problem
from reports.api.tokens import find_token
from reports.selectors import keyset


class Token(HttpBearer):
    """`Authorization: Bearer nsp_...`; the request's `auth` becomes the token's row."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        return find_token(token)


class ScopeMissing(Exception):
    """A good token that may not do this."""


router = Router(tags=["own claims"], auth=Token())
_REFUSALS = {401: Problem, 403: Problem, 422: Problem, 429: Problem}


@router.get(
    "/claims",
    response={200: OwnClaims, **_REFUSALS},
    summary=_("Claims of the token's organisation, the newest first"),
    operation_id="own_claims",
    url_name="own_claims",
)
def own_claims(request: HttpRequest, before: Before = None, limit: Limit = 50):
    _need(request, Scope.CLAIMS_READ)
    found = Case.objects.filter(organisation=request.auth.organisation_id).order_by("-id")
    rows, after = keyset(found, before=before, size=limit)
    return {"items": [_claim(case) for case in rows], "next": after}


@router.get(
    "/claims/{number}",
    response={200: OwnClaimInFull, 404: Problem, **_REFUSALS},
    summary=_("One claim with its calculation"),
    operation_id="own_claim",
    url_name="own_claim",
)
def own_claim(
    request: HttpRequest,
    number: str = Path(
        ..., max_length=24, pattern="^[A-Z]{2}-[0-9]{4}-[0-9]{1,12}$", description=_("Number of the claim.")
    ),
):
    _need(request, Scope.CLAIMS_READ)
    case = (
        Case.objects.filter(organisation=request.auth.organisation_id, number=number)
        .select_related("current_assessment")
        .first()
    )
    if case is None:
        raise Http404
    assessment = case.current_assessment if Scope.CALCULATIONS_READ in request.auth.scopes else None
    return _claim(case) | {
        "policy": assessment.policy_key if assessment else None,
        "reasons": list(assessment.result["reasons"]) if assessment else [],
        "steps": list(assessment.result["steps"]) if assessment else [],
    }


def _need(request: HttpRequest, scope: Scope) -> None:
    if scope not in request.auth.scopes:
        raise ScopeMissing(scope)


def _claim(case: Case) -> dict[str, Any]:
    return {
        "number": case.number,
        "programme": case.programme,
        "year": case.year,
        "status": case.status,
        "submitted_at": case.submitted_at.isoformat() if case.submitted_at else None,
        "decided_at": case.decided_at.isoformat() if case.decided_at else None,
        "amount_rmb": case.amount_rmb,
    }
