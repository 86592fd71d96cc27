"""Edges of the calendar and random input, in small numbers; by number: `python -m drills.clock`, `drills.fuzz`."""

from datetime import UTC, datetime

import pytest

from drills import clock, fuzz


@pytest.fixture(autouse=True)
def _own_directories(settings, tmp_path):
    settings.AUDIT_HEADS_DIR, settings.DATA_DIR = str(tmp_path / "heads"), tmp_path


def test_the_moments_are_where_days_differ():
    found = clock.moments(60)
    assert datetime(2014, 12, 31, 16, tzinfo=UTC) in found  # new year in Nanchang, the old one in UTC
    assert datetime(2015, 1, 1, tzinfo=UTC) in found
    assert datetime(2016, 2, 29, tzinfo=UTC) in clock.moments(100)
    assert not clock.is_leap(2100) and clock.is_leap(2000)


def test_days_years_and_months_at_the_edges(db):
    outcome = clock.tick(60)
    assert outcome.held, outcome


def test_nothing_typed_at_random_breaks_the_portal_or_its_money(db, settings):
    settings.ACCOUNT_RATE_LIMITS = False
    outcome = fuzz.fuzz(40, seed=5)
    assert outcome.held, outcome
    assert outcome.tried["forms"] == 32 and outcome.tried["workbooks"] == 8
