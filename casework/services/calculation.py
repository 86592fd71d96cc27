"""Calculations: ask for one, do one, sweep up what the broker lost."""

import logging
from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.crypto import renewed
from accounts.models import Organisation, User
from audit import services as audit
from audit.services import sha256
from casework import failpoints
from casework.enums import IN_REVIEW, ReopeningState, RunCause, RunState, Stage, Status
from casework.lines import by_key, for_rules
from casework.models import Assessment, CalculationRun, Case, Review, Submission
from casework.permissions import may_recalculate
from casework.programmes import AssessedResult, PayeeLine, programme_of
from casework.transitions import Refused, transition

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 5
RETRY_AFTER = timedelta(seconds=20)
# A queued run younger than this is probably in the broker already.
SWEEP_AFTER = timedelta(seconds=10)
RESEND_AFTER = timedelta(seconds=60)


def request_run(*, case: Case, submission: Submission, cause: RunCause) -> CalculationRun:
    """Write the run that is the outbox entry, in the caller's transaction, and nudge a worker after commit."""
    CalculationRun.objects.filter(case=case, state=RunState.QUEUED).update(
        state=RunState.SUPERSEDED, finished_at=timezone.now()
    )
    run = CalculationRun.objects.create(case=case, submission=submission, cause=cause)
    transaction.on_commit(lambda: nudge(run.pk))
    return run


def nudge(run_id: int) -> None:
    """Tell a worker. A broker that is down costs nothing but the wait for the sweeper."""
    from kombu.exceptions import OperationalError

    from casework.tasks import calculate

    try:
        calculate.delay(run_id)
    except (OperationalError, OSError) as error:
        log.warning("broker unreachable, run %s waits for the sweeper: %s", run_id, error)


@transaction.atomic
def take_due_runs(limit: int) -> list[int]:
    """Ids of waiting runs whose message may have been lost; each is taken again only after RESEND_AFTER."""
    now = timezone.now()
    due = (
        CalculationRun.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(state=RunState.QUEUED, run_after__lte=now, created_at__lte=now - SWEEP_AFTER)
        .order_by("run_after")
    )
    ids = [run.pk for run in due[:limit]]
    CalculationRun.objects.filter(pk__in=ids).update(run_after=now + RESEND_AFTER)
    return ids


def result_from_json(assessment: Assessment) -> AssessedResult:
    """The stored result of an assessment as the programme returned it."""
    data = assessment.result
    return AssessedResult(
        policy_key=assessment.policy_key,
        amount_rmb=assessment.amount_rmb,
        lines=tuple(
            PayeeLine(
                line["payee"], line["reference"], Decimal(line["amount_rmb"]), renewed(line["person_key"])
            )
            for line in data["lines"]
        ),
        reasons=tuple(data["reasons"]),
        steps=tuple(data["steps"]),
        details=data["details"],
        boundary=data["boundary"],
    )


def _result_to_json(result: AssessedResult) -> dict:
    return {
        "lines": [
            {
                "payee": str(line.payee),
                "reference": line.reference,
                "amount_rmb": str(line.amount_rmb),
                "person_key": line.person_key,
            }
            for line in result.lines
        ],
        "reasons": list(result.reasons),
        "steps": list(result.steps),
        "details": dict(result.details),
        "boundary": result.boundary,
    }


def inputs_of(case: Case, submission: Submission) -> dict:
    """What the rules will see: the frozen snapshot by its hash, the basis and the decided lines as of now."""
    inputs = {
        "submission": submission.number,
        "snapshot": submission.snapshot_hash,
        "basis": programme_of(case).basis(case, submission.snapshot),
    }
    if decided := for_rules(submission):
        inputs["lines"] = decided
    # A reopened case gets an assessment of its own, also where nothing that counts has changed.
    reopened = case.reopenings.filter(state=ReopeningState.CONFIRMED).count()
    return inputs | {"reopened": reopened} if reopened else inputs


