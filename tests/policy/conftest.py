"""Replays the golden tables: a test that takes `offshore_row` runs once for each row of `golden/offshore_years.csv`."""

import csv
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from policy import terms_file
from policy.rules.terms import OffshoreTerms, TrainingTerms

# A busy machine is no failure of a rule.
settings.register_profile("rules", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("rules")

GOLDEN = Path(__file__).parent / "golden"
TABLES = {
    "offshore_row": "offshore_years.csv",
    "trainee_row": "trainees.csv",
    "period_row": "periods.csv",
    "rounding_row": "rounding.csv",
}


def pytest_generate_tests(metafunc):
    for fixture, name in TABLES.items():
        if fixture in metafunc.fixturenames:
            with (GOLDEN / name).open(encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file, strict=True))
            # The header is line 1, so the first row is line 2: the number that an editor shows.
            ids = [f"{name}:{line} {row['why'][:40]}" for line, row in enumerate(rows, start=2)]
            metafunc.parametrize(fixture, rows, ids=ids)


def _draft(programme: str):
    (found,) = (v for v in terms_file.load() if v.programme == programme and v.code == "2013-gte")
    return found.terms()


@pytest.fixture(scope="session")
def offshore_terms() -> dict[str, OffshoreTerms]:
    """The seeded offshore terms by the wording of their threshold."""
    return {"more than": terms_file.offshore_terms(2015), "at least": _draft("offshore")}


@pytest.fixture(scope="session")
def training_terms() -> dict[str, TrainingTerms]:
    """The seeded training terms by the wording of their minimum periods."""
    return {"more than": terms_file.training_terms(date(2015, 7, 1)), "at least": _draft("training")}
