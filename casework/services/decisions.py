"""The officials' verb: decide. One review, bound to the assessment that the official saw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from audit import services as audit
from casework import followers
from casework.diff import Layout, rows_of
from casework.enums import GroundCode, Outcome, RemarkCode, RunCause, RunState, Stage, Status, TargetKind
from casework.grounds import clauses_of
from casework.models import Award, AwardLine, Case, Ground, Remark, Review, Submission
from casework.permissions import authority_for, stage_of
from casework.programmes import programme_of
from casework.reopening import fields_of_rows, targets
from casework.services.calculation import inputs_of, lock_case, request_run, result_from_json
from casework.standing import Authority
from casework.transitions import Refused, transition
from ledger import funds
from ledger.services import LimitExceeded

# What each stage may conclude, and where it leads.
CONCLUSIONS = {
    Stage.INITIAL: {
        Outcome.PASS: Status.FINAL_REVIEW,
        Outcome.PROPOSE_REJECTION: Status.FINAL_REVIEW,
        Outcome.RETURN: Status.RETURNED,
    },
    Stage.FINAL: {
        Outcome.PASS: Status.APPROVED,
        Outcome.REJECT: Status.REJECTED,
        Outcome.RETURN: Status.RETURNED,
    },
}


@dataclass(frozen=True)
class GroundDraft:
    """The ground of a rejection as the reviewer chose it: a code of `GroundCode`, a clause of `casework.grounds`."""

    code: str
    clause: str


@dataclass(frozen=True)
class RemarkDraft:
    """A remark as the reviewer wrote it: where (a path into the frozen inputs), what, and perhaps a coded reason."""

    path: str
    text: str
    code: str = ""


def decide(
    *,
    case_id: int,
    user: User,
    stage: Stage,
    outcome: Outcome,
    assessment_hash: str,
    reason: str = "",
    remarks: Sequence[RemarkDraft] = (),
    ground: GroundDraft | None = None,
) -> Case:
    """Record one official's conclusion and move the case.

    `stage` and `assessment_hash` are what the official's page showed: when the case moved on or the calculation
    changed meanwhile, nothing happens and Refused says so. `remarks` belong to a return: only what they mark is open
    again. `ground` belongs to a rejection, which needs one, and to its proposal. A final pass posts the award to
    the ledger in the same transaction; the year's allowance and the once-per-person rule are the database's to refuse.
    """
    try:
        with transaction.atomic():
            return _decide(case_id, user, stage, outcome, assessment_hash, reason.strip(), remarks, ground)
    except LimitExceeded as error:
        raise Refused(
            "allowance",
            _("The award would pass the yearly limit of this organisation. Calculate the case again."),
        ) from error
    except IntegrityError as error:
        raise _named(error) from error
    except _BasisChanged as error:
        with transaction.atomic():
            case = lock_case(case_id)
            request_run(case=case, submission=case.submissions.last(), cause=RunCause.YEAR_CHANGED)
        raise Refused(
            "basis_changed",
            _(
                "What was granted before changed since this calculation. A new one has started; review its result."
            ),
        ) from error


class _BasisChanged(Exception):
    pass


_FOUR_EYES = (
    "review_once_per_person",
    "case_four_eyes",
    "review_not_by_submitter",
    "review_by_two_authorities",
    "review_delegation_in_force",
)


def _named(error: IntegrityError) -> Exception:
    text = str(error)
    if "award_line_once_per_person" in text:
        return Refused(
            "once_per_person", _("One of these people has received the subsidy already. Calculate again.")
        )
    if "conflict_of_interest" in text:
        return Refused(
            "conflict", _("A conflict of interest is declared; somebody else must review this case.")
        )
    if "review_by_assignee" in text:
        return Refused("assigned", _("Somebody else works on this case. Load the page again."))
    if any(name in text for name in _FOUR_EYES):
        return Refused("four_eyes", _("Each step of a case needs a different person."))
    if "review_once_per_stage" in text:
        return Refused("decided", _("Somebody else has just decided this step."))
    return error


def _decide(
    case_id: int,
    user: User,
    stage: Stage,
    outcome: Outcome,
    assessment_hash: str,
    reason: str,
    remarks: Sequence[RemarkDraft],
    ground: GroundDraft | None,
) -> Case:
    case = lock_case(case_id)
    if stage_of(case) != stage:
        raise Refused(
            "moved",
            _("This case has moved on: it is now “%(status)s”.") % {"status": case.get_status_display()},
        )
    authority = authority_for(user, case)
    if not isinstance(authority, Authority):
        raise Refused("four_eyes", authority.reason)
    target = CONCLUSIONS[stage].get(outcome)
    if target is None:
        raise Refused("outcome", _("This conclusion does not belong to this step."))
    if outcome != Outcome.PASS and not reason:
        raise Refused("reason", _("Write the reason: the applicant will read it."))
    if outcome == Outcome.REJECT and ground is None:
        raise Refused("ground", _("Choose the ground of the rejection and its clause."))
    if remarks and outcome != Outcome.RETURN:
        raise Refused(
            "remarks",
            _("Remarks reach the applicant only with a return. Clear them, or return the claim."),
        )
    assessment = case.current_assessment
    if assessment is None or case.runs.filter(state=RunState.QUEUED).exists():
        raise Refused(
            "calculating", _("The calculation is not finished yet. Wait a moment and load the page again.")
        )
    if assessment.hash != assessment_hash:
        raise Refused("stale", _("The calculation changed after you opened this page. Look at it again."))
    if stage is Stage.FINAL and outcome == Outcome.PASS:
        _check_basis(case)
    review = Review.objects.create(
        case=case,
        assessment=assessment,
        assessment_hash=assessment.hash,
        stage=stage,
        outcome=outcome,
        reason=reason,
        reviewer=user,
        submitter_id=case.submitted_by_id,
        delegation=authority.delegation,
    )
    audit.record(
        actor=user,
        action=f"case.review.{stage}",
        obj=case,
        data={
            "outcome": outcome,
            "reason": reason,
            "assessment": assessment.pk,
            "hash": assessment.hash,
            "remarks": [vars(remark) for remark in remarks],
        }
        | ({"ground": vars(ground)} if ground else {})
        | ({"delegation": authority.delegation.pk} if authority.delegation else {}),
    )
    if ground and outcome in (Outcome.PROPOSE_REJECTION, Outcome.REJECT):
        _found(review, ground)
    if remarks:
        _pin(review, assessment.submission, remarks)
    fields: dict = {}
    if target == Status.FINAL_REVIEW:
        fields["initial_reviewer"] = user
    elif target in (Status.APPROVED, Status.REJECTED):
        fields |= {"final_reviewer": user, "decided_at": timezone.now()}
    elif target == Status.RETURNED:
        fields |= {"initial_reviewer": None}
    behalf = authority.delegation.giver if authority.delegation else None
    step = transition(case=case, to=target, actor=user, reason=reason, on_behalf_of=behalf, **fields)
    award = _award(case, user) if target == Status.APPROVED else None
    if target == Status.REJECTED:
        programme_of(case).release(case)
    if target in (Status.APPROVED, Status.REJECTED):
        followers.decided(case, step, user)
    if award is not None:
        _reserve(award, user)
    return case


def _found(review: Review, draft: GroundDraft) -> None:
    """Keep the ground of a rejection in the policy's own words. Raises Refused for what the policy does not say."""
    clause = next((found for found in clauses_of(review.case) if found.clause == draft.clause), None)
    if clause is None or draft.code not in GroundCode.values:
        raise Refused("ground", _("Choose the ground of the rejection and its clause."))
    Ground.objects.create(review=review, code=draft.code, clause=clause.clause, quotation=clause.quotation)


