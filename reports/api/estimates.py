"""Estimates: the same JSON as `manage.py estimate --database`, from the same function."""

from typing import Annotated, Literal

from django.http import HttpRequest
from django.utils.translation import gettext_noop as _
from ninja import Query, Router

from policy.estimates import (
    EstimateInputError,
    offshore_estimate,
    read_claims,
    read_day,
    read_facts,
    read_open_period,
    read_period,
    read_year,
    training_estimate,
)
from policy.rules.terms import Education, Place
from policy.selectors import offshore_terms_for, training_terms_on
from reports.api.schemas import OffshoreEstimate, Problem, TrainingEstimate

router = Router(tags=["estimate"])

_AMOUNT = r"[+-]?(0|[1-9][0-9]{0,19})(\.[0-9]{1,6})?"
_DAY = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
CLAIMS = rf"^{_AMOUNT}(,{_AMOUNT}){{0,99}}$"
PERIOD = rf"^{_DAY}:{_DAY}$"
OPEN_PERIOD = rf"^{_DAY}:({_DAY})?$"
DAY = rf"^{_DAY}$"
YEAR = "^[1-9][0-9]{3}$"
_REFUSALS = {404: Problem, 422: Problem, 429: Problem}


def _text(pattern: str, what: str, example: str):
    """A required text of a documented form."""
    return Query(..., description=what, pattern=pattern, example=example)


#: What the command's own readers say about a text that has not the documented form.
_READERS = {
    "year": read_year,
    "claims": read_claims,
    "training": lambda text: read_period(text, "training"),
    "contract": lambda text: read_open_period(text, "contract"),
    "signed": lambda text: read_day(text, "signed"),
}


def sentence_about(name: str, text: str) -> str:
    """Why a parameter cannot be read, as the command says it; what it forgives (blanks) programs must not write."""
    try:
        _READERS.get(name, str)(text)
    except EstimateInputError as error:
        return str(error)
    return f"{name}: write it without blanks and in the documented form"


@router.get(
    "/estimate/offshore",
    response={200: OffshoreEstimate, **_REFUSALS},
    summary=_("Award of the claims of one enterprise in one calendar year"),
    operation_id="estimate_offshore",
    url_name="estimate_offshore",
)
def estimate_offshore(
    request: HttpRequest,
    year: Annotated[str, _text(YEAR, _("Calendar year, four digits."), "2015")],
    claims: Annotated[
        str,
        _text(
            CLAIMS, _("USD of each claim in order, separated by commas; refunds negative."), "150000,100000"
        ),
    ],
):
    number, amounts = read_year(year), read_claims(claims)
    return offshore_estimate(offshore_terms_for(number), amounts)


@router.get(
    "/estimate/training",
    response={200: TrainingEstimate, **_REFUSALS},
    summary=_("Whether one trainee is eligible, and what trainee and institution receive"),
    operation_id="estimate_training",
    url_name="estimate_training",
)
def estimate_training(
    request: HttpRequest,
    training: Annotated[str, _text(PERIOD, _("START:END, both days included."), "2015-03-01:2015-06-01")],
    contract: Annotated[
        str,
        _text(OPEN_PERIOD, _("START:END, or START: for a contract without an end."), "2015-07-01:2016-07-01"),
    ],
    place: Annotated[
        Literal[tuple(Place)], Query(..., description=_("Where the employer is."), example="local")
    ],
    signed: Annotated[
        str | None,
        Query(
            None,
            description=_("Day of signature; without it the contract's first day."),
            pattern=DAY,
            example="2015-06-20",
        ),
    ] = None,
    education: Annotated[
        Literal[tuple(Education)], Query("bachelor", description=_("Level of education."))
    ] = "bachelor",
    certified: Annotated[
        Literal["true", "false"],
        Query("true", description=_("Whether there is a certificate of the examination.")),
    ] = "true",
    designated: Annotated[
        Literal["true", "false"],
        Query("true", description=_("Whether the designation of the institution covers the whole training.")),
    ] = "true",
    already_subsidised: Annotated[
        Literal["true", "false"], Query("false", description=_("Whether the person was subsidised before."))
    ] = "false",
):
    facts = read_facts(
        training=training,
        contract=contract,
        place=place,
        signed=signed,
        education=education,
        certified=certified == "true",
        designated=designated == "true",
        already_subsidised=already_subsidised == "true",
    )
    return training_estimate(training_terms_on(facts.contract_signed), facts)