def lock_case(case_id: int) -> Case:
    """Lock enterprise, then case: the portal's lock order. Call inside a transaction."""
    organisation_id = Case.objects.values_list("organisation_id", flat=True).get(pk=case_id)
    Organisation.objects.select_for_update(of=("self",), no_key=True).get(pk=organisation_id)
    return (
        Case.objects.select_for_update(of=("self",), no_key=True)
        .select_related("organisation", "current_assessment")
        .get(pk=case_id)
    )


def run_calculation(run_id: int) -> None:
    """Calculate one waiting run, exactly once in effect however often it is delivered.

    Everything happens in one transaction on the locked run: a process that dies leaves the run waiting, a second
    delivery finds it done. Errors are counted and retried later; the case keeps its status meanwhile.
    """
    if not _claim(run_id):
        return
    failpoints.pass_by("claimed")
    try:
        with transaction.atomic():
            _calculate(run_id)
            failpoints.pass_by("written")
        failpoints.pass_by("committed")
    except Exception as error:  # whatever it was, it is counted, written down and tried again
        log.exception("calculation run %s failed", run_id)
        _put_off(run_id, error)


def _claim(run_id: int) -> bool:
    """Count the attempt in a transaction of its own, so that a run which kills its worker is found out."""
    with transaction.atomic():
        run = (
            CalculationRun.objects.select_for_update(of=("self",), skip_locked=True)
            .filter(pk=run_id, state=RunState.QUEUED)
            .first()
        )
        if run is None:
            return False
        if run.attempts >= MAX_ATTEMPTS:
            run.state, run.finished_at = RunState.FAILED, timezone.now()
            run.error = run.error or "gave up: the worker died at every attempt"
        run.attempts += 1
        run.run_after = timezone.now() + RETRY_AFTER
        run.save(update_fields=["state", "attempts", "run_after", "finished_at", "error"])
        return run.state == RunState.QUEUED


def _put_off(run_id: int, error: Exception) -> None:
    with transaction.atomic():
        run = CalculationRun.objects.select_for_update(of=("self",)).get(pk=run_id)
        run.error = f"{type(error).__name__}: {error}"[:300]
        run.run_after = timezone.now() + RETRY_AFTER * 2**run.attempts
        if run.attempts >= MAX_ATTEMPTS:
            run.state, run.finished_at = RunState.FAILED, timezone.now()
        run.save(update_fields=["error", "run_after", "state", "finished_at"])


def _calculate(run_id: int) -> None:
    case_id = CalculationRun.objects.values_list("case_id", flat=True).get(pk=run_id)
    case = lock_case(case_id)
    run = CalculationRun.objects.select_for_update(of=("self",)).select_related("submission").get(pk=run_id)
    if run.state != RunState.QUEUED:
        return
    submission = run.submission
    inputs = inputs_of(case, submission)
    failpoints.pass_by("read")
    if case.status in IN_REVIEW:
        rules = programme_of(case)
        counted = rules.accepted(submission.snapshot, by_key(inputs.get("lines", ())))
        result = rules.assess(counted, inputs["basis"])
        failpoints.pass_by("computed")
        assessment = _store(case, run, inputs, result)
        _adopt(case, assessment, result, carries=run.cause == RunCause.RECALCULATION)
        run.assessment = assessment
    run.state, run.finished_at, run.error = RunState.DONE, timezone.now(), ""
    run.save(update_fields=["state", "finished_at", "error", "assessment"])


def _store(case: Case, run: CalculationRun, inputs: dict, result: AssessedResult) -> Assessment:
    inputs_hash = sha256(inputs)
    as_json = _result_to_json(result)
    assessment, created = Assessment.objects.get_or_create(
        case=case,
        policy_key=result.policy_key,
        inputs_hash=inputs_hash,
        defaults={
            "submission": run.submission,
            "run": run,
            "inputs": inputs,
            "amount_rmb": result.amount_rmb,
            "result": as_json,
            "hash": sha256([inputs_hash, result.policy_key, str(result.amount_rmb), as_json]),
        },
    )
    if created:
        audit.record(
            actor="worker",
            action="case.assessed",
            obj=case,
            data={
                "assessment": assessment.pk,
                "hash": assessment.hash,
                "policy": result.policy_key,
                "amount_rmb": result.amount_rmb,
                "cause": run.cause,
            },
        )
    return assessment


