"""Working days: the published arrangement, the bureau's table before it, and years that nobody has published."""

import random
from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.urls import reverse

from accounts.enums import OfficialRole
from audit.models import Record
from policy import services
from policy.models import WorkdayOverride
from policy.practice import practice
from policy.workdays import WorkingDays, working_days
from tests import factories


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2024, 2, 2), True),
        (date(2024, 2, 4), True),  # a Sunday that makes up for the Spring Festival
        (date(2024, 2, 10), False),
        (date(2024, 2, 12), False),
        (date(2024, 2, 18), True),  # another one
        (date(2024, 9, 29), True),
        (date(2024, 10, 1), False),
        (date(2024, 10, 7), False),
        (date(2024, 10, 8), True),
        (date(2024, 10, 12), True),
        (date(2015, 10, 10), True),
        (date(2015, 9, 3), False),  # a holiday of that year only
        (date(2026, 11, 24), True),
    ],
)
def test_the_published_arrangement(day, works):
    assert WorkingDays().is_workday(day) is works


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        (date(2024, 9, 27), 5, date(2024, 10, 10)),  # Sunday 29 and Monday 30 count, then the holidays
        (date(2024, 2, 2), 1, date(2024, 2, 4)),
        (date(2026, 11, 24), 5, date(2026, 12, 1)),
        (date(2026, 11, 24), 0, date(2026, 11, 24)),
    ],
)
def test_a_term_ends_on_its_last_working_day(start, days, end):
    assert WorkingDays().after(start, days) == end
    assert WorkingDays().between(start, end) == days


def test_spans_add_up():
    calendar, start = WorkingDays(), date(2024, 1, 25)
    for middle in range(0, 40, 3):
        first, last = start + timedelta(days=middle), start + timedelta(days=40)
        assert calendar.between(start, first) + calendar.between(first, last) == calendar.between(start, last)


def test_a_span_is_counted_by_years_as_day_by_day():
    """Ten years of a case cost what ten days do; the sum is the same, over table and library, New Year and back."""
    chance = random.Random(2026)
    for length in [-3, 0, 1, 9, 40, 365, 366, 4000] * 12:
        start = date(2005, 1, 1) + timedelta(days=chance.randrange(9000))
        days = [start + timedelta(days=number) for number in range(1, length + 1)]
        table = {start + timedelta(days=chance.randrange(-5, 60)): chance.random() < 0.5 for _ in range(5)}
        calendar = WorkingDays(table)
        assert calendar.between(start, start + timedelta(days=length)) == sum(map(calendar.is_workday, days))


def test_a_year_that_nobody_published_has_its_weekdays_and_says_so():
    calendar = WorkingDays()
    assert calendar.is_workday(date(2027, 1, 1)) and not calendar.is_workday(date(2027, 1, 2))
    assert not calendar.is_sure(date(2026, 12, 30), date(2027, 1, 4))
    assert calendar.is_sure(date(2026, 12, 1), date(2026, 12, 8))
    entered = WorkingDays({date(2027, 1, 1): False, date(2027, 1, 2): True})
    assert not entered.is_workday(date(2027, 1, 1)) and entered.is_workday(date(2027, 1, 2))
    assert entered.is_sure(date(2026, 12, 30), date(2027, 1, 4))


def test_the_table_comes_before_the_library(db):
    editor = factories.official(OfficialRole.POLICY_EDITOR)
    day = date(2026, 11, 25)
    services.set_workday(user=editor, row=WorkdayOverride(day=day, source="洪府办〔2026〕1号"))
    assert not working_days().is_workday(day) and working_days().is_workday(date(2026, 11, 26))
    assert Record.objects.get(action="policy.workday_set").data["is_workday"] is False


def test_only_a_policy_editor_sets_days_and_no_day_twice_nor_without_source(db):
    with pytest.raises(services.NotPermitted):
        services.set_workday(
            user=factories.official(OfficialRole.AUDITOR),
            row=WorkdayOverride(day=date(2027, 1, 1), source="x"),
        )
    editor = factories.official(OfficialRole.POLICY_EDITOR)
    services.set_workday(user=editor, row=WorkdayOverride(day=date(2027, 1, 1), source="x"))
    for row in (WorkdayOverride(day=date(2027, 1, 1), source="y"), WorkdayOverride(day=date(2027, 1, 4))):
        with pytest.raises(ValidationError):
            services.set_workday(user=editor, row=row)
    assert WorkdayOverride.objects.count() == 1
    with pytest.raises(DatabaseError, match="Cannot delete"), transaction.atomic():
        WorkdayOverride.objects.all()._raw_delete("default")


def test_the_policy_editor_enters_a_holiday_in_the_admin(db, client):
    client.cookies["language"] = "en"
    client.force_login(factories.official(OfficialRole.POLICY_EDITOR))
    url = reverse("admin:policy_workdayoverride_add")
    page = client.post(url, {"day": "2027-01-01", "source": "国办发明电〔2026〕9号"}, follow=True)
    assert page.status_code == 200 and not working_days().is_workday(date(2027, 1, 1))
    row = WorkdayOverride.objects.get()
    change = reverse("admin:policy_workdayoverride_change", args=[row.pk])
    client.post(change, {"day": "2027-01-09", "is_workday": "on", "source": "corrected"})
    row.refresh_from_db()
    assert (row.day, row.is_workday, row.source) == (date(2027, 1, 1), True, "corrected")
    assert Record.objects.filter(action="policy.workday_set").count() == 2
    client.force_login(factories.official(OfficialRole.FINANCE))
    assert client.get(url).status_code == 403
    assert client.get(reverse("admin:policy_workdayoverride_changelist")).status_code == 200


def test_terms_of_practice_have_their_days():
    assert practice("correction_days", date(2015, 1, 1)) == 5
    assert practice("correction_days", date(2001, 1, 1)) == 5
    with pytest.raises(KeyError):
        practice("no_such_term", date(2015, 1, 1))
