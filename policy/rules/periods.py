"""Periods in whole months, as POLICY.md counts them.

Dates are inclusive at both ends. `[start, end]` is exactly N months when `end + 1 day == start + N months`, where a
month end clamps (31 January + 1 month is the last day of February).
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date, datetime, timedelta
from typing import Literal

from .operators import Operator

ONE_DAY = timedelta(days=1)
Relation = Literal["shorter", "exact", "longer"]

_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class PeriodError(ValueError):
    """Dates that form no period. The message names them."""


@dataclass(frozen=True)
class PeriodComparison:
    """The period `[start, end]` beside a length of `months` that would have ended on `exact_end` (inclusive)."""

    start: date
    end: date
    months: int
    exact_end: date

    @property
    def relation(self) -> Relation:
        """Shorter than, exactly, or longer than `months`."""
        if self.end == self.exact_end:
            return "exact"
        return "shorter" if self.end < self.exact_end else "longer"

    def passes(self, operator: Operator) -> bool:
        """Whether the period satisfies the minimum under this reading."""
        return operator.passes(self.end, self.exact_end)

    def fails_by_equality(self, operator: Operator) -> bool:
        """Whether the period is exactly `months` long and only the wording keeps it out."""
        return operator.fails_by_equality(self.end, self.exact_end)

    def days_short(self, operator: Operator) -> int:
        """How many days more the period needs; 0 when it passes.

        >>> exactly_a_year = compare_months(date(2015, 3, 1), date(2016, 2, 29), 12)
        >>> exactly_a_year.days_short(Operator.GT), exactly_a_year.days_short(Operator.GTE)
        (1, 0)
        """
        needed = 1 if operator is Operator.GT else 0
        return max(0, (self.exact_end - self.end).days + needed)


def add_months(day: date, months: int) -> date:
    """The same day of the month, `months` later (or earlier); the last day of the month where there is none such.

    Raises PeriodError when the result leaves the calendar (years 1 to 9999).

    >>> add_months(date(2015, 1, 31), 1), add_months(date(2016, 2, 29), 12), add_months(date(2015, 12, 1), 3)
    (datetime.date(2015, 2, 28), datetime.date(2017, 2, 28), datetime.date(2016, 3, 1))
    """
    year, month_index = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not MINYEAR <= year <= MAXYEAR:
        raise PeriodError(f"{months} months from {day.isoformat()} lie outside the calendar")
    month = month_index + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def compare_months(start: date, end: date, months: int) -> PeriodComparison:
    """Compare `[start, end]`, both days included, with a length of `months` (at least 1).

    Raises PeriodError when the end lies before the start or the comparison leaves the calendar.

    >>> compare_months(date(2015, 3, 1), date(2015, 5, 31), 3).relation
    'exact'
    >>> compare_months(date(2015, 3, 1), date(2015, 6, 1), 3).relation
    'longer'
    """
    check_day(start)
    check_day(end)
    if end < start:
        raise PeriodError(f"the end {end.isoformat()} lies before the start {start.isoformat()}")
    if months < 1:
        raise PeriodError(f"a length of {months} months is not a minimum")
    return PeriodComparison(start, end, months, exact_end=add_months(start, months) - ONE_DAY)


def check_day(value: date) -> date:
    """Return `value` when it is a calendar day (not a moment), else raise PeriodError."""
    if not isinstance(value, date) or isinstance(value, datetime):
        raise PeriodError(f"a day must be a date, not {type(value).__name__}")
    return value


def parse_day(text: str) -> date:
    """Read a day written as YYYY-MM-DD. Raises PeriodError for anything else, or a day that does not exist.

    >>> parse_day("2016-02-29")
    datetime.date(2016, 2, 29)
    >>> parse_day("2015-02-29")
    Traceback (most recent call last):
    ...
    policy.rules.periods.PeriodError: '2015-02-29' is not a day of the calendar
    """
    stripped = text.strip()
    shown = repr(stripped if len(stripped) <= 40 else f"{stripped[:39]}…")
    if _ISO_DAY.fullmatch(stripped) is None:
        raise PeriodError(f"{shown} is not a day: write it as YYYY-MM-DD, such as 2015-03-01")
    try:
        return date.fromisoformat(stripped)
    except ValueError:
        raise PeriodError(f"{shown} is not a day of the calendar") from None
