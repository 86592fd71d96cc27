"""How a minimum is read: "more than" or "at least". The reading is a parameter of the policy, not a detail of code."""

from enum import StrEnum
from typing import Any


class Operator(StrEnum):
    """`GT` asks for more than the limit; `GTE` accepts equality."""

    GT = "gt"
    GTE = "gte"

    def passes(self, value: Any, limit: Any) -> bool:
        """Whether `value` satisfies a minimum of `limit` (any two ordered values: amounts, dates, counts).

        >>> Operator.GT.passes(3, 3), Operator.GTE.passes(3, 3)
        (False, True)
        """
        return value > limit if self is Operator.GT else value >= limit

    def fails_by_equality(self, value: Any, limit: Any) -> bool:
        """Whether `value` equals `limit` and only the wording keeps it out: a case for an official."""
        return self is Operator.GT and value == limit
