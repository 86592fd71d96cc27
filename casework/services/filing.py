"""The applicant's verbs: start, submit, withdraw."""

from collections.abc import Mapping
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import Organisation, User
from accounts.permissions import may_file_for
from audit import services as audit
from audit.services import sha256
from casework.bars import barred
from casework.clock import correction_deadline
from casework.enums import Actor, RunCause, RunState, Status
from casework.models import CalculationRun, Case, Remark, Submission, Transition
from casework.permissions import may_edit, may_withdraw
from casework.programmes import Problem, programme, programme_of
from casework.references import keep_references
from casework.reopening import open_remarks, outside, reopened_by, sentence
from casework.services.calculation import lock_case, request_run
from casework.transitions import Refused, transition
from policy.workdays import working_days


class Incomplete(Exception):
    """The claim cannot be submitted yet; `problems` says what is missing and where."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


def _check_bars(organisation: Organisation) -> None:
    if sentence := barred(organisation):
        raise Refused("debarred", sentence)


def next_number(prefix: str, year: int) -> str:
    """A case number that nobody else gets: `OS-2015-000123`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('casework_case_number')")
        return f"{prefix}-{year}-{cursor.fetchone()[0]:06d}"


def check_version(case: Case, expected_version: int | None) -> None:
    """Refuse a form that was opened before somebody else's change. Raises Refused("stale")."""
    if expected_version is not None and case.version != expected_version:
        raise Refused(
            "stale",
            _("%(who)s changed this claim at %(when)s. Look at the present state below before you go on.")
            % {"who": case.changed_by, "when": timezone.localtime(case.changed_at).strftime("%H:%M")},
        )


@transaction.atomic
def start_case(*, user: User, organisation: Organisation, programme_code: str, year: int) -> Case:
    """The organisation's draft of a programme and year: the one that is open, or a new one. Raises Refused."""
    answer = may_file_for(user, organisation)
    if not answer:
        raise Refused("permission", answer.reason)
    _check_bars(organisation)
    Organisation.objects.select_for_update(of=("self",), no_key=True).get(pk=organisation.pk)
    found = Case.objects.filter(
        organisation=organisation, programme=programme_code, year=year, status=Status.DRAFT
    ).first()
    if found:
        return found
    case = Case.objects.create(
        number=next_number(programme(programme_code).prefix, year),
        programme=programme_code,
        organisation=organisation,
        year=year,
        created_by=user,
        changed_by=user,
    )
    Transition.objects.create(case=case, to_status=Status.DRAFT, actor=user, acted_as=Actor.APPLICANT)
    audit.record(
        actor=user,
        action="case.draft",
        obj=case,
        data={"number": case.number, "organisation": organisation.pk},
    )
    return case


def record_edit(*, case: Case, user: User, action: str, data: dict) -> None:
    """Note a change of the applicant's data on a locked case: version, who, when, audit."""
    case.version += 1
    case.changed_by, case.changed_at = user, timezone.now()
    case.save(update_fields=["version", "changed_by", "changed_at"])
    audit.record(actor=user, action=action, obj=case, data=data)


@transaction.atomic
def submit(
    *,
    case_id: int,
    user: User,
    expected_version: int | None = None,
    answers: Mapping[int, str] | None = None,
) -> Submission:
    """File a claim: freeze the inputs, move it to initial review and ask for its calculation, all or nothing.

    A returned claim is filed again with what was marked changed and nothing else; `answers` are the applicant's words
    to the remarks, by their ids. A second submit of the same claim finds it filed and raises Refused("edge"). Raises
    Incomplete with every problem.
    """
    case = lock_case(case_id)
    answer = may_edit(user, case)
    if not answer:
        raise Refused("permission", answer.reason)
    _check_bars(case.organisation)
    check_version(case, expected_version)
    check_term(case)
    rules = programme_of(case)
    problems = list(rules.problems(case))
    if problems:
        raise Incomplete(problems)
    snapshot = rules.snapshot(case)
    remarks = open_remarks(case)
    if problems := _unasked(case, snapshot, remarks):
        raise Incomplete(problems)
    submission = Submission.objects.create(
        case=case,
        number=case.submissions.count() + 1,
        snapshot=snapshot,
        snapshot_hash=sha256(snapshot),
        submitted_by=user,
    )
    keep_references(submission, rules.references(snapshot))
    _answer(remarks, submission, answers or {})
    transition(
        case=case,
        to=Status.INITIAL_REVIEW,
        actor=user,
        submitted_by=user,
        submitted_at=timezone.now(),
        initial_reviewer=None,
        final_reviewer=None,
        current_assessment=None,
        amount_rmb=None,
        warnings=[],
        division=case.organisation.division,
    )
    audit.record(
        actor=user,
        action="case.inputs_frozen",
        obj=case,
        data={
            "submission": submission.number,
            "hash": submission.snapshot_hash,
            "answers": {remark.path: remark.answer for remark in remarks},
        },
    )
    request_run(case=case, submission=submission, cause=RunCause.SUBMISSION)
    return submission


def check_term(case: Case) -> None:
    """Refuse to file a returned claim after its term, whether or not the portal has closed it yet."""
    if case.status != Status.RETURNED:
        return
    deadline = correction_deadline(case.stage_since, timezone.now(), working_days())
    if deadline.has_passed:
        raise Refused(
            "lapsed",
            _("The term for the correction ended on %(day)s. File a new claim: nothing of this one is lost.")
            % {"day": date_format(deadline.day)},
        )


def _unasked(case: Case, snapshot: Mapping[str, Any], remarks: list[Remark]) -> list[Problem]:
    """What differs from the last submission although the bureau did not mark it."""
    if not remarks:
        return []
    rules, before = programme_of(case), case.submissions.last().snapshot
    return [
        Problem("closed", sentence(change), rules.mend_url(case, change.path))
        for change in outside(before, snapshot, rules.layout, reopened_by(remarks))
    ]


def _answer(remarks: list[Remark], submission: Submission, answers: Mapping[int, str]) -> None:
    for remark in remarks:
        remark.answer, remark.resolved_by = answers.get(remark.pk, "").strip(), submission
        remark.save(update_fields=["answer", "resolved_by"])


@transaction.atomic
def withdraw(*, case_id: int, user: User, reason: str = "", expected_version: int | None = None) -> Case:
    """Take a claim back before its decision; what it held is free again."""
    case = lock_case(case_id)
    answer = may_withdraw(user, case)
    if not answer:
        raise Refused("permission", answer.reason)
    check_version(case, expected_version)
    transition(case=case, to=Status.WITHDRAWN, actor=user, reason=reason)
    programme_of(case).release(case)
    CalculationRun.objects.filter(case=case, state=RunState.QUEUED).update(
        state=RunState.SUPERSEDED, finished_at=timezone.now()
    )
    return case