def _adopt(case: Case, assessment: Assessment, result: AssessedResult, *, carries: bool) -> None:
    """Make an assessment the case's current one; an initial review of another assessment is void.

    `carries`: unless it pays everybody what the reviewed one paid; then the review goes along with it.
    """
    if case.current_assessment_id == assessment.pk:
        return
    before = case.current_assessment
    carried = carries and case.status == Status.FINAL_REVIEW and _carry(case, before, assessment)
    flags = list(
        dict.fromkeys(f.code for f in programme_of(case).flags(case, assessment.submission.snapshot))
    )
    case.current_assessment, case.amount_rmb = assessment, result.amount_rmb
    case.warnings = flags + (["boundary"] if result.boundary else [])
    if case.status == Status.FINAL_REVIEW and not carried:
        transition(
            case=case,
            to=Status.INITIAL_REVIEW,
            actor=None,
            # Stored in English and translated when it is read.
            reason=gettext_noop("The calculation changed after the initial review; that review is void."),
            initial_reviewer=None,
        )
    else:
        case.version += 1
        case.save(update_fields=["current_assessment", "amount_rmb", "warnings", "version"])


def _carry(case: Case, before: Assessment, after: Assessment) -> bool:
    """Bind the initial review to a new assessment that pays the same to the same; the database compares once more."""
    same = (before.amount_rmb, before.result["lines"], before.submission_id) == (
        after.amount_rmb,
        after.result["lines"],
        after.submission_id,
    )
    seen = case.reviews.filter(assessment=before, stage=Stage.INITIAL, void_at__isnull=True).first()
    if not same or seen is None:
        return False
    if not case.reviews.filter(assessment=after, stage=Stage.INITIAL, void_at__isnull=True).exists():
        Review.objects.create(
            case=case,
            assessment=after,
            assessment_hash=after.hash,
            stage=seen.stage,
            outcome=seen.outcome,
            reason=seen.reason,
            reviewer_id=seen.reviewer_id,
            submitter_id=seen.submitter_id,
            delegation_id=seen.delegation_id,
            at=seen.at,
            carried_from=seen,
        )
    audit.record(
        actor="worker",
        action="case.review.carried",
        obj=case,
        data={"review": seen.pk, "from": before.hash, "to": after.hash, "amount_rmb": after.amount_rmb},
    )
    return True


@transaction.atomic
def retry_failed(run_id: int, *, user: User) -> None:
    """Ask anew for a calculation that was given up. Raises Refused when it was not, or the case moved on."""
    case_id = CalculationRun.objects.values_list("case_id", flat=True).filter(pk=run_id).first()
    if case_id is None:
        raise Refused("gone", _("This work is not there any more."))
    case = lock_case(case_id)
    run = CalculationRun.objects.select_related("submission").get(pk=run_id)
    newer = case.runs.filter(pk__gt=run.pk).exists()
    if run.state != RunState.FAILED or newer or case.status not in IN_REVIEW:
        raise Refused("not_failed", _("This work has not failed, or was put back already."))
    again = request_run(case=case, submission=run.submission, cause=RunCause.REQUEST)
    audit.record(
        actor=user, action="case.recalculation_requested", obj=case, data={"run": again.pk, "failed": run.pk}
    )


@transaction.atomic
def recalculate(*, case_id: int, user: User) -> CalculationRun:
    """Ask for a new calculation of a case in review. Raises Refused."""
    case = lock_case(case_id)
    answer = may_recalculate(user, case)
    if not answer:
        raise Refused("permission", answer.reason)
    run = request_run(case=case, submission=case.submissions.last(), cause=RunCause.REQUEST)
    audit.record(actor=user, action="case.recalculation_requested", obj=case, data={"run": run.pk})
    return run
