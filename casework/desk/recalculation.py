"""What a recalculation's page shows of each case: both amounts, why they differ, and what became of the review."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from casework.enums import RecalculationState, RunState, Stage, Status
from casework.models import Assessment, RecalculatedCase, Recalculation, Review
from policy.desk.difference import side_by_side
from policy.models import PolicyVersion

_AFTER = Q(run__assessment__isnull=False)
#: Preview and result say the same of a case that was calculated; the result counts.
_MOVES = ~Q(preview_rmb=F("before__amount_rmb"))
TABS = {
    "moves": Q(is_decided=False, preview_rmb__isnull=False) & _MOVES,
    "same": Q(is_decided=False, preview_rmb=F("before__amount_rmb")),
    "decided": Q(is_decided=True, preview_rmb__isnull=False) & _MOVES,
    "settled": Q(is_decided=True, preview_rmb=F("before__amount_rmb")),
    "problem": Q(preview_rmb__isnull=True),
}
LABELS = {
    "moves": pgettext_lazy("recalculation", "Amount moves"),
    "same": pgettext_lazy("recalculation", "Amount stays"),
    "decided": pgettext_lazy("recalculation", "Approved, would differ"),
    "settled": pgettext_lazy("recalculation", "Approved, the same"),
    "problem": pgettext_lazy("recalculation", "Cannot be calculated"),
}


@dataclass(frozen=True)
class Tab:
    code: str
    label: str
    count: int


@dataclass(frozen=True)
class Why:
    """One thing that differs between two calculations: a rule or a fact, before and now."""

    what: str
    before: str
    now: str


@dataclass(frozen=True)
class Line:
    """One case as the page lists it. `after_rmb` is None before it was calculated."""

    row: RecalculatedCase
    before_rmb: Decimal
    preview_rmb: Decimal | None
    after_rmb: Decimal | None
    why: list[Why]
    review: str
    tone: str
    state: str


def tabs(recalculation: Recalculation) -> list[Tab]:
    return [
        Tab(code, str(LABELS[code]), recalculation.rows.filter(found).count()) for code, found in TABS.items()
    ]


def rows_of(recalculation: Recalculation, tab: str) -> QuerySet:
    return (
        recalculation.rows.filter(TABS[tab])
        .select_related("case__organisation", "before", "run__assessment")
        .order_by("case__number")
    )


def progress(recalculation: Recalculation) -> tuple[int, int]:
    """How many of its cases are through, and how many there are to calculate."""
    to_do = recalculation.rows.filter(is_decided=False)
    through = to_do.filter(Q(moved_on=True) | Q(run__isnull=False) & ~Q(run__state=RunState.QUEUED))
    return through.count(), to_do.count()


def voided(recalculation: Recalculation) -> int:
    """How many initial reviews would be void: cases in final review whose amount moves."""
    return recalculation.rows.filter(TABS["moves"], case__status=Status.FINAL_REVIEW).count()


def lines_of(recalculation: Recalculation, rows: Iterable[RecalculatedCase]) -> list[Line]:
    """The lines of one page: a fixed number of queries."""
    page = list(rows)
    versions = _versions(recalculation.programme, page)
    reviews = Review.objects.filter(assessment__in=[row.before_id for row in page], stage=Stage.INITIAL)
    seen = {review.assessment_id: review for review in reviews}
    carried = set(
        Review.objects.filter(carried_from__in=[review.pk for review in seen.values()]).values_list(
            "carried_from", flat=True
        )
    )
    return [_line(row, versions, seen.get(row.before_id), carried) for row in page]


def _versions(programme: str, rows: list[RecalculatedCase]) -> dict[str, PolicyVersion]:
    codes = {
        code for row in rows for key in (row.before.policy_key, _policy_now(row)) for code in key.split("+")
    }
    found = PolicyVersion.objects.filter(programme=programme, code__in=codes).prefetch_related("parameters")
    return {version.code: version for version in found}


def _policy_now(row: RecalculatedCase) -> str:
    after = row.run.assessment if row.run_id else None
    return after.policy_key if after else row.preview_policy


def _line(
    row: RecalculatedCase, versions: Mapping[str, PolicyVersion], review: Review | None, carried: set[int]
) -> Line:
    after = row.run.assessment if row.run_id else None
    word, tone = _review_words(row, after, review, carried)
    return Line(
        row,
        row.before.amount_rmb,
        row.preview_rmb,
        after.amount_rmb if after else None,
        [*_rules(row.before.policy_key, _policy_now(row), versions), *_facts(row.before, after)],
        word,
        tone,
        _state(row),
    )


def _review_words(
    row: RecalculatedCase, after: Assessment | None, review: Review | None, carried: set[int]
) -> tuple[str, str]:
    if review is None or after is None or after.pk == row.before_id:
        return "", ""
    if review.pk in carried:
        return _("goes along"), "good"
    return (_("void"), "warn") if review.void_at else ("", "")


def _state(row: RecalculatedCase) -> str:
    if row.problem:
        return _("No single policy version applies to it: look for a gap or an overlap of versions.")
    if row.moved_on:
        return _("Left review before its turn.")
    if row.run_id is None:
        return ""
    if row.run.state == RunState.DONE and row.run.assessment_id == row.before_id:
        return _("Nothing changed.")
    return str(row.run.get_state_display())


def _rules(before: str, now: str, versions: Mapping[str, PolicyVersion]) -> list[Why]:
    """Which parameters differ, when other versions apply; version by version in the order of their codes."""
    gone = [code for code in before.split("+") if code not in now.split("+")]
    come = [code for code in now.split("+") if code and code not in before.split("+")]
    found = []
    for old, new in zip(gone, come, strict=False):
        if old in versions and new in versions:
            found += [
                Why(row.label, row.left.value, row.right.value)
                for row in side_by_side(versions[old], versions[new])[2:]
                if row.value_differs
            ]
    if gone or come:
        found.insert(0, Why(_("Policy version"), before, now))
    return found


def _facts(before: Assessment, after: Assessment | None) -> list[Why]:
    """Which inputs differ: what was granted before, persons subsidised meanwhile, lines that officials decided."""
    if after is None:
        return []
    old, new = _told(before.inputs), _told(after.inputs)
    return [
        Why(what, old.get(what, "–"), new.get(what, "–"))
        for what in dict.fromkeys([*old, *new])
        if old.get(what) != new.get(what)
    ]


def _told(inputs: Mapping[str, Any]) -> dict[str, str]:
    basis = inputs["basis"]
    told = {_("Filed data"): str(inputs["submission"])}
    if "granted_rmb" in basis:
        told[_("Granted before in the year (RMB)")] = basis["granted_rmb"]
        told[_("Earlier revenue of the year (USD)")] = basis["earlier_usd"]
    if "subsidised" in basis:
        told[_("Persons subsidised before")] = str(len(basis["subsidised"]))
    told[_("Lines decided by officials")] = str(len(inputs.get("lines", ())))
    return told


def is_busy(recalculation: Recalculation) -> bool:
    through, total = progress(recalculation)
    return recalculation.state == RecalculationState.PREVIEW or (
        recalculation.state == RecalculationState.CONFIRMED and through < total
    )
