"""Policy parameters as they are stored (text, unit, clause, quotation), and their strict reading into values."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from .money import AmountError, parse_amount, plain
from .operators import Operator
from .trace import Citation

_WHOLE_NUMBER = re.compile(r"[1-9][0-9]{0,3}")
MAX_MONTHS = 600


class TermsError(ValueError):
    """Terms that cannot be applied. `parameter` names the culprit; the message says what to write instead.

    `code` is stable and `told` holds the sentence's numbers, so that it can be said in another language.
    """

    def __init__(self, parameter: str, problem: str, code: str = "value", **told: str) -> None:
        super().__init__(f"{parameter}: {problem}")
        self.parameter = parameter
        self.problem = problem
        self.code = code
        self.told = told


@dataclass(frozen=True)
class Parameter:
    """One figure of a policy version. `quotation` holds the words of the source, empty where there are none."""

    name: str
    value: str
    unit: str
    clause: str
    quotation: str

    @property
    def citation(self) -> Citation:
        return Citation(self.clause, self.quotation)


class ParameterReader:
    """Reads the parameters of one version, each exactly once, against the units that the programme expects.

    `units` maps every expected name to its unit. The constructor raises TermsError for a missing or unknown name,
    a wrong unit or a missing clause; the readers raise it for a value that is not of their kind.
    """

    def __init__(self, parameters: Mapping[str, Parameter], units: Mapping[str, str]) -> None:
        for name in units:
            if name not in parameters:
                raise TermsError(name, "is missing; every parameter must be stated", "missing")
        for name, parameter in parameters.items():
            if name not in units:
                raise TermsError(
                    name, f"is not a parameter of this programme; known are {', '.join(units)}", "unknown"
                )
            if parameter.name != name:
                raise TermsError(name, f"holds a parameter named {parameter.name!r}")
            if not isinstance(parameter.value, str):
                raise TermsError(name, "its value must be stored as text, so that no digit is lost")
            if parameter.unit != units[name]:
                raise TermsError(
                    name,
                    f"its unit must be {units[name]!r}, not {parameter.unit!r}",
                    "unit",
                    wanted=units[name],
                    found=parameter.unit,
                )
            if not parameter.clause.strip():
                raise TermsError(
                    name, "cites no clause; name the document and section it comes from", "clause"
                )
        self._parameters = parameters

    def citations(self) -> dict[str, Citation]:
        """The clause and quotation of every parameter by name."""
        return {name: parameter.citation for name, parameter in self._parameters.items()}

    def amount(self, name: str, *, decimals: int | None = 2) -> Decimal:
        """A non-negative amount with at most `decimals` decimals (None: any number of them)."""
        try:
            value = parse_amount(self._parameters[name].value)
        except AmountError as error:
            raise TermsError(name, str(error), "amount", found=self._parameters[name].value) from None
        check_not_negative(name, value)
        if decimals is not None and value.as_tuple().exponent < -decimals:
            raise TermsError(
                name, f"has more than {decimals} decimals ({plain(value)})", "decimals", found=plain(value)
            )
        return value

    def months(self, name: str) -> int:
        """A whole number of months from 1 to 600."""
        text = self._parameters[name].value.strip()
        if _WHOLE_NUMBER.fullmatch(text) is None:
            raise TermsError(
                name,
                f"must be a whole number of months from 1 to {MAX_MONTHS}, not {text!r}",
                "months",
                most=str(MAX_MONTHS),
                found=text,
            )
        return check_months(name, int(text))

    def operator(self, name: str) -> Operator:
        """`gt` (more than) or `gte` (at least)."""
        text = self._parameters[name].value.strip()
        try:
            return Operator(text)
        except ValueError:
            raise TermsError(
                name, f"must be gt (more than) or gte (at least), not {text!r}", "operator", found=text
            ) from None

    def yes_no(self, name: str) -> bool:
        """`true` or `false`."""
        text = self._parameters[name].value.strip()
        if text not in ("true", "false"):
            raise TermsError(name, f"must be true or false, not {text!r}", "yes_no", found=text)
        return text == "true"

    def choices(self, name: str, vocabulary: type[StrEnum]) -> tuple[StrEnum, ...]:
        """A comma-separated, non-empty list of distinct words of the vocabulary, in its order."""
        words = [word.strip() for word in self._parameters[name].value.split(",")]
        known = [member.value for member in vocabulary]
        for word in words:
            if word not in known:
                raise TermsError(
                    name,
                    f"{word!r} is not one of {', '.join(known)}",
                    "word",
                    found=word,
                    known=", ".join(known),
                )
        if len(set(words)) != len(words):
            raise TermsError(name, "lists a word twice", "twice")
        return tuple(member for member in vocabulary if member.value in words)


def check_not_negative(name: str, value: Decimal) -> None:
    """Raise TermsError when the amount lies below zero."""
    if value < 0:
        raise TermsError(name, f"must not be negative ({plain(value)})", "negative", found=plain(value))


def check_months(name: str, months: int) -> int:
    """Return `months` when it lies between 1 and 600, else raise TermsError."""
    if isinstance(months, bool) or not isinstance(months, int) or not 1 <= months <= MAX_MONTHS:
        raise TermsError(
            name,
            f"must be a whole number of months from 1 to {MAX_MONTHS}, not {months!r}",
            "months",
            most=str(MAX_MONTHS),
            found=str(months),
        )
    return months
