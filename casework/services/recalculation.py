"""Calculate a selection again after a change of the rules or of data: preview, a second person's look, the runs.

A case in review gets a new assessment by a run of its own; its review is void where the amounts moved, and goes along
where they did not. A decided case is only previewed: it changes by being reopened (casework.services.second_look).
"""

import logging
from collections.abc import Sequence
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.enums import OfficialRole
from accounts.models import User
from accounts.permissions import YES, Answer, has_role
from audit import services as audit
from casework.enums import IN_REVIEW, RecalculationState, RunCause, Status
from casework.lines import by_key
from casework.models import Case, RecalculatedCase, Recalculation
from casework.programmes import programme_of
from casework.services.calculation import inputs_of, lock_case, request_run
from casework.transitions import Refused

log = logging.getLogger(__name__)

ROLES = (OfficialRole.POLICY_EDITOR, OfficialRole.FINAL_REVIEWER)
SELECTABLE = (*IN_REVIEW, Status.APPROVED)
MOST_NUMBERS = 500
#: Runs that one transaction asks for.
BATCH = 20
SWEEP_AFTER = timedelta(seconds=10)
RESEND_AFTER = timedelta(seconds=60)


def may_recalculate_many(user: User, recalculation: Recalculation | None = None) -> Answer:
    """May this person propose a recalculation, or decide on the given one?"""
    if not (user.is_active and user.is_staff and has_role(user, *ROLES)):
        names = " / ".join(str(role.label) for role in ROLES)
        return Answer(False, _("This step needs the role “%(role)s”.") % {"role": names})
    if recalculation is not None and recalculation.proposed_by_id == user.pk:
        return Answer(False, _("You proposed it; somebody else must confirm it."))
    return YES


def selected(recalculation: Recalculation):
    """The cases of the selection that have been calculated, in review or approved."""
    cases = Case.objects.filter(
        programme=recalculation.programme, status__in=SELECTABLE, current_assessment__isnull=False
    )
    if recalculation.year:
        cases = cases.filter(year=recalculation.year)
    if recalculation.version_code:
        cases = cases.filter(current_assessment__policy_key__contains=recalculation.version_code)
    if recalculation.numbers:
        cases = cases.filter(number__in=recalculation.numbers)
    return cases


@transaction.atomic
def propose(
    *,
    user: User,
    programme: str,
    reason: str,
    year: int | None = None,
    version_code: str = "",
    numbers: Sequence[str] = (),
) -> Recalculation:
    """Propose to calculate a selection again; a worker makes the preview. Raises Refused."""
    if not (answer := may_recalculate_many(user)):
        raise Refused("permission", answer.reason)
    if not reason.strip():
        raise Refused("reason", _("Write what changed: the rules, or which data."))
    if len(numbers) > MOST_NUMBERS:
        raise Refused("numbers", _("Name at most %(most)d cases.") % {"most": MOST_NUMBERS})
    row = Recalculation(
        programme=programme,
        year=year,
        version_code=version_code,
        numbers=list(dict.fromkeys(numbers)),
        reason=reason.strip(),
        proposed_by=user,
    )
    missing = set(row.numbers) - set(
        Case.objects.filter(programme=programme, number__in=row.numbers).values_list("number", flat=True)
    )
    if missing:
        raise Refused(
            "numbers",
            _("No such case of this programme: %(numbers)s.") % {"numbers": ", ".join(sorted(missing))},
        )
    if not selected(row).exists():
        raise Refused("empty", _("No calculated case in review, and no approved one, is in this selection."))
    row.save()
    _record(row, user, "recalculation.proposed")
    transaction.on_commit(lambda: _nudge(row.pk))
    return row


def _nudge(recalculation_id: int) -> None:
    """Tell a worker. A broker that is down costs nothing but the wait for the sweeper."""
    from kombu.exceptions import OperationalError

    from casework.tasks import recalculate

    try:
        recalculate.delay(recalculation_id)
    except (OperationalError, OSError) as error:
        log.warning("broker unreachable, recalculation %s waits for the sweeper: %s", recalculation_id, error)


@transaction.atomic
def take_due(limit: int) -> list[int]:
    """Ids of recalculations whose message may have been lost: previews to make, runs to ask for."""
    now = timezone.now()
    waiting = RecalculatedCase.objects.filter(run__isnull=True, is_decided=False, moved_on=False)
    rows = Recalculation.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
    due = (
        rows.filter(run_after__lte=now, proposed_at__lte=now - SWEEP_AFTER)
        .filter(state__in=[RecalculationState.PREVIEW, RecalculationState.CONFIRMED])
        .exclude(
            pk__in=Recalculation.objects.filter(state=RecalculationState.CONFIRMED)
            .exclude(pk__in=waiting.values("recalculation"))
            .values("pk")
        )
        .order_by("run_after")
    )
    ids = [row.pk for row in due[:limit]]
    Recalculation.objects.filter(pk__in=ids).update(run_after=now + RESEND_AFTER)
    return ids