def _pin(review: Review, submission: Submission, remarks: Sequence[RemarkDraft]) -> None:
    """Keep the remarks of a return. Raises Refused for a place that the frozen inputs lack."""
    layout = programme_of(review.case).layout
    for draft in remarks:
        kind = _kind_of(draft.path, layout, submission.snapshot)
        if kind is None or draft.code not in ("", *RemarkCode.values):
            raise Refused("remarks", _("Choose for each remark what it is about."))
        if not draft.text.strip():
            raise Refused("remarks", _("Write for each remark what is to be corrected."))
        Remark.objects.create(
            case=review.case,
            review=review,
            submission=submission,
            kind=kind,
            path=draft.path,
            code=draft.code,
            text=draft.text.strip(),
            author=review.reviewer,
        )


def _kind_of(path: str, layout: Layout, snapshot: Mapping[str, Any]) -> str | None:
    """What a path leads to in the frozen inputs; None when it leads nowhere."""
    for target in targets(snapshot, layout):
        if path == target.path:
            return target.kind
    rows, _slash, rest = path.partition("/")
    key, _slash, name = rest.partition("/")
    is_field = name in dict(fields_of_rows(layout)) and key in rows_of(snapshot, layout)
    return TargetKind.FIELD if rows == layout.rows and is_field else None


def _check_basis(case: Case) -> None:
    """The year, or a person, may have been granted something since the calculation."""
    submission, assessment = case.submissions.last(), case.current_assessment
    if inputs_of(case, submission) != assessment.inputs:
        raise _BasisChanged
    if assessment.submission_id == submission.pk:
        assessment.submission = submission  # the letter need not read it again


def _award(case: Case, user: User) -> Award:
    assessment = case.current_assessment
    result = result_from_json(assessment)
    award = Award.objects.create(
        case=case,
        number=case.awards.count() + 1,
        assessment=assessment,
        amount_rmb=assessment.amount_rmb,
    )
    AwardLine.objects.bulk_create(
        AwardLine(
            award=award,
            programme=case.programme,
            payee=line.payee,
            reference=line.reference,
            person_key=line.person_key,
            amount_rmb=line.amount_rmb,
        )
        for line in result.lines
    )
    rules = programme_of(case)
    rules.grant(award, result, user)
    audit.record(
        actor=user,
        action="case.awarded",
        obj=case,
        data={"amount_rmb": award.amount_rmb, "hash": assessment.hash},
    )
    for other in rules.affected_by(case):
        request_run(case=other, submission=other.submissions.last(), cause=RunCause.YEAR_CHANGED)
    return award


def _reserve(award: Award, user: User) -> None:
    """The award's place in the fund. The last step: every approval of the programme's year waits for the fund's row."""
    case = award.case
    funds.reserve(
        key=award.key,
        programme=case.programme,
        year=case.year,
        division=case.organisation.division,
        amount_rmb=award.amount_rmb,
        user=user,
    )
