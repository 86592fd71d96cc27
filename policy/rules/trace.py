"""What a result says for itself: the steps that led to it and the reasons why it is not more.

Numbers are strings, so that a stored trace reads the same in a hundred years and in every program that opens it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from . import texts


class TraceError(ValueError):
    """Stored JSON that is not a step or a reason."""


@dataclass(frozen=True)
class Citation:
    """Where a parameter comes from: the document with its section, and the words of it."""

    clause: str = ""
    quotation: str = ""

    def __str__(self) -> str:
        return self.clause


NO_CITATION = Citation()


@dataclass(frozen=True)
class Reason:
    """Why a result is less than the applicant may have hoped for: a stable code and its exact sentence."""

    code: str
    zh: str
    en: str
    numbers: Mapping[str, str] = field(default_factory=dict, hash=False)
    clause: str = ""

    @classmethod
    def build(cls, code: str, numbers: Mapping[str, str], citation: Citation = NO_CITATION) -> Self:
        """Word the reason from its code and numbers. Raises `texts.TextError` for an unknown code."""
        text = texts.reason_text(code, numbers)
        return cls(code, text.zh, text.en, dict(numbers), citation.clause)

    def to_json(self) -> dict[str, Any]:
        """A dictionary of JSON types."""
        return {
            "code": self.code,
            "zh": self.zh,
            "en": self.en,
            "numbers": dict(self.numbers),
            "clause": self.clause,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The reason that `to_json` wrote. Raises TraceError."""
        return cls(
            _string(data, "code"),
            _string(data, "zh"),
            _string(data, "en"),
            _numbers(data),
            _string(data, "clause"),
        )


@dataclass(frozen=True)
class Step:
    """One line of a calculation: what was compared or computed, with what, to which result, under which clause.

    `result` is an amount with two decimals or one of the outcomes of `texts.WORDS["outcome"]`.
    """

    code: str
    zh: str
    en: str
    numbers: Mapping[str, str] = field(hash=False)
    result: str
    clause: str
    quotation: str = ""

    @classmethod
    def build(
        cls, code: str, numbers: Mapping[str, str], result: str, citation: Citation = NO_CITATION
    ) -> Self:
        """Word the step from its code, numbers and result. Raises `texts.TextError` for an unknown code."""
        text = texts.step_text(code, numbers, result)
        return cls(code, text.zh, text.en, dict(numbers), result, citation.clause, citation.quotation)

    def to_json(self) -> dict[str, Any]:
        """A dictionary of JSON types."""
        return {
            "code": self.code,
            "zh": self.zh,
            "en": self.en,
            "numbers": dict(self.numbers),
            "result": self.result,
            "clause": self.clause,
            "quotation": self.quotation,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The step that `to_json` wrote. Raises TraceError."""
        return cls(
            _string(data, "code"),
            _string(data, "zh"),
            _string(data, "en"),
            _numbers(data),
            _string(data, "result"),
            _string(data, "clause"),
            _string(data, "quotation"),
        )


def _string(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str):
        raise TraceError(f"a stored trace needs the text {key!r}")
    return value


def _numbers(data: Mapping[str, Any]) -> dict[str, str]:
    numbers = data.get("numbers")
    if not isinstance(numbers, Mapping) or not all(isinstance(value, str) for value in numbers.values()):
        raise TraceError("a stored trace needs 'numbers' whose values are texts")
    return dict(numbers)
