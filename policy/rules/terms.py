"""The terms of the two programmes: frozen values with the dates in force and a citation for each.

Amounts in RMB or USD as the names say; periods in whole months. Terms are valid by construction: whatever is wrong
with them raises TermsError, which names the parameter.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Self

from .money import FEN, AmountError, add, check_amount, multiply, plain, round_fen
from .operators import Operator
from .parameters import Parameter, ParameterReader, TermsError, check_months, check_not_negative
from .periods import check_day
from .trace import NO_CITATION, Citation
from .versions import NoVersionError, OverlapError, VersionError, check_dates, version_for_year, version_on

__all__ = [
    "OFFSHORE_UNITS",
    "TRAINING_UNITS",
    "Education",
    "NoVersionError",
    "OffshoreTerms",
    "OverlapError",
    "Parameter",
    "Payee",
    "Place",
    "TermsError",
    "TrainingTerms",
    "VersionError",
    "version_for_year",
    "version_on",
]


class Place(StrEnum):
    """Where the employer is: in Nanchang or in another place."""

    LOCAL = "local"
    ELSEWHERE = "elsewhere"


class Payee(StrEnum):
    """Who is paid for a trainee."""

    TRAINEE = "trainee"
    INSTITUTION = "institution"


class Education(StrEnum):
    """Levels of education that a trainee may state; which of them are subsidised is a parameter."""

    SECONDARY = "secondary"
    JUNIOR_COLLEGE = "junior_college"
    BACHELOR = "bachelor"
    MASTER = "master"
    DOCTOR = "doctor"
    OTHER = "other"


def amount_name(place: str, payee: str) -> str:
    """The parameter's name for the amount of one payee, such as `amount_local_trainee`."""
    return f"amount_{place}_{payee}"


#: RMB or USD that no term reaches: awards, balances and payments of any city fit in their columns.
TOO_LARGE = Decimal(10_000_000_000)

OFFSHORE_UNITS: Mapping[str, str] = {
    "threshold_usd": "USD",
    "threshold_op": "operator",
    "rate_rmb_per_usd": "RMB per USD",
    "cap_rmb": "RMB",
}
TRAINING_UNITS: Mapping[str, str] = {
    "min_training_months": "months",
    "training_op": "operator",
    "min_contract_months": "months",
    "contract_op": "operator",
    "certificate_required": "true or false",
    "education_levels": "list",
    "designation_required": "true or false",
    "once_per_person": "true or false",
    **{amount_name(place, payee): "RMB" for place in Place for payee in Payee},
}


class _Terms:
    """What both kinds of terms share; the fields live in the dataclasses."""

    code: str
    in_force_from: date
    in_force_to: date | None
    clauses: Mapping[str, Citation]

    def cite(self, name: str) -> Citation:
        """Where a parameter comes from; an empty citation when the terms were built without one."""
        return self.clauses.get(name, NO_CITATION)

    def _check_version(self) -> None:
        check_day(self.in_force_from)
        if self.in_force_to is not None:
            check_day(self.in_force_to)
        problem = check_dates(self.in_force_from, self.in_force_to)
        if problem:
            raise TermsError("in_force_to", problem, "dates")


@dataclass(frozen=True)
class OffshoreTerms(_Terms):
    """Offshore incentive: `rate_rmb_per_usd` on the whole year's USD once they pass the threshold, up to the cap."""

    code: str
    in_force_from: date
    in_force_to: date | None
    threshold_usd: Decimal
    threshold_op: Operator
    rate_rmb_per_usd: Decimal
    cap_rmb: Decimal
    clauses: Mapping[str, Citation] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        self._check_version()
        for name in ("threshold_usd", "rate_rmb_per_usd", "cap_rmb"):
            _check_term_amount(name, getattr(self, name))
        object.__setattr__(self, "threshold_op", Operator(self.threshold_op))
        if self.rate_rmb_per_usd == 0:
            raise TermsError("rate_rmb_per_usd", "must be more than 0 RMB for 1 USD", "zero_rate")
        smallest = self.threshold_usd if self.threshold_op is Operator.GTE else add(self.threshold_usd, FEN)
        first_award = round_fen(multiply(self.rate_rmb_per_usd, smallest))
        if self.cap_rmb == 0 or self.cap_rmb < first_award:
            raise TermsError(
                "cap_rmb",
                f"must be at least the award of the smallest year that passes the threshold: {plain(smallest)} USD "
                f"earn {plain(first_award)} RMB, the cap is {plain(self.cap_rmb)} RMB",
                "cap",
                usd=plain(smallest),
                award=plain(first_award),
                cap=plain(self.cap_rmb),
            )

    @classmethod
    def from_parameters(
        cls,
        code: str,
        in_force_from: date,
        in_force_to: date | None,
        parameters: Mapping[str, Parameter],
    ) -> Self:
        """Terms from stored parameters, named as in OFFSHORE_UNITS. Raises TermsError."""
        read = ParameterReader(parameters, OFFSHORE_UNITS)
        return cls(
            code=code,
            in_force_from=in_force_from,
            in_force_to=in_force_to,
            threshold_usd=read.amount("threshold_usd"),
            threshold_op=read.operator("threshold_op"),
            rate_rmb_per_usd=read.amount("rate_rmb_per_usd", decimals=None),
            cap_rmb=read.amount("cap_rmb"),
            clauses=read.citations(),
        )


