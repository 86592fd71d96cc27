"""Is a decision letter genuine? By its code, as the page does."""

from django.http import Http404, HttpRequest
from django.utils.translation import gettext_noop as _
from ninja import Path, Router

from notices.letters import verifying
from reports.api.schemas import Problem, VerifiedLetter

router = Router(tags=["letters"])
#: Four groups of four, hyphens and small letters forgiven as on the page.
CODE = "^[0-9A-Za-z-]{16,24}$"


@router.get(
    "/letters/{code}",
    response={200: VerifiedLetter, 404: Problem, 422: Problem, 429: Problem},
    summary=_("Whether a decision letter is genuine and still in force, by its code"),
    operation_id="letter",
    url_name="letter",
)
def letter(
    request: HttpRequest, code: str = Path(..., pattern=CODE, description=_("The code on the letter."))
):
    found = verifying.find(code)
    if found is None:
        raise Http404("there is no letter with this code; compare it sign by sign")
    said = found.said
    return {
        "code": found.letter.code,
        "number": found.letter.number,
        "kind": found.letter.kind,
        "genuine": found.genuine,
        "in_force": found.in_force,
        "programme": said["programme"],
        "year": said["year"],
        "case_number": said["case"],
        "organisation": found.organisation,
        "decided_on": said["decided_on"],
        "amount_rmb": said.get("amount_rmb"),
    }