def work(recalculation_id: int) -> None:
    """Do what a recalculation waits for, its preview or its runs; may be delivered twice and cut off anywhere."""
    state = Recalculation.objects.values_list("state", flat=True).get(pk=recalculation_id)
    if state == RecalculationState.PREVIEW:
        _preview(recalculation_id)
    elif state == RecalculationState.CONFIRMED:
        while _ask_for_runs(recalculation_id):
            pass


@transaction.atomic
def _preview(recalculation_id: int) -> None:
    row = Recalculation.objects.select_for_update(of=("self",), no_key=True).get(pk=recalculation_id)
    if row.state != RecalculationState.PREVIEW:
        return
    cases = selected(row).select_related("current_assessment__submission", "organisation").order_by("pk")
    RecalculatedCase.objects.bulk_create(
        (_previewed(row, case) for case in cases.iterator(chunk_size=500)), batch_size=1000
    )
    row.state = RecalculationState.PROPOSED
    row.save(update_fields=["state"])


def _previewed(row: Recalculation, case: Case) -> RecalculatedCase:
    """What the case would come to now. A decided case keeps its basis: what was granted before it."""
    before, rules = case.current_assessment, programme_of(case)
    found = RecalculatedCase(
        recalculation=row, case=case, before=before, is_decided=case.status == Status.APPROVED
    )
    submission = before.submission
    inputs = before.inputs if found.is_decided else inputs_of(case, submission)
    try:
        accepted = rules.accepted(submission.snapshot, by_key(inputs.get("lines", ())))
        result = rules.assess(accepted, inputs["basis"])
    except LookupError as error:  # no version, or two of them, on its day: the sentence names the days
        found.problem = str(error)[:300]
    else:
        found.preview_rmb, found.preview_policy = result.amount_rmb, result.policy_key
    return found


def decide(*, recalculation_id: int, user: User, confirms: bool, note: str = "") -> Recalculation:
    """Confirm a previewed recalculation, or turn it down: somebody else than who proposed it. Raises Refused."""
    try:
        with transaction.atomic():
            return _decide(recalculation_id, user, confirms, note.strip())
    except IntegrityError as error:
        if "recalculation_two_people" in str(error):
            raise Refused("four_eyes", _("You proposed it; somebody else must confirm it.")) from error
        raise


def _decide(recalculation_id: int, user: User, confirms: bool, note: str) -> Recalculation:
    row = Recalculation.objects.select_for_update(of=("self",), no_key=True).get(pk=recalculation_id)
    answer = may_recalculate_many(user, row if confirms else None)
    if not answer:
        raise Refused("permission", answer.reason)
    if row.state != RecalculationState.PROPOSED:
        raise Refused("step", _("This recalculation does not wait for a decision."))
    if not confirms and not note:
        raise Refused("note", _("Write why it is turned down."))
    row.state = RecalculationState.CONFIRMED if confirms else RecalculationState.TURNED_DOWN
    row.decided_by, row.decided_at, row.note, row.run_after = user, timezone.now(), note, timezone.now()
    row.save(update_fields=["state", "decided_by", "decided_at", "note", "run_after"])
    _record(row, user, f"recalculation.{row.state}")
    if confirms:
        transaction.on_commit(lambda: _nudge(row.pk))
    return row


@transaction.atomic
def _ask_for_runs(recalculation_id: int) -> bool:
    """Ask for the runs of the next few cases; False when none waits any more. Locks case by case, in their order."""
    waiting = (
        RecalculatedCase.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
        .filter(recalculation=recalculation_id, run__isnull=True, is_decided=False, moved_on=False)
        .order_by("case")[:BATCH]
    )
    rows = list(waiting)
    for row in rows:
        case = lock_case(row.case_id)
        if case.status in IN_REVIEW:
            row.run = request_run(case=case, submission=case.submissions.last(), cause=RunCause.RECALCULATION)
        else:
            row.moved_on = True
        row.save(update_fields=["run", "moved_on"])
    return bool(rows)


def _record(row: Recalculation, user: User, action: str) -> None:
    audit.record(
        actor=user,
        action=action,
        obj=row,
        data={
            "programme": row.programme,
            "year": row.year,
            "version": row.version_code,
            "numbers": row.numbers,
            "reason": row.reason,
            "note": row.note,
        },
    )
