"""Passing several cases at once: first what would happen to each, then one decision after the other."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from accounts.models import User
from casework.desk.flags import words
from casework.desk.queue import calculation_word
from casework.desk.review import consequence
from casework.enums import Outcome, RunState, Stage
from casework.models import Case
from casework.permissions import may_review, stage_of
from casework.services.decisions import decide
from casework.standing import Standing, standing_of
from casework.transitions import Refused

#: Cases that one confirmation page lists at most: more than that nobody reads.
MOST = 100
SEPARATOR = ":"


@dataclass(frozen=True)
class Line:
    """One selected case: what a pass would do, or why it will not go. `token` carries what the page showed."""

    case: Case
    warnings: list[str]
    what: str = ""
    why_not: str = ""
    token: str = ""


def plan(user: User, cases: Iterable[Case]) -> list[Line]:
    """One line for each case, in the given order. `cases` come from `casework.desk.queue.on_desk`."""
    standing = standing_of(user)
    return [_line(standing, case) for case in cases]


def _line(standing: Standing, case: Case) -> Line:
    warned, answer = words(case.warnings), may_review(standing.user, case, standing)
    if not answer:
        return Line(case, warned, why_not=answer.reason)
    if case.last_run != RunState.DONE or case.current_assessment is None:
        return Line(case, warned, why_not=calculation_word(case.last_run))
    token = SEPARATOR.join((str(case.pk), stage_of(case), case.current_assessment.hash))
    return Line(case, warned, what=consequence(case), token=token)


def total(lines: Iterable[Line]) -> Decimal:
    """RMB of the cases that would go."""
    return sum((line.case.amount_rmb for line in lines if line.token), Decimal("0.00"))


@dataclass(frozen=True)
class Done:
    """What became of one confirmed case."""

    number: str
    passed: bool
    message: str


def keys(tokens: Iterable[str]) -> list[int]:
    """The cases that tokens speak of; a token that nobody wrote here is left out."""
    found = (token.partition(SEPARATOR)[0] for token in tokens)
    return [int(pk) for pk in found if pk.isdecimal() and len(pk) <= 18]


def pass_all(user: User, cases: Iterable[Case], tokens: Iterable[str]) -> list[Done]:
    """Pass each confirmed case that the official may see, each in its own transaction, bound to what was shown."""
    by_pk = {str(case.pk): case for case in cases}
    done = []
    for token in tokens:
        pk, stage, shown_hash = (token.split(SEPARATOR) + ["", ""])[:3]
        case = by_pk.get(pk)
        if case is not None and stage in Stage.values:
            done.append(_pass(user, case, Stage(stage), shown_hash))
    return done


def _pass(user: User, case: Case, stage: Stage, shown_hash: str) -> Done:
    try:
        after = decide(
            case_id=case.pk, user=user, stage=stage, outcome=Outcome.PASS, assessment_hash=shown_hash
        )
    except Refused as refusal:
        return Done(case.number, False, refusal.message)
    return Done(case.number, True, _("now “%(status)s”") % {"status": after.get_status_display()})
