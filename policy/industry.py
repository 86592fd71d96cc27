"""The industry frame (POLICY, Industry frame): sector tiers, gathering areas, the path of growth."""

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from policy.rules.money import round_fen

_FRAME = Path(__file__).parent / "data" / "industry.toml"


class Tier(models.TextChoices):
    CONSOLIDATE = "consolidate", _("Consolidate")
    RAPIDLY_DEVELOP = "rapidly_develop", _("Rapidly develop")
    BREAK_THROUGH = "break_through", _("Break through")
    CULTIVATE = "cultivate", _("Actively cultivate")
    NONE = "none", _("In no tier")


@dataclass(frozen=True)
class Park:
    """An industrial gathering area."""

    code: str
    en: str
    zh: str
    first: int
    last: int | None

    def __str__(self) -> str:
        return self.zh if (get_language() or "").startswith("zh") else self.en


@dataclass(frozen=True)
class Growth:
    """From `first` on the whole business should grow by `percent` a year, counted from `base_year`."""

    base_year: int
    percent: int
    first: int

    def target(self, base: Decimal, year: int) -> Decimal:
        """What a year should come to, given the base year's figure; the base year's own target is its figure.

        >>> Growth(2015, 20, 2016).target(Decimal(100), 2017)
        Decimal('144.00')
        """
        factor = (Decimal(100 + self.percent) / Decimal(100)) ** (year - self.base_year)
        return round_fen(base * factor)


@cache
def _frame() -> dict[str, Any]:
    return tomllib.loads(_FRAME.read_text(encoding="utf-8"))


def _in_force(rows: list[dict[str, Any]], year: int) -> list[dict[str, Any]]:
    """The rows of the latest list that had begun; before the first list the first one counts."""
    starts = sorted({row["from"] for row in rows})
    start = max((s for s in starts if s <= year), default=starts[0])
    return [row for row in rows if row["from"] == start]


def tiers(year: int) -> dict[Tier, tuple[str, ...]]:
    """The sectors of each tier as the list of a year says."""
    return {Tier(row["code"]): tuple(row["sectors"]) for row in _in_force(_frame()["tier"], year)}


def sectors(year: int) -> tuple[str, ...]:
    """Every sector that a return of a year may name, in the order of the tiers."""
    return tuple(sector for found in tiers(year).values() for sector in found)


def tier_of(sector: str, year: int) -> Tier:
    """Raises KeyError for a sector outside the year's list."""
    for tier, found in tiers(year).items():
        if sector in found:
            return tier
    raise KeyError(sector)


@cache
def every_park() -> tuple[Park, ...]:
    return tuple(
        Park(row["code"], row["en"], row["zh"], row["from"], row.get("to")) for row in _frame()["park"]
    )


def parks(year: int) -> tuple[Park, ...]:
    """The gathering areas of a year."""
    return tuple(p for p in every_park() if p.first <= year and (p.last is None or year <= p.last))


def park_name(code: str) -> str:
    return next((str(park) for park in every_park() if park.code == code), code)


def growth(year: int) -> Growth:
    """The path that holds in a year."""
    (row,) = _in_force(_frame()["growth"], year)
    return Growth(row["base_year"], row["percent"], row["from"])


def source() -> dict[str, str]:
    """The document that the frame comes from, in both languages."""
    return _frame()["source"]
