"""The officials' verb for single lines: accept, reduce, refuse. The rules then say what the rest comes to."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from audit import services as audit
from casework.enums import LineCode, LineVerdict, RunCause
from casework.lines import latest
from casework.models import Case, LineDecision
from casework.permissions import authority_for
from casework.programmes import AMOUNT, DecidableLine, programme_of
from casework.services.assignments import hold
from casework.services.calculation import lock_case, request_run
from casework.standing import Authority
from casework.transitions import Refused


@dataclass(frozen=True)
class LineDraft:
    """One line as the official left it on the page. `accepted` is in the line's unit."""

    key: str
    verdict: str = LineVerdict.ACCEPT
    accepted: Decimal | None = None
    code: str = ""
    reason: str = ""


class LineRefused(Refused):
    """A draft that cannot stand: which line, and what is wrong with it."""

    def __init__(self, code: str, message: str, key: str) -> None:
        super().__init__(code, message)
        self.key = key


def decide_lines(
    *, case_id: int, user: User, submission_id: int, seen: int, drafts: Sequence[LineDraft]
) -> list[LineDecision]:
    """Record what changed of a claim's lines and ask for the calculation that follows from it.

    `submission_id` and `seen` (the latest decision's id, 0 for none) are what the page showed. Lines as they were are
    left alone; when nothing changed, nothing happens. Raises Refused, LineRefused for a single line.
    """
    try:
        with transaction.atomic():
            return _decide(case_id, user, submission_id, seen, drafts)
    except IntegrityError as error:
        if any(name in str(error) for name in ("conflict_of_interest", "line_decision_not_by_submitter")):
            raise Refused("four_eyes", _("Each step of a case needs a different person.")) from error
        raise


def _decide(
    case_id: int, user: User, submission_id: int, seen: int, drafts: Sequence[LineDraft]
) -> list[LineDecision]:
    case = lock_case(case_id)
    authority = authority_for(user, case)
    if not isinstance(authority, Authority):
        raise Refused("four_eyes", authority.reason)
    submission = case.submissions.last()
    known = latest(submission)
    if submission.pk != submission_id or max((row.pk for row in known.values()), default=0) != seen:
        raise Refused(
            "stale",
            _("Somebody changed the lines of this claim after you opened the page. Look at them again."),
        )
    lines = {line.key: line for line in programme_of(case).lines(submission.snapshot)}
    changed = [draft for draft in drafts if not _is_known(draft, known.get(draft.key))]
    for draft in changed:
        check_line(draft, lines.get(draft.key))
    if not changed:
        return []
    hold(case=case, user=user)
    rows = [
        LineDecision.objects.create(
            case=case,
            submission=submission,
            key=draft.key,
            verdict=draft.verdict,
            accepted=draft.accepted if draft.verdict == LineVerdict.REDUCE else None,
            code="" if draft.verdict == LineVerdict.ACCEPT else draft.code,
            reason="" if draft.verdict == LineVerdict.ACCEPT else draft.reason.strip(),
            by=user,
        )
        for draft in changed
    ]
    _note(case, user, authority, submission.number, rows)
    request_run(case=case, submission=submission, cause=RunCause.REVIEW)
    return rows


def _note(
    case: Case, user: User, authority: Authority, submission: int, rows: Sequence[LineDecision]
) -> None:
    on_behalf = {"delegation": authority.delegation.pk} if authority.delegation else {}
    audit.record(
        actor=user,
        action="case.lines",
        obj=case,
        data={
            "submission": submission,
            "stage": authority.stage,
            "lines": [
                {"key": row.key, "verdict": row.verdict, "accepted": row.accepted, "code": row.code}
                for row in rows
            ],
        }
        | on_behalf,
    )


def _is_known(draft: LineDraft, row: LineDecision | None) -> bool:
    """Does the draft say what counts already?"""
    if row is None or row.verdict == LineVerdict.ACCEPT:
        return draft.verdict == LineVerdict.ACCEPT
    return (draft.verdict, draft.accepted, draft.code, draft.reason.strip()) == (
        row.verdict,
        row.accepted,
        row.code,
        row.reason,
    )


def check_line(draft: LineDraft, line: DecidableLine | None) -> None:
    """Raise LineRefused for a draft that its line does not allow."""
    if line is None or draft.verdict not in LineVerdict.values:
        raise LineRefused("line", _("This line is not part of the claim."), draft.key)
    if draft.verdict == LineVerdict.ACCEPT:
        return
    if draft.code not in LineCode.values:
        raise LineRefused("code", _("%(line)s: choose the kind of reason.") % {"line": line.label}, draft.key)
    if not draft.reason.strip():
        raise LineRefused(
            "reason",
            _("%(line)s: write the reason, the applicant will read it.") % {"line": line.label},
            draft.key,
        )
    if draft.verdict == LineVerdict.REFUSE:
        return
    if not line.reduction:
        raise LineRefused(
            "verdict", _("%(line)s cannot be reduced: accept or refuse it.") % {"line": line.label}, draft.key
        )
    if line.reduction == AMOUNT and not (
        draft.accepted is not None and 0 < draft.accepted < (line.amount or 0)
    ):
        raise LineRefused(
            "accepted",
            _("%(line)s: enter what is accepted, more than zero and less than %(amount)s %(unit)s.")
            % {"line": line.label, "amount": f"{line.amount:,.2f}", "unit": line.unit},
            draft.key,
        )
