"""Practice of the bureau: what calls for an official's eye, never for a refusal, and the terms of its procedure."""

import tomllib
from datetime import date
from functools import cache
from pathlib import Path

_TERMS = Path(__file__).parent / "data" / "practice.toml"

# A labour contract that begins later than this after the training is flagged.
LATE_CONTRACT_MONTHS = 12

# The first year that a claim can be about: the first one of the 2013 policy.
FIRST_YEAR = 2013

# Years without the right to file that the undertaking names for fraud.
FRAUD_EXCLUSION_YEARS = 3


@cache
def _terms() -> dict[str, list[tuple[date, int]]]:
    """Every term's figures, the latest first."""
    found: dict[str, list[tuple[date, int]]] = {}
    for term in tomllib.loads(_TERMS.read_text(encoding="utf-8"))["term"]:
        found.setdefault(term["name"], []).append((term["from"], term["value"]))
    return {name: sorted(rows, reverse=True) for name, rows in found.items()}


@cache
def size_bands(programme: str) -> tuple[int, ...]:
    """Where statistics divide applicants by size: USD of an enterprise's year, trainees of an institution's year."""
    return tuple(tomllib.loads(_TERMS.read_text(encoding="utf-8"))["size_bands"][programme])


def practice(name: str, day: date) -> int:
    """The figure of a term (`policy/data/practice.toml`) on a day; before its first day the first one counts.

    Raises KeyError for a term that the file lacks.
    """
    rows = _terms()[name]
    return next((value for start, value in rows if start <= day), rows[-1][1])
