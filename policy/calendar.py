"""Where a version would stand among the published ones: what it ends, and the gaps and overlaps, by their days."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _

from policy.enums import ProgrammeCode, VersionStatus
from policy.models import PolicyVersion
from policy.words import day

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Finding:
    """Something about a version's days. What is `blocking` keeps it from being submitted and published."""

    code: str
    message: str
    blocking: bool = True


def ended_by(version: PolicyVersion, published: Iterable[PolicyVersion]) -> PolicyVersion | None:
    """The open-ended version that this one would end on the day before it begins."""
    return next(
        (
            other
            for other in published
            if other.in_force_to is None and other.in_force_from < version.in_force_from
        ),
        None,
    )


def findings(version: PolicyVersion, published: Sequence[PolicyVersion]) -> list[Finding]:
    """What is to be said of a version's days beside the published versions of its programme (without itself)."""
    first, last = version.in_force_from, version.in_force_to
    ended = ended_by(version, published)
    found = list(_whole_years(version))
    before: date | None = None
    after: date | None = None
    for other in published:
        start, end = other.in_force_from, other.in_force_to
        if other == ended:
            end = first - ONE_DAY
        begins, ends = max(start, first), min(end or date.max, last or date.max)
        if begins <= ends:
            found.append(_overlap(other, begins, None if ends == date.max else ends))
        elif end is not None and end < first:
            before = max(before or date.min, end)
        else:
            after = min(after or date.max, start)
    if before is not None and before + ONE_DAY < first:
        found.append(_gap(before + ONE_DAY, first - ONE_DAY))
    if last is not None and after is not None and last + ONE_DAY < after:
        found.append(_gap(last + ONE_DAY, after - ONE_DAY))
    if last is not None and last < date.max and after is None:
        message = _("From %(day)s on no version will be in force.") % {"day": day(last + ONE_DAY)}
        found.append(Finding("open_after", message, blocking=False))
    if ended is not None:
        message = _("Its publication ends version %(code)s, open-ended so far, on %(day)s.") % {
            "code": ended.code,
            "day": day(first - ONE_DAY),
        }
        found.append(Finding("ends", message, blocking=False))
    return found


def published_beside(version: PolicyVersion) -> list[PolicyVersion]:
    """The published versions of the same programme, oldest first; one query."""
    return list(
        PolicyVersion.objects.filter(programme=version.programme, status=VersionStatus.PUBLISHED)
        .exclude(pk=version.pk)
        .order_by("in_force_from")
    )


def _whole_years(version: PolicyVersion) -> Iterable[Finding]:
    """An enterprise's calendar year has one threshold and one cap, so offshore versions hold whole years."""
    if version.programme != ProgrammeCode.OFFSHORE:
        return
    first, last = version.in_force_from, version.in_force_to
    broken = set()
    if (first.month, first.day) != (1, 1):
        broken.add(first.year)
    if last is not None and (last.month, last.day) != (12, 31):
        broken.add(last.year)
    for year in sorted(broken):
        message = _(
            "The year %(year)s would have no version for the whole of it: begin on %(first)s and end on %(last)s."
        ) % {"year": year, "first": day(date(year, 1, 1)), "last": day(date(year, 12, 31))}
        yield Finding("missing_year", message)


def _overlap(other: PolicyVersion, begins: date, ends: date | None) -> Finding:
    told = {"code": other.code, "first": day(begins), "last": day(ends) if ends else ""}
    if ends is None:
        return Finding("overlap", _("Version %(code)s is in force too, from %(first)s on.") % told)
    return Finding("overlap", _("Version %(code)s is in force too, from %(first)s to %(last)s.") % told)


def _gap(begins: date, ends: date) -> Finding:
    message = _("No version would be in force from %(first)s to %(last)s.") % {
        "first": day(begins),
        "last": day(ends),
    }
    return Finding("gap", message)
