"""Public lists: organisations with a recognition or designation, awards."""

from typing import Annotated, Literal

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_noop as _
from ninja import Query, Router

from accounts.enums import AccreditationKind
from policy.enums import ProgrammeCode
from reports import selectors
from reports.api.schemas import Awards, Notices, Problem, Registers

router = Router(tags=["lists"])

Search = Annotated[
    str,
    Query("", max_length=60, pattern=r"^[^\x00]*$", description=_("Part of a name; two characters suffice.")),
]
Before = Annotated[
    int | None, Query(None, ge=1, le=2**63 - 1, description=_("`next` of the page before this one."))
]
Limit = Annotated[int, Query(50, ge=1, le=200, description=_("Rows of a page."))]
Programme = Annotated[
    Literal[tuple(ProgrammeCode.values)] | None, Query(None, description=_("Which subsidy."))
]
Year = Annotated[int | None, Query(None, ge=1000, le=9999, description=_("Calendar year of the claims."))]
_REFUSALS = {422: Problem, 429: Problem}


@router.get(
    "/organisations",
    response={200: Registers, **_REFUSALS},
    summary=_("Recognised enterprises and designated institutions"),
    operation_id="organisations",
    url_name="organisations",
)
def organisations(
    request: HttpRequest,
    kind: Annotated[
        Literal[tuple(AccreditationKind.values)] | None, Query(None, description=_("Which register."))
    ] = None,
    q: Search = "",
    current: Annotated[
        Literal["true", "false"], Query("true", description=_("Only what is in force today."))
    ] = "true",
    before: Before = None,
    limit: Limit = 50,
):
    found = selectors.register(
        kind=kind or "", query=q, current_on=timezone.localdate() if current == "true" else None
    )
    rows, after = selectors.keyset(found, before=before, size=limit)
    return {"items": [selectors.registered(row)._asdict() for row in rows], "next": after}


@router.get(
    "/awards",
    response={200: Awards, **_REFUSALS},
    summary=_("Awards that a public notice names, the newest first"),
    operation_id="awards",
    url_name="awards",
)
def awards(
    request: HttpRequest,
    programme: Programme = None,
    year: Year = None,
    q: Search = "",
    notice: Annotated[
        str, Query("", max_length=24, pattern="^[0-9A-Z-]*$", description=_("Number of a notice."))
    ] = "",
    before: Before = None,
    limit: Limit = 50,
):
    found = selectors.awards(programme=programme or "", year=year, query=q, notice=notice)
    rows, after = selectors.keyset(found, before=before, size=limit)
    return {"items": [selectors.awarded(row)._asdict() for row in rows], "next": after}


@router.get(
    "/notices",
    response={200: Notices, **_REFUSALS},
    summary=_("Public notices, the newest first, withdrawn ones included"),
    operation_id="notices",
    url_name="notices",
)
def notices(
    request: HttpRequest,
    programme: Programme = None,
    year: Year = None,
    before: Before = None,
    limit: Limit = 50,
):
    found = selectors.notices(programme=programme or "", year=year)
    rows, after = selectors.keyset(found, before=before, size=limit)
    today = timezone.localdate()
    return {"items": [selectors.noticed(row, today)._asdict() for row in rows], "next": after}
