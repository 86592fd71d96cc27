"""How a filed claim goes its way: the same services that the pages call, and the calculation at once."""

from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from accounts.models import User
from casework.enums import GroundCode, Outcome, RunState, Stage
from casework.grounds import clauses_of
from casework.models import CalculationRun, Case
from casework.services import decisions, filing
from casework.services.calculation import run_calculation
from casework.services.deadlines import watch_corrections

FILE, WITHDRAW, LAPSE = "file", "withdraw", "lapse"
PASS = (Stage.INITIAL, Outcome.PASS)
PROPOSE = (Stage.INITIAL, Outcome.PROPOSE_REJECTION)
RETURN = (Stage.INITIAL, Outcome.RETURN)
APPROVE = (Stage.FINAL, Outcome.PASS)
REJECT = (Stage.FINAL, Outcome.REJECT)
RETURN_AT_LAST = (Stage.FINAL, Outcome.RETURN)

PATHS: dict[str, tuple] = {
    "typed": (),
    "draft": (),
    "filed": (FILE,),
    "withdrawn": (FILE, WITHDRAW),
    "returned": (FILE, RETURN),
    "lapsed": (FILE, RETURN, LAPSE),
    "corrected": (FILE, RETURN, FILE),
    "passed": (FILE, PASS),
    "proposed": (FILE, PROPOSE),
    "returned_late": (FILE, PASS, RETURN_AT_LAST),
    "approved": (FILE, PASS, APPROVE),
    "rejected": (FILE, PROPOSE, REJECT),
}


class CalculationFailed(Exception):
    """A calculation of the sample did not come to an end; the message is the run's."""


def walk(
    case: Case,
    path: str,
    *,
    clerk: User,
    officials: dict[Stage, User],
    file: Callable[[Case], object],
    reason: str,
) -> Case:
    """Take a case along a path; `file` is the programme's own way of filing it."""
    for step in PATHS[path]:
        if step == FILE:
            file(case)
        elif step == WITHDRAW:
            filing.withdraw(case_id=case.pk, user=clerk)
        elif step == LAPSE:
            _let_the_term_pass(case)
        else:
            _decide(case, officials, *step, reason)
        calculate()
        case.refresh_from_db()
    return case


def _let_the_term_pass(case: Case) -> None:
    """As if the claim had been returned long ago."""
    Case.objects.filter(pk=case.pk).update(stage_since=timezone.now() - timedelta(days=60))
    watch_corrections()


def _decide(case: Case, officials: dict[Stage, User], stage: Stage, outcome: Outcome, reason: str) -> None:
    decisions.decide(
        case_id=case.pk,
        user=officials[stage],
        stage=stage,
        outcome=outcome,
        assessment_hash=case.current_assessment.hash,
        reason="" if outcome == Outcome.PASS else reason,
        ground=_ground(case) if outcome in (Outcome.PROPOSE_REJECTION, Outcome.REJECT) else None,
    )


def _ground(case: Case) -> decisions.GroundDraft:
    return decisions.GroundDraft(GroundCode.OUTSIDE, clauses_of(case)[0].clause)


def calculate() -> None:
    """Do the sample's waiting calculations, as a worker would. Raises CalculationFailed."""
    waiting = CalculationRun.objects.filter(state=RunState.QUEUED, case__organisation__is_sample=True)
    for run_id in list(waiting.order_by("pk").values_list("pk", flat=True)):
        run_calculation(run_id)
        run = CalculationRun.objects.get(pk=run_id)
        if run.state != RunState.DONE:
            raise CalculationFailed(f"{run.case}: {run.error}")
