"""What a programme brings so that a whole city of its claims can be calculated anew, and the registry."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from casework.models import Assessment
from recomputations.models import Part


@dataclass(frozen=True)
class Judged:
    """The rows of a part as COPY takes them, in the order of `Bulk.order`, and what they come to in RMB."""

    piece: bytes
    rows: int
    amount_rmb: Decimal


@dataclass(frozen=True)
class Kept:
    """The programme's table of results: its columns beside `part_id`, in the order in which they are written.

    `key` orders the rows of a part; `totals` is SQL that selects (assessment_id, RMB) of %(recomputation)s.
    """

    table: str
    columns: tuple[str, ...]
    key: str
    totals: str


class Bulk(Protocol):
    """The same rules as `casework.programmes.Programme.assess`, for many claims at once."""

    code: str
    kept: Kept

    def freeze(self, assessments: Sequence[Assessment]) -> None:
        """Write what the rules saw of these assessments in columns, by COPY. Their submissions are loaded."""

    def rows_of(self, assessments: Sequence[Assessment]) -> list[int]:
        """How many rows each one comes to."""

    def differs(self, assessments: Sequence[Assessment]) -> Iterable[tuple[str, str, str]]:
        """Columns that are not what `freeze` would write: (subject, expected, found)."""

    def judge(self, part: Part, terms: Sequence[Any]) -> Judged:
        """What the terms say of the part's claims, as they are frozen."""


_registry: dict[str, Bulk] = {}


def register(bulk: Bulk) -> None:
    _registry[bulk.code] = bulk


def bulk_of(programme: str) -> Bulk:
    return _registry[programme]


def registered() -> list[Bulk]:
    return list(_registry.values())
