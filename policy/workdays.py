"""Working days of mainland China: the published arrangement of each year, and the bureau's own table before it.

`WorkingDays` is pure; `working_days()` reads the table. Where neither the library nor the table knows a year, Monday to
Friday count, and `is_sure` says that nobody has confirmed them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

import chinese_calendar

from policy.models import WorkdayOverride

_ONE = timedelta(days=1)


@lru_cache(maxsize=4096)
def _published(day: date) -> bool | None:
    """What the library says of a day; None for a year that it does not know."""
    try:
        return chinese_calendar.is_workday(day)
    except NotImplementedError:
        return None


@dataclass(frozen=True)
class WorkingDays:
    """The calendar with the table's rows (`overrides`: day -> is it a working day), which come first."""

    overrides: Mapping[date, bool] = field(default_factory=dict)

    def is_workday(self, day: date) -> bool:
        if day in self.overrides:
            return self.overrides[day]
        published = _published(day)
        return day.weekday() < 5 if published is None else published

    def is_sure(self, first: date, last: date) -> bool:
        """Whether every year from `first` to `last` is published, or has rows in the table."""
        entered = {day.year for day in self.overrides}
        years = range(first.year, last.year + 1)
        return all(_published(date(year, 1, 1)) is not None or year in entered for year in years)

    def between(self, start: date, end: date) -> int:
        """Working days after `start` up to and including `end`: the first day does not count.

        Spans that follow each other add up: between(a, b) + between(b, c) == between(a, c).
        """
        return sum(self.is_workday(start + _ONE * n) for n in range(1, (end - start).days + 1))

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
