"""What the rules find of one trainee, as one number: which conditions fail, and which periods are exactly the minimum.

The rules are applied here and nowhere else. A single claim turns the number into its steps and reasons
(`training.explain`); a run over a city keeps the number beside its frozen inputs and builds the same steps when
somebody asks. `Finder` is `find` with a memory, for many rows in columns.
"""

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from operator import or_
from typing import Any, Protocol

from .money import ZERO, round_fen
from .operators import Operator
from .periods import compare_months
from .terms import Payee, Place, TrainingTerms

TRAINING_SHORT, TRAINING_EXACT = 1, 2
NO_CERTIFICATE = 4
EDUCATION = 8
NOT_DESIGNATED = 16
CONTRACT_SHORT, CONTRACT_EXACT = 32, 64
ALREADY_SUBSIDISED = 128

FAILURES = TRAINING_SHORT | NO_CERTIFICATE | EDUCATION | NOT_DESIGNATED | CONTRACT_SHORT | ALREADY_SUBSIDISED
#: A number below this one is a finding of these rules.
LIMIT = 256
_REMEMBERED = 200_000


class Facts(Protocol):
    """What the rules look at (see training.TrainingFacts)."""

    training_start: date
    training_end: date
    contract_start: date
    contract_end: date | None
    certified: bool
    education: str
    designated: bool
    already_subsidised: bool


def find(facts: Facts, terms: TrainingTerms) -> int:
    """Apply every condition of the terms. Raises PeriodError when a period reaches beyond the calendar."""
    return (
        _training(facts.training_start, facts.training_end, terms)
        | _contract(facts.contract_start, facts.contract_end, terms)
        | _others(facts.certified, facts.education, facts.designated, facts.already_subsidised, terms)
    )


def is_eligible(findings: int) -> bool:
    return not findings & FAILURES


def is_boundary(findings: int) -> bool:
    """Not eligible, by equality alone: each condition that fails is a period of exactly the minimum."""
    failed = findings & FAILURES
    by_equality = TRAINING_SHORT * bool(findings & TRAINING_EXACT) | CONTRACT_SHORT * bool(
        findings & CONTRACT_EXACT
    )
    return bool(failed) and failed & by_equality == failed


def is_on_limit(findings: int) -> bool:
    """Equality alone decides, one way or the other: it keeps the trainee out, or the trainee passes with it."""
    exact = bool(findings & (TRAINING_EXACT | CONTRACT_EXACT))
    return is_boundary(findings) or (is_eligible(findings) and exact)


def amounts(findings: int, place: str, terms: TrainingTerms) -> tuple[Decimal, Decimal]:
    """RMB to the fen for the trainee and for the institution; 0.00 unless eligible."""
    if not is_eligible(findings):
        return ZERO, ZERO
    trainee, institution = (round_fen(terms.amounts[place, payee]) for payee in Payee)
    return trainee, institution


def _training(start: date, end: date, terms: TrainingTerms) -> int:
    return _period(start, end, terms.min_training_months, terms.training_op) * TRAINING_SHORT


def _contract(start: date, end: date | None, terms: TrainingTerms) -> int:
    if end is None:
        return 0
    return _period(start, end, terms.min_contract_months, terms.contract_op) * CONTRACT_SHORT


def _period(start: date, end: date, months: int, operator: Operator) -> int:
    """1 when the period is too short, 2 when it is exactly the minimum, 3 when that is too short."""
    compared = compare_months(start, end, months)
    return (not compared.passes(operator)) | 2 * (compared.relation == "exact")


def _others(
    certified: bool, education: str, designated: bool, already_subsidised: bool, terms: TrainingTerms
) -> int:
    found = 0
    if terms.certificate_required and not certified:
        found |= NO_CERTIFICATE
    if education not in terms.education_levels:
        found |= EDUCATION
    if terms.designation_required and not designated:
        found |= NOT_DESIGNATED
    if terms.once_per_person and already_subsidised:
        found |= ALREADY_SUBSIDISED
    return found


class _Memory(dict):
    """What a function said before, by its argument."""

    def __init__(self, function: Callable[[Any], int]) -> None:
        super().__init__()
        self._function = function

    def __missing__(self, argument: Any) -> int:
        value = self._function(argument)
        if len(self) < _REMEMBERED:
            self[argument] = value
        return value


Period = tuple[date, date | None]
#: Certified, education, designated, subsidised before, and the place, which decides the amounts.
Conditions = tuple[bool, str, bool, bool, str]


class Finder:
    """`find` for many rows under the same terms; each distinct period and set of conditions is judged once.

    What it says of a row is a code: its findings, and in the digits above them its place. `period` and `conditions`
    make the rules' values of what the columns hold.
    """

    def __init__(
        self,
        terms: TrainingTerms,
        period: Callable[[Any], Period] = lambda said: said,
        conditions: Callable[[Any], Conditions] = lambda said: said,
    ) -> None:
        self.terms = terms
        self._training = _Memory(lambda said: _training(*period(said), terms))
        self._contract = _Memory(lambda said: _contract(*period(said), terms))
        self._conditions = _Memory(lambda said: _coded(*conditions(said), terms))
        #: What is added when it turns out that the person has received the subsidy before.
        self.again = ALREADY_SUBSIDISED if terms.once_per_person else 0

    def columns(
        self, trainings: Iterable[Any], contracts: Iterable[Any], conditions: Iterable[Any]
    ) -> list[int]:
        """The code of each row; the days of a row must be in order (training.TrainingFacts).

        Raises PeriodError as `find` does.
        """
        periods = map(
            or_, map(self._training.__getitem__, trainings), map(self._contract.__getitem__, contracts)
        )
        return list(map(or_, periods, map(self._conditions.__getitem__, conditions)))

    def decoded(self, code: int) -> tuple[Decimal, Decimal, int]:
        """RMB of trainee and institution, and the findings behind a code."""
        place, found = divmod(code, LIMIT)
        return *amounts(found, _PLACES[place], self.terms), found


_PLACES = tuple(Place)
#: A code is below this number.
CODES = LIMIT * len(_PLACES)


def _coded(
    certified: bool,
    education: str,
    designated: bool,
    already_subsidised: bool,
    place: str,
    terms: TrainingTerms,
) -> int:
    found = _others(certified, education, designated, already_subsidised, terms)
    return found + LIMIT * _PLACES.index(Place(place))
