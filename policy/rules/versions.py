"""Which version of a policy applies. A gap or an overlap is an error that names the dates, never a default.

`in_force_from` and `in_force_to` are both inclusive; an `in_force_to` of None means open-ended.
"""

from collections.abc import Iterable, Sequence
from datetime import MAXYEAR, MINYEAR, date
from typing import Protocol, TypeVar


class Dated(Protocol):
    """Anything with a code and the dates between which it is in force."""

    @property
    def code(self) -> str: ...
    @property
    def in_force_from(self) -> date: ...
    @property
    def in_force_to(self) -> date | None: ...


Version = TypeVar("Version", bound=Dated)


class VersionError(LookupError):
    """No single version applies. The message names the dates."""


class NoVersionError(VersionError):
    """A gap: no version is in force on the day, or through the whole year."""


class OverlapError(VersionError):
    """Two or more versions are in force at once."""


def version_on(versions: Iterable[Version], day: date) -> Version:
    """The one version in force on `day`. Raises NoVersionError or OverlapError."""
    every = _in_order(versions)
    found = [version for version in every if _covers(version, day, day)]
    if len(found) > 1:
        raise OverlapError(f"more than one policy version is in force on {day.isoformat()}: {_spans(found)}")
    if not found:
        raise NoVersionError(f"no policy version is in force on {day.isoformat()}; {_known(every)}")
    return found[0]


def version_for_year(versions: Iterable[Version], year: int) -> Version:
    """The one version in force from 1 January to 31 December of `year`.

    Raises OverlapError when a second version is in force on any day of the year, and NoVersionError when none is or
    when it begins or ends inside the year: an enterprise's year has one threshold and one cap.
    """
    if not MINYEAR <= year <= MAXYEAR:
        raise NoVersionError(f"no policy version covers the year {year}")
    every = _in_order(versions)
    first, last = date(year, 1, 1), date(year, 12, 31)
    touching = [version for version in every if _touches(version, first, last)]
    for position, version in enumerate(touching):
        for other in touching[position + 1 :]:
            begins = max(version.in_force_from, other.in_force_from, first)
            ends = min(version.in_force_to or date.max, other.in_force_to or date.max, last)
            if begins <= ends:
                raise OverlapError(
                    f"more than one policy version is in force from {begins.isoformat()} to {ends.isoformat()}: "
                    f"{_spans([version, other])}"
                )
    if not touching:
        raise NoVersionError(f"no policy version covers the year {year}; {_known(every)}")
    if not _covers(touching[0], first, last):
        raise NoVersionError(
            f"no policy version covers the whole year {year}, because one begins or ends inside it: {_spans(touching)}"
        )
    return touching[0]


def check_dates(in_force_from: date, in_force_to: date | None) -> str | None:
    """What is wrong with the dates of one version, or None."""
    if in_force_to is not None and in_force_to < in_force_from:
        return f"ends on {in_force_to.isoformat()}, before it begins on {in_force_from.isoformat()}"
    return None


def _in_order(versions: Iterable[Version]) -> list[Version]:
    return sorted(versions, key=lambda version: (version.in_force_from, version.code))


def _covers(version: Dated, first: date, last: date) -> bool:
    return version.in_force_from <= first and (version.in_force_to is None or last <= version.in_force_to)


def _touches(version: Dated, first: date, last: date) -> bool:
    return version.in_force_from <= last and (version.in_force_to is None or first <= version.in_force_to)


def _known(versions: Sequence[Dated]) -> str:
    return f"known are {_spans(versions)}" if versions else "none has been published"


def _spans(versions: Sequence[Dated]) -> str:
    return ", ".join(
        f"{version.code} from {version.in_force_from.isoformat()}"
        + (f" to {version.in_force_to.isoformat()}" if version.in_force_to else " onwards")
        for version in versions
    )
