"""Write a letter with its decision, draw it in a worker, hand it out. The row is the outbox."""

import hashlib
import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit import services as audit
from audit.services import sha256
from casework.enums import CaseEventKind
from casework.models import Case, CaseEvent, Transition
from casework.transitions import Refused
from notices.enums import LetterKind, LetterState
from notices.letters import drawing, signing
from notices.letters.content import content_of
from notices.models import Letter, LetterFile
from notices.numbers import next_number
from notices.permissions import may_redraw

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 5
RETRY_AFTER = timedelta(seconds=60)
SWEEP_AFTER = timedelta(seconds=10)


def write_for_decision(case: Case, step: Transition, user: User) -> None:
    """Follow a decision: its letter is written in the same transaction."""
    kind, content = content_of(case, step)
    write(case=case, kind=kind, source=f"transition:{step.pk}", content=content, user=user)


def write(*, case: Case, kind: LetterKind, source: str, content: Mapping[str, Any], user: User) -> Letter:
    """Freeze and sign what a letter says, in the caller's transaction; a worker draws it after the commit.

    `source` names the decision ("transition:12", "recovery:3"): one letter of a kind for each. `content` is JSON of
    strings and whole numbers; `prints/letters/_<kind>.html` shows it as `said`.
    """
    number, code, data = next_number("letter"), signing.new_code(), dict(content)
    digest = sha256(data)
    letter = Letter.objects.create(
        number=number,
        kind=kind,
        case=case,
        source=source,
        code=code,
        data=data,
        data_hash=digest,
        signature=signing.sign(code, number, kind, digest),
        made_by=user,
    )
    audit.record(
        actor=user,
        action="letter.written",
        obj=case,
        data={"letter": number, "kind": kind, "source": source, "hash": digest},
    )
    transaction.on_commit(lambda: nudge(letter.pk))
    return letter


@transaction.atomic
def redraw(*, letter_id: int, user: User) -> Letter:
    """Send a letter that could not be drawn to a worker again. Raises Refused."""
    letter = Letter.objects.select_for_update(of=("self",)).select_related("case").get(pk=letter_id)
    answer = may_redraw(user, letter)
    if not answer:
        raise Refused("permission", answer.reason)
    letter.state, letter.attempts, letter.run_after = LetterState.QUEUED, 0, timezone.now()
    letter.save(update_fields=["state", "attempts", "run_after"])
    audit.record(actor=user, action="letter.redrawn", obj=letter.case, data={"letter": letter.number})
    transaction.on_commit(lambda: nudge(letter.pk))
    return letter


def nudge(letter_id: int) -> None:
    """Tell a worker. A broker that is down costs nothing but the wait for the sweeper."""
    from kombu.exceptions import OperationalError

    from notices.tasks import draw_letter

    try:
        draw_letter.delay(letter_id)
    except (OperationalError, OSError) as error:
        log.warning("broker unreachable, letter %s waits for the sweeper: %s", letter_id, error)


@transaction.atomic
def take_due(limit: int) -> list[int]:
    """Ids of letters whose message may have been lost; each is taken again only after RETRY_AFTER."""
    now = timezone.now()
    due = (
        Letter.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(state=LetterState.QUEUED, run_after__lte=now, issued_at__lte=now - SWEEP_AFTER)
        .order_by("run_after")
    )
    ids = [letter.pk for letter in due[:limit]]
    Letter.objects.filter(pk__in=ids).update(run_after=now + RETRY_AFTER)
    return ids


def draw(letter_id: int) -> None:
    """Draw one waiting letter, once however often it is delivered; its file never changes again."""
    if not _claim(letter_id):
        return
    try:
        with transaction.atomic():
            _draw(letter_id)
    except Exception as error:  # counted, written down and tried again
        log.exception("letter %s could not be drawn", letter_id)
        Letter.objects.filter(pk=letter_id, state=LetterState.QUEUED).update(
            error=f"{type(error).__name__}: {error}"[:300], run_after=timezone.now() + RETRY_AFTER
        )


def _claim(letter_id: int) -> bool:
    """Count the attempt in a transaction of its own, so that a letter which kills its worker is found out."""
    with transaction.atomic():
        letter = (
            Letter.objects.select_for_update(of=("self",), skip_locked=True)
            .filter(pk=letter_id, state=LetterState.QUEUED)
            .first()
        )
        if letter is None:
            return False
        if letter.attempts >= MAX_ATTEMPTS:
            letter.state, letter.error = LetterState.FAILED, letter.error or "gave up"
        letter.attempts += 1
        letter.run_after = timezone.now() + RETRY_AFTER
        letter.save(update_fields=["state", "attempts", "run_after", "error"])
        return letter.state == LetterState.QUEUED


def _draw(letter_id: int) -> None:
    letter = Letter.objects.select_for_update(of=("self",)).select_related("case").get(pk=letter_id)
    if letter.state != LetterState.QUEUED:
        return
    content = drawing.drawn(letter)
    digest = hashlib.sha256(content).hexdigest()
    LetterFile.objects.create(
        letter=letter, content=content, sha256=digest, signature=signing.sign(letter.code, digest)
    )
    letter.state, letter.error = LetterState.MADE, ""
    letter.save(update_fields=["state", "error"])
    CaseEvent.objects.create(
        case=letter.case,
        kind=CaseEventKind.LETTER_MADE,
        key=f"letter:{letter.pk}",
        data={"letter": letter.number, "kind": letter.kind},
    )
    audit.record(
        actor="worker",
        action="letter.drawn",
        obj=letter.case,
        data={"letter": letter.number, "sha256": digest},
    )
