"""The officials' conclusions on single lines: which count, what the rules see of them, and how they read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from casework.enums import LineCode, LineVerdict
from casework.models import Assessment, Case, LineDecision, Submission
from casework.programmes import DecidableLine, Programme, programme_of


def latest(submission: Submission) -> dict[str, LineDecision]:
    """The conclusion that counts for each decided line, by the line's key; one query."""
    rows = (
        LineDecision.objects.filter(submission=submission)
        .select_related("by")
        .order_by("key", "-id")
        .distinct("key")
    )
    return {row.key: row for row in rows}


def for_rules(submission: Submission) -> list[dict[str, Any]]:
    """What an assessment's inputs keep of the decided lines, JSON-ready and self-contained.

    The number of the decision makes the inputs new even when a line returns to what it was.
    """
    return [
        {
            "decision": row.pk,
            "key": row.key,
            "verdict": row.verdict,
            "accepted": None if row.accepted is None else str(row.accepted),
            "code": row.code,
            "reason": row.reason,
        }
        for row in sorted(latest(submission).values(), key=lambda row: row.pk)
    ]


def by_key(decided: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The same by the lines' keys."""
    return {row["key"]: row for row in decided}


@dataclass(frozen=True)
class LineView:
    """A reduced or refused line as applicant, official and letter read it; amounts in `unit`, None without one."""

    key: str
    label: str
    verdict: str
    word: str
    code: str
    code_word: str
    reason: str
    filed: Decimal | None = None
    accepted: Decimal | None = None
    unit: str = ""
    reduction: str = ""

    @property
    def tone(self) -> str:
        return "bad" if self.verdict == LineVerdict.REFUSE else "warn"


def cut_lines(assessment: Assessment | None, snapshot: Mapping[str, Any], rules: Programme) -> list[LineView]:
    """The reduced and refused lines that an assessment was calculated with, in the order of the claim."""
    decided = by_key(assessment.inputs.get("lines", ())) if assessment else {}
    if not decided:
        return []
    return [
        _view(line, decided[line.key])
        for line in rules.lines(snapshot)
        if line.key in decided and decided[line.key]["verdict"] != LineVerdict.ACCEPT
    ]


def cut_lines_of(case: Case) -> list[LineView]:
    """The same of a case's current calculation, for letters and the applicant's page."""
    assessment = case.current_assessment
    return cut_lines(assessment, assessment.submission.snapshot, programme_of(case)) if assessment else []


def _view(line: DecidableLine, decided: Mapping[str, Any]) -> LineView:
    verdict = LineVerdict(decided["verdict"])
    accepted = decided["accepted"]
    if verdict is LineVerdict.REFUSE and line.amount is not None:
        accepted = "0"
    return LineView(
        key=line.key,
        label=line.label,
        verdict=verdict,
        word=str(verdict.label),
        code=decided["code"],
        code_word=str(LineCode(decided["code"]).label),
        reason=decided["reason"],
        filed=line.amount,
        accepted=None if accepted is None else Decimal(accepted),
        unit=line.unit,
        reduction=line.reduction if verdict is LineVerdict.REDUCE and line.amount is None else "",
    )


def marked(rows: Sequence[Mapping[str, Any]], key: str, cut: Iterable[LineView]) -> list[dict[str, Any]]:
    """The rows of the evidence, each with the `cut` that it got, if any; `key` names the rows' key."""
    found = {view.key: view for view in cut}
    return [{**row, "cut": found.get(str(row[key]))} for row in rows]
