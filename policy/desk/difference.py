"""Two versions side by side, and the picture of all of them over the years."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from policy.enums import VersionStatus
from policy.models import PolicyVersion
from policy.rules.parameters import Parameter
from policy.selectors import parameters_of
from policy.words import day, parameter_label, unit_label, value_text


@dataclass(frozen=True)
class Shown:
    """One version's word on one rule; empty texts where it has none."""

    value: str = ""
    clause: str = ""
    quotation: str = ""


@dataclass(frozen=True)
class Row:
    label: str
    unit: str
    left: Shown
    right: Shown

    @property
    def differs(self) -> bool:
        return self.left != self.right

    @property
    def value_differs(self) -> bool:
        return self.left.value != self.right.value


def side_by_side(left: PolicyVersion, right: PolicyVersion) -> list[Row]:
    """Names, days and rules of two versions of one programme, in the order in which they are written."""
    rows = [
        Row(_("in force from"), "", Shown(day(left.in_force_from)), Shown(day(right.in_force_from))),
        Row(_("in force to"), "", Shown(end_words(left)), Shown(end_words(right))),
    ]
    of_left, of_right = ({p.name: p for p in parameters_of(version)} for version in (left, right))
    for name in dict.fromkeys([*of_left, *of_right]):
        either = of_left.get(name) or of_right[name]
        rows.append(
            Row(
                parameter_label(name),
                unit_label(either.unit),
                _shown(of_left.get(name)),
                _shown(of_right.get(name)),
            )
        )
    return rows


def end_words(version: PolicyVersion) -> str:
    return day(version.in_force_to) if version.in_force_to else _("open-ended")


def rules_of(version: PolicyVersion) -> list[Row]:
    """The rules of one version as rows (the right side is empty)."""
    return [
        Row(parameter_label(one.name), unit_label(one.unit), _shown(one), Shown())
        for one in parameters_of(version)
    ]


def _shown(one: Parameter | None) -> Shown:
    if one is None:
        return Shown()
    # The clauses of the seeded versions are in the catalogue; what officials write stands as written.
    return Shown(value_text(one.name, one.value, one.unit), _(one.clause), one.quotation)


# The picture

LANE = 30


@dataclass(frozen=True)
class Bar:
    """One version in the picture: places in per cent of the width, and pixels from the top."""

    x: str
    width: str
    y: int
    look: str
    told: str
    version: PolicyVersion

    @property
    def text_y(self) -> int:
        return self.y + 14


@dataclass(frozen=True)
class Timeline:
    key: str
    programme: str
    bars: list[Bar]
    years: list[tuple[str, int]]
    height: int
    now: str

    @property
    def axis_y(self) -> int:
        return self.height - 6

    @property
    def grid_height(self) -> int:
        return self.height - 22


_LOOKS = {
    VersionStatus.PUBLISHED: "chart-1",
    VersionStatus.SUBMITTED: "chart-3",
    VersionStatus.DRAFT: "chart-4",
}


def timelines(versions: Sequence[PolicyVersion], today: date) -> list[Timeline]:
    """One picture for each programme that has versions; open ends reach to the right edge."""
    return [
        _timeline(code, [version for version in versions if version.programme == code], today)
        for code in dict.fromkeys(version.programme for version in versions)
    ]


def _timeline(code: str, versions: Sequence[PolicyVersion], today: date) -> Timeline:
    ordered = sorted(versions, key=lambda v: (v.status != VersionStatus.PUBLISHED, v.in_force_from, v.code))
    known = [v.in_force_from for v in ordered] + [v.in_force_to for v in ordered if v.in_force_to] + [today]
    first, last = min(known).year, min(max(known).year + 2, date.max.year)
    begin, span = date(first, 1, 1), max((date(last, 12, 31) - date(first, 1, 1)).days, 1)

    def place(on: date) -> float:
        return min(max((on - begin).days / span * 100, 0.0), 100.0)

    bars, lane, published = [], -1, False
    for version in ordered:
        is_published = version.status == VersionStatus.PUBLISHED
        if not (is_published and published):
            lane += 1  # published versions follow each other in one lane
        published = is_published
        left = place(version.in_force_from)
        right = place(version.in_force_to) if version.in_force_to else 100.0
        told = f"{version.code} · {version.get_status_display()} · {day(version.in_force_from)} – {end_words(version)}"
        bars.append(
            Bar(
                _number(left),
                _number(max(right - left, 0.5)),
                lane * LANE,
                _LOOKS[version.status],
                told,
                version,
            )
        )
    every = -(-(last - first + 1) // 8)
    years = [(_number(place(date(year, 1, 1))), year) for year in range(first, last + 1, every)]
    height = (lane + 1) * LANE + 24
    return Timeline(code, versions[0].get_programme_display(), bars, years, height, _number(place(today)))


def _number(value: float) -> str:
    return f"{value:.2f}"
