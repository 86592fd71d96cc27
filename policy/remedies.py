"""The ways to have a decision reviewed, as decision letters name them (`policy/data/letters.toml`)."""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parent / "data" / "letters.toml"


@dataclass(frozen=True)
class Remedies:
    """Terms after the letter was received: administrative reconsideration in days, litigation in months."""

    start: date
    reconsideration_days: int
    litigation_months: int
    source: str


@cache
def _all() -> list[Remedies]:
    rows = tomllib.loads(_FILE.read_text(encoding="utf-8"))["remedy"]
    return sorted((Remedies(row.pop("from"), **row) for row in rows), key=lambda found: found.start)


def remedies_on(day: date) -> Remedies:
    """What holds on a day; before its first day the first one counts."""
    return next((found for found in reversed(_all()) if found.start <= day), _all()[0])
