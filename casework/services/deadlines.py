"""The end of the term for correction: a reminder before it, and what happens when it passes."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from audit import services as audit
from casework.clock import correction_deadline, is_due_soon
from casework.enums import CaseEventKind, RunState, Status
from casework.models import CalculationRun, Case, CaseEvent
from casework.programmes import programme_of
from casework.services.calculation import lock_case
from casework.transitions import transition
from policy.workdays import WorkingDays, working_days


def watch_corrections(*, now: datetime | None = None) -> dict[str, list[str]]:
    """Remind of every term that ends soon, close every claim whose term has ended; says which (case numbers).

    Called again, it does nothing again: a reminder belongs to one return, a closed claim waits for nothing.
    """
    now, calendar = now or timezone.now(), working_days()
    done: dict[str, list[str]] = {"reminded": [], "lapsed": []}
    waiting = Case.objects.filter(status=Status.RETURNED).order_by("stage_since", "pk")
    for pk, since in list(waiting.values_list("pk", "stage_since")):
        deadline = correction_deadline(since, now, calendar)
        if deadline.has_passed:
            kind, step = "lapsed", _lapse
        elif is_due_soon(deadline, since):
            kind, step = "reminded", _remind
        else:
            continue
        if number := step(pk, now, calendar):
            done[kind].append(number)
    return done


def _locked(case_id: int) -> Case | None:
    """The case, locked, if it still waits for its correction."""
    case = lock_case(case_id)
    return case if case.status == Status.RETURNED else None


def _key(case: Case) -> str:
    """Which return of the case it is."""
    return str(
        case.transitions.filter(to_status=Status.RETURNED).order_by("-id").values_list("pk", flat=True)[0]
    )


def _event(case: Case, kind: CaseEventKind, now: datetime, data: dict) -> bool:
    """Write an event down; False when it was there already."""
    return CaseEvent.objects.get_or_create(
        case=case, kind=kind, key=_key(case), defaults={"at": now, "data": data}
    )[1]


@transaction.atomic
def _remind(case_id: int, now: datetime, calendar: WorkingDays) -> str:
    case = _locked(case_id)
    if case is None:
        return ""
    deadline = correction_deadline(case.stage_since, now, calendar)
    data = {"deadline": deadline.day.isoformat(), "left": deadline.left}
    if not is_due_soon(deadline, case.stage_since):
        return ""
    if not _event(case, CaseEventKind.CORRECTION_DUE_SOON, now, data):
        return ""
    audit.record(actor="portal", action="case.reminded", obj=case, data=data, at=now)
    return case.number


@transaction.atomic
def _lapse(case_id: int, now: datetime, calendar: WorkingDays) -> str:
    """Close a claim that was not corrected in its term. What it held is free: the applicant may file anew."""
    case = _locked(case_id)
    if case is None:
        return ""
    deadline = correction_deadline(case.stage_since, now, calendar)
    if not deadline.has_passed:
        return ""
    _event(case, CaseEventKind.CORRECTION_LAPSED, now, {"deadline": deadline.day.isoformat()})
    # Stored in English and translated when it is read.
    reason = gettext_noop("The claim was not corrected in its term. Its data are free for a new claim.")
    transition(case=case, to=Status.LAPSED, actor=None, reason=reason)
    programme_of(case).release(case)
    CalculationRun.objects.filter(case=case, state=RunState.QUEUED).update(
        state=RunState.SUPERSEDED, finished_at=timezone.now()
    )
    return case.number
