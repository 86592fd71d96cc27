"""Estimates as JSON: the one output that the command, the live estimate of a form and the public checker share.

Amounts are strings with at least two decimals, reasons and steps carry their code, both languages, numbers and clause.
The readers turn what a person typed into the inputs of the rules and refuse, in one sentence, what they cannot read.
"""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from policy.rules.money import AmountError, parse_amount, plain
from policy.rules.offshore import assess_year
from policy.rules.periods import PeriodError, parse_day
from policy.rules.terms import OffshoreTerms, TrainingTerms
from policy.rules.training import FactsError, TrainingFacts, assess_trainee

_YEAR = re.compile(r"[1-9][0-9]{3}")


class EstimateInputError(ValueError):
    """Input that no estimate can be made from. The message is one clause, without a final full stop."""


def offshore_estimate(terms: OffshoreTerms, claims: Sequence[Decimal]) -> dict[str, Any]:
    """The claims of one calendar year (USD, in order) with the award of each and of the year (RMB).

    Raises AmountError for an amount that is not a finite Decimal of a sane size.
    """
    year = assess_year(claims=claims, terms=terms)
    return {
        "policy": terms.code,
        "claims": [
            {
                "usd": plain(claim.usd),
                "award_rmb": plain(claim.award_rmb),
                "reasons": [reason.to_json() for reason in claim.reasons],
            }
            for claim in year.claims
        ],
        "year_total_rmb": plain(year.year_total_rmb),
        "steps": [step.to_json() for step in year.steps],
    }


def training_estimate(terms: TrainingTerms, facts: TrainingFacts) -> dict[str, Any]:
    """One trainee: eligible or not, and RMB to the trainee and to the institution.

    Raises PeriodError when a period reaches beyond the calendar.
    """
    assessed = assess_trainee(facts, terms)
    return {
        "policy": terms.code,
        "eligible": assessed.eligible,
        "trainee_rmb": plain(assessed.trainee_rmb),
        "institution_rmb": plain(assessed.institution_rmb),
        "reasons": [reason.to_json() for reason in assessed.reasons],
        "steps": [step.to_json() for step in assessed.steps],
    }


def read_year(text: str) -> int:
    """A calendar year of four digits. Raises EstimateInputError."""
    if _YEAR.fullmatch(text) is None:
        raise EstimateInputError(f"{_shown(text)} is not a year: write four digits, such as 2015")
    return int(text)


def read_claims(text: str) -> tuple[Decimal, ...]:
    """The USD of each claim, separated by commas. Raises EstimateInputError, which says which claim is wrong."""
    claims: list[Decimal] = []
    for position, part in enumerate(text.split(","), start=1):
        if not part.strip():
            raise EstimateInputError(
                f"claim {position} is empty: write the USD of each claim, separated by commas"
            )
        try:
            claims.append(parse_amount(part))
        except AmountError as error:
            raise EstimateInputError(f"claim {position}: {error}") from None
    return tuple(claims)


def read_day(text: str, what: str) -> date:
    """A day written as YYYY-MM-DD; `what` names it in the message. Raises EstimateInputError."""
    try:
        return parse_day(text)
    except PeriodError as error:
        raise EstimateInputError(f"{what}: {error}") from None


def read_period(text: str, what: str) -> tuple[date, date]:
    """START:END, both days included. Raises EstimateInputError."""
    start, end = read_open_period(text, what)
    if end is None:
        raise EstimateInputError(
            f"{what}: the end is missing: write START:END, such as 2015-03-01:2015-06-01"
        )
    return start, end


def read_open_period(text: str, what: str) -> tuple[date, date | None]:
    """START:END, or START: for a period without an end. Raises EstimateInputError."""
    start_text, colon, end_text = text.partition(":")
    if not colon:
        raise EstimateInputError(
            f"{what}: {_shown(text)} is not a period: write START:END, such as 2015-03-01:2015-06-01"
        )
    start = read_day(start_text, what)
    return start, read_day(end_text, what) if end_text.strip() else None


def read_facts(
    *,
    training: str,
    contract: str,
    place: str,
    signed: str | None = None,
    education: str = "bachelor",
    certified: bool = True,
    designated: bool = True,
    already_subsidised: bool = False,
) -> TrainingFacts:
    """The facts of one trainee from text; the contract counts as signed on its first day unless `signed` says when.

    Raises EstimateInputError.
    """
    training_start, training_end = read_period(training, "training")
    contract_start, contract_end = read_open_period(contract, "contract")
    try:
        return TrainingFacts(
            training_start=training_start,
            training_end=training_end,
            contract_signed=read_day(signed, "signed") if signed is not None else contract_start,
            contract_start=contract_start,
            contract_end=contract_end,
            place=place,
            certified=certified,
            education=education,
            designated=designated,
            already_subsidised=already_subsidised,
        )
    except FactsError as error:
        raise EstimateInputError(str(error)) from None


def _shown(text: str, limit: int = 40) -> str:
    return repr(text if len(text) <= limit else f"{text[: limit - 1]}…")