@dataclass(frozen=True)
class TrainingTerms(_Terms):
    """Training subsidy: the conditions on training, certificate, education and contract; RMB by place and payee."""

    code: str
    in_force_from: date
    in_force_to: date | None
    min_training_months: int
    training_op: Operator
    min_contract_months: int
    contract_op: Operator
    certificate_required: bool
    education_levels: tuple[str, ...]
    designation_required: bool
    once_per_person: bool
    amounts: Mapping[tuple[str, str], Decimal] = field(hash=False)
    clauses: Mapping[str, Citation] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        self._check_version()
        check_months("min_training_months", self.min_training_months)
        check_months("min_contract_months", self.min_contract_months)
        object.__setattr__(self, "training_op", Operator(self.training_op))
        object.__setattr__(self, "contract_op", Operator(self.contract_op))
        levels = tuple(self.education_levels)
        if not levels or not set(levels) <= set(Education):
            raise TermsError("education_levels", f"must list some of {', '.join(Education)}", "missing")
        object.__setattr__(self, "education_levels", levels)
        wanted = {(place.value, payee.value) for place in Place for payee in Payee}
        for place, payee in sorted(wanted - set(self.amounts)):
            raise TermsError(
                amount_name(place, payee), "is missing; every parameter must be stated", "missing"
            )
        for place, payee in sorted(set(self.amounts) - wanted):
            raise TermsError(
                amount_name(place, payee), "is not a place and payee of this programme", "unknown"
            )
        for (place, payee), amount in self.amounts.items():
            _check_term_amount(amount_name(place, payee), amount)

    @classmethod
    def from_parameters(
        cls,
        code: str,
        in_force_from: date,
        in_force_to: date | None,
        parameters: Mapping[str, Parameter],
    ) -> Self:
        """Terms from stored parameters, named as in TRAINING_UNITS. Raises TermsError."""
        read = ParameterReader(parameters, TRAINING_UNITS)
        return cls(
            code=code,
            in_force_from=in_force_from,
            in_force_to=in_force_to,
            min_training_months=read.months("min_training_months"),
            training_op=read.operator("training_op"),
            min_contract_months=read.months("min_contract_months"),
            contract_op=read.operator("contract_op"),
            certificate_required=read.yes_no("certificate_required"),
            education_levels=tuple(level.value for level in read.choices("education_levels", Education)),
            designation_required=read.yes_no("designation_required"),
            once_per_person=read.yes_no("once_per_person"),
            amounts={
                (place.value, payee.value): read.amount(amount_name(place, payee))
                for place in Place
                for payee in Payee
            },
            clauses=read.citations(),
        )


def _check_term_amount(name: str, value: Decimal) -> None:
    try:
        check_amount(value)
    except AmountError as error:
        raise TermsError(name, str(error), "amount", found=str(value)) from None
    check_not_negative(name, value)
    if value >= TOO_LARGE:
        raise TermsError(name, f"must be below {TOO_LARGE:,}", "large", most=f"{TOO_LARGE:,}")
    if name != "rate_rmb_per_usd" and value.as_tuple().exponent < -2:
        raise TermsError(name, f"has more than two decimals ({plain(value)})", "decimals", found=plain(value))
