"""Pages by key: the next page begins after the last row that was seen; the thousandth costs what the first does."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime

AFTER, BEFORE = "after", "before"
SEPARATOR = "~"


@dataclass(frozen=True)
class Cursor:
    """A row's place in the queue's order, and on which side of it the page lies."""

    at: datetime
    pk: int
    before: bool = False

    @property
    def text(self) -> str:
        return f"{self.at.isoformat()}{SEPARATOR}{self.pk}"


def read(params: dict[str, Any]) -> Cursor | None:
    """The cursor of an address; None for none, or for one that nobody wrote here."""
    for name in (AFTER, BEFORE):
        at, _separator, pk = str(params.get(name, "")).partition(SEPARATOR)
        if not (pk.isascii() and pk.isdecimal() and len(pk) < 19):
            continue
        try:
            moment = parse_datetime(at.replace(" ", "+"))
        except ValueError:
            continue
        if moment is not None and moment.tzinfo is not None:
            return Cursor(moment, int(pk), name == BEFORE)
    return None


@dataclass(frozen=True)
class Slice:
    """One page of rows, with the cursors of its neighbours (empty where there is none)."""

    rows: list
    previous: str
    following: str


def take(queryset: QuerySet, cursor: Cursor | None, size: int, *, newest_first: bool) -> Slice:
    """One page of `queryset` by (stage_since, pk): one query of `size` + 1 rows."""
    backwards = cursor is not None and cursor.before
    descending = newest_first != backwards
    if cursor is not None:
        side = "lt" if descending else "gt"
        # The first part is what an index can use, the second one settles rows of the same moment.
        queryset = queryset.filter(
            Q(**{f"stage_since__{side}e": cursor.at})
            & (Q(**{f"stage_since__{side}": cursor.at}) | Q(**{f"pk__{side}": cursor.pk}))
        )
    sign = "-" if descending else ""
    rows = list(queryset.order_by(f"{sign}stage_since", f"{sign}pk")[: size + 1])
    more, rows = len(rows) > size, rows[:size]
    if backwards:
        rows.reverse()
    if not rows:
        return Slice([], "", "")
    has_previous = more if backwards else cursor is not None
    has_following = cursor is not None if backwards else more
    return Slice(
        rows,
        Cursor(rows[0].stage_since, rows[0].pk).text if has_previous else "",
        Cursor(rows[-1].stage_since, rows[-1].pk).text if has_following else "",
    )
