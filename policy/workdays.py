"""Working days of mainland China: the published arrangement of each year, and the bureau's own table before it.

`WorkingDays` is pure; `working_days()` reads the table. Where neither the library nor the table knows a year, Monday to
Friday count, and `is_sure` says that nobody has confirmed them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache, lru_cache
from itertools import accumulate

import chinese_calendar

from policy.models import WorkdayOverride

_ONE = timedelta(days=1)
_ANY_YEAR = 2013


@lru_cache(maxsize=4096)
def _published(day: date) -> bool | None:
    """What the library says of a day; None for a year that it does not know."""
    try:
        return chinese_calendar.is_workday(day)
    except NotImplementedError:
        return None


def _is_usual(day: date) -> bool:
    """Whether it is a working day where the table says nothing."""
    published = _published(day)
    return day.weekday() < 5 if published is None else published


@cache
def _usual_of_year(year: int) -> tuple[int, ...]:
    """For each day of a year, how many working days there were from the first of January to that day."""
    first = date(year, 1, 1)
    return tuple(accumulate(_is_usual(first + _ONE * n) for n in range((date(year + 1, 1, 1) - first).days)))


@cache
def _usual_before(year: int) -> int:
    """Working days from a year that all others are counted from, so that a term is a difference."""
    return sum(_usual_of_year(earlier)[-1] for earlier in range(_ANY_YEAR, year)) - sum(
        _usual_of_year(later)[-1] for later in range(year, _ANY_YEAR)
    )


def _usual_until(day: date) -> int:
    return _usual_before(day.year) + _usual_of_year(day.year)[day.timetuple().tm_yday - 1]


@dataclass(frozen=True)
class WorkingDays:
    """The calendar with the table's rows (`overrides`: day -> is it a working day), which come first."""

    overrides: Mapping[date, bool] = field(default_factory=dict)

    def is_workday(self, day: date) -> bool:
        return self.overrides[day] if day in self.overrides else _is_usual(day)

    def is_sure(self, first: date, last: date) -> bool:
        """Whether every year from `first` to `last` is published, or has rows in the table."""
        entered = {day.year for day in self.overrides}
        years = range(first.year, last.year + 1)
        return all(_published(date(year, 1, 1)) is not None or year in entered for year in years)

    def between(self, start: date, end: date) -> int:
        """Working days after `start` up to and including `end`: the first day does not count.

        Spans that follow each other add up: between(a, b) + between(b, c) == between(a, c).
        """
        if end <= start:
            return 0
        found = _usual_until(end) - _usual_until(start)
        for day, is_workday in self.overrides.items():
            if start < day <= end:
                found += is_workday - _is_usual(day)
        return found

    def after(self, start: date, days: int) -> date:
        """The last day of a term of so many working days that begins on the day after `start`."""
        day = start
        while days > 0:
            day += _ONE
            days -= self.is_workday(day)
        return day


def working_days() -> WorkingDays:
    """The calendar as of now; one query."""
    return WorkingDays(dict(WorkdayOverride.objects.values_list("day", "is_workday")))
