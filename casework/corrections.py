"""How a correction reads: the remarks with their answers, what changed beside the frozen original, whose time it is."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from casework.clock import Clock, Deadline, clock, correction_deadline
from casework.diff import Change, diff
from casework.enums import Status
from casework.models import Case, Remark, Submission
from casework.programmes import programme_of
from casework.reopening import label_of, open_remarks
from policy.workdays import WorkingDays, working_days


@dataclass(frozen=True)
class RemarkView:
    """A remark with the name of its place; `url` leads the applicant to where it is mended."""

    remark: Remark
    label: str
    url: str = ""

    @property
    def anchor(self) -> str:
        return f"remark-{self.remark.pk}"


def remark_views(case: Case, remarks: Sequence[Remark], snapshot: dict[str, Any]) -> list[RemarkView]:
    """`snapshot` is the state that the remarks were pinned to."""
    if not remarks:
        return []
    rules = programme_of(case)
    return [
        RemarkView(
            remark,
            label_of(remark.path, snapshot, rules.layout),
            rules.mend_url(case, remark.path),
        )
        for remark in remarks
    ]


@dataclass(frozen=True)
class Task:
    """What the applicant has to do about a returned claim, and until when."""

    remarks: list[RemarkView]
    deadline: Deadline | None = None

    def at(self, path: str) -> list[RemarkView]:
        """The remarks on exactly this place."""
        return [view for view in self.remarks if view.remark.path == path]

    def by_part(self, row: str) -> dict[str, list["RemarkView"]]:
        """The remarks on a row and within it, by what they mark in it; "row" is the row as a whole."""
        found: dict[str, list[RemarkView]] = {}
        for view in self.remarks:
            if view.remark.path == row:
                found.setdefault("row", []).append(view)
            elif view.remark.path.startswith(f"{row}/"):
                found.setdefault(view.remark.path[len(row) + 1 :], []).append(view)
        return found


def task(case: Case, latest: Submission | None, deadline: Deadline | None = None) -> Task:
    """The open remarks of a returned claim; `latest` is its latest submission."""
    remarks = open_remarks(case)
    return Task(remark_views(case, remarks, latest.snapshot) if remarks and latest else [], deadline)


def task_of(case: Case) -> Task:
    """The same for a page that knows only the case."""
    if case.status != Status.RETURNED:
        return Task([])
    deadline = correction_deadline(case.stage_since, timezone.now(), working_days())
    return task(case, case.submissions.order_by("number").last(), deadline)


@dataclass(frozen=True)
class Correction:
    """One correction: what was asked and answered, what changed from one submission to the next."""

    before: Submission
    after: Submission
    changes: list[Change]
    remarks: list[RemarkView]


def last_correction(case: Case, submissions: Sequence[Submission]) -> Correction | None:
    """What the latest submission changed; None when there is only one."""
    if len(submissions) < 2:
        return None
    before, after = submissions[-2], submissions[-1]
    remarks = list(case.remarks.filter(resolved_by=after).order_by("id"))
    changes = diff(before.snapshot, after.snapshot, programme_of(case).layout)
    return Correction(before, after, changes, remark_views(case, remarks, before.snapshot))


def as_submitted(case: Case, submission: Submission) -> Case:
    """The case with the calculation that an earlier submission had, for its evidence; never to be saved."""
    shown = copy(case)
    shown.current_assessment = case.assessments.filter(submission=submission).order_by("id").last()
    return shown


@dataclass(frozen=True)
class Times:
    """The clock of a case, and the term of its correction while it is returned."""

    clock: Clock
    deadline: Deadline | None


def times(case: Case, *, now: datetime | None = None, calendar: WorkingDays | None = None) -> Times:
    """Office and applicant time of a case in working days; two queries."""
    now, calendar = now or timezone.now(), calendar or working_days()
    steps = case.transitions.order_by("id").values_list("to_status", "at")
    deadline = None
    if case.status == Status.RETURNED:
        deadline = correction_deadline(case.stage_since, now, calendar)
    return Times(clock(steps, now, calendar), deadline)
