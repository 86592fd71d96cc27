"""Office and applicant time in working days, and the term of a correction: pure tables."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from casework.clock import clock, correction_deadline, day_of, is_due_soon
from policy.workdays import WorkingDays

CALENDAR = WorkingDays()


def at(month: int, day: int, hour: int = 10, year: int = 2024) -> datetime:
    return datetime(year, month, day, hour, tzinfo=ZoneInfo("Asia/Shanghai"))


STORY = [
    ("draft", at(9, 20)),
    ("initial_review", at(9, 26)),  # Thursday
    ("returned", at(9, 29)),  # a Sunday on which people work: two days at the office
    ("initial_review", at(10, 9)),  # 30 September, then 8 and 9 October: three at the applicant
    ("final_review", at(10, 11)),
    ("approved", at(10, 14)),  # Saturday 12 was made up for
]


@pytest.mark.parametrize(
    ("steps", "now", "expected"),
    [
        (1, at(9, 25), (0, 0, 0, False)),
        (2, at(9, 26, 23), (0, 0, 0, True)),
        (2, at(9, 28), (1, 1, 0, True)),
        (3, at(9, 29), (0, 2, 0, True)),
        (3, at(10, 7), (1, 2, 1, True)),
        (4, at(10, 9), (0, 2, 3, True)),
        (5, at(10, 12), (1, 5, 3, True)),
        (6, at(10, 20), (0, 6, 3, False)),
    ],
)
def test_office_and_applicant_time(steps, now, expected):
    found = clock(STORY[:steps], now, CALENDAR)
    assert (found.stage, found.office, found.applicant, found.runs) == expected


def test_days_are_those_of_nanchang():
    assert day_of(datetime(2024, 9, 26, 16, 30, tzinfo=ZoneInfo("UTC"))) == date(2024, 9, 27)


@pytest.mark.parametrize(
    ("returned", "now", "day", "left", "passed", "soon"),
    [
        (at(9, 27), at(9, 27), (10, 10), 5, False, False),
        (at(9, 27), at(9, 30), (10, 10), 3, False, False),
        (at(9, 27), at(10, 8), (10, 10), 2, False, True),
        (at(9, 27), at(10, 10, 23), (10, 10), 0, False, True),
        (at(9, 27), at(10, 11, 0), (10, 10), -1, True, False),
        (at(2, 2), at(2, 2), (2, 8), 5, False, False),
    ],
)
def test_the_term_of_a_correction(returned, now, day, left, passed, soon):
    found = correction_deadline(returned, now, CALENDAR)
    assert found.day == date(2024, *day)
    assert (found.left, found.has_passed, is_due_soon(found, returned)) == (left, passed, soon)
    assert found.is_sure and found.total == 5


def test_a_term_into_an_unpublished_year_says_that_it_may_move():
    found = correction_deadline(at(12, 29, year=2026), at(12, 29, year=2026), CALENDAR)
    assert found.day == date(2027, 1, 5) and not found.is_sure
