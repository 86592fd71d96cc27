"""Whose time it is: working days at the office and at the applicant, counted apart. Pure: steps and a calendar go in.

A day counts for who held the case when it ended, the day of filing for nobody: so the parts always add up.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from casework.enums import IN_REVIEW, Status
from policy.practice import practice
from policy.workdays import WorkingDays

SHANGHAI = ZoneInfo("Asia/Shanghai")
#: A status and the moment from which it held.
Step = tuple[str, datetime]


def day_of(at: datetime) -> date:
    """The day of a moment in Nanchang."""
    return at.astimezone(SHANGHAI).date()


@dataclass(frozen=True)
class Clock:
    """Working days of a case: in its present status, and altogether at the office and at the applicant."""

    stage: int
    office: int
    applicant: int
    runs: bool


def clock(steps: Iterable[Step], now: datetime, calendar: WorkingDays) -> Clock:
    """Count a case's working days from its steps, oldest first. Drafts and closed cases use up nobody's time."""
    office = applicant = stage = 0
    held, since = Status.DRAFT, day_of(now)
    for status, at in [*steps, ("", now)]:
        days = max(calendar.between(since, day_of(at)), 0)
        if held in IN_REVIEW:
            office += days
        elif held == Status.RETURNED:
            applicant += days
        stage = days
        if status:
            held, since = Status(status), day_of(at)
    runs = held in (*IN_REVIEW, Status.RETURNED)
    return Clock(stage if runs else 0, office, applicant, runs)


@dataclass(frozen=True)
class Deadline:
    """Until when a returned claim can be corrected: to the end of `day`. `left` counts working days, this one too."""

    day: date
    left: int
    total: int
    is_sure: bool

    @property
    def has_passed(self) -> bool:
        return self.left < 0


def correction_deadline(returned_at: datetime, now: datetime, calendar: WorkingDays) -> Deadline:
    """The term of a claim that was returned at a moment; the day of the return does not count."""
    start, today = day_of(returned_at), day_of(now)
    total = practice("correction_days", start)
    day = calendar.after(start, total)
    left = calendar.between(today, day) if today <= day else -1
    return Deadline(day, left, total, calendar.is_sure(start, day))


def is_due_soon(deadline: Deadline, returned_at: datetime) -> bool:
    """Whether the applicant is to be reminded now."""
    days = practice("correction_reminder_days", day_of(returned_at))
    return not deadline.has_passed and deadline.left <= days
