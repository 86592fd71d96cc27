"""Out of quarantine: only a scanner's word, or a setting that says there is none, makes a file usable."""

import logging
from datetime import timedelta
from typing import IO

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.refusals import Refusal
from audit import services as audit
from documents import storage
from documents.enums import State
from documents.models import Document
from documents.scanning import Scanner, ScannerUnavailable, Verdict

log = logging.getLogger(__name__)

# A file younger than this is probably in the broker already.
SWEEP_AFTER = timedelta(seconds=10)
LONGEST_WAIT = timedelta(minutes=5)
NO_SCANNER = "none"


def nudge(document_id: int) -> None:
    """Tell a worker. A broker that is down costs nothing but the wait for the sweeper."""
    from kombu.exceptions import OperationalError

    from documents.tasks import scan as task

    try:
        task.delay(document_id)
    except (OperationalError, OSError) as error:
        log.warning("broker unreachable, file %s waits for the sweeper: %s", document_id, error)


def scan(document_id: int) -> bool:
    """Look at one waiting file; True when it left quarantine. However often it runs, the first verdict counts."""
    document = Document.objects.current().filter(pk=document_id, state=State.QUARANTINED).first()
    if document is None:
        return False
    _count_attempt(document)
    try:
        with storage.open_checked(document.storage_key, document.sha256) as file:
            verdict = verdict_on(file)
    except storage.ContentAltered:
        return _conclude(document.pk, refusal="altered")
    except (storage.ContentMissing, ScannerUnavailable) as error:
        log.warning("file %s stays in quarantine: %s", document_id, error)
        return False
    refusal = "infected" if verdict.signature else ""
    return _conclude(document.pk, verdict=verdict, refusal=refusal)


def verdict_on(file: IO[bytes]) -> Verdict:
    """What the scanner says of an open file.

    Raises ScannerUnavailable: without a scanner where one is required, nothing gets through.
    """
    if settings.CLAMD_URL:
        return Scanner(settings.CLAMD_URL).scan(iter(lambda: file.read(storage.STEP), b""))
    if settings.SCANNER_REQUIRED:
        raise ScannerUnavailable("a scanner is required and CLAMD_URL names none")
    return Verdict(NO_SCANNER)


def _count_attempt(document: Document) -> None:
    wait = min(timedelta(seconds=10) * 2 ** min(document.attempts, 10), LONGEST_WAIT)
    Document.objects.filter(pk=document.pk, state=State.QUARANTINED).update(
        attempts=document.attempts + 1, scan_after=timezone.now() + wait
    )


@transaction.atomic
def _conclude(document_id: int, *, verdict: Verdict | None = None, refusal: str = "") -> bool:
    document = Document.objects.select_for_update(of=("self",)).get(pk=document_id)
    if document.state != State.QUARANTINED or not document.is_current:
        return False
    document.state = State.REFUSED if refusal else State.CLEAN
    document.refusal = refusal
    document.scanned_at = timezone.now()
    if verdict:
        document.scanner, document.signature = verdict.scanner, verdict.signature
    document.save(update_fields=["state", "refusal", "scanned_at", "scanner", "signature"])
    audit.record(
        actor="worker",
        action="document.refused" if refusal else "document.clean",
        obj=document,
        data={"document": document.pk, "scanner": document.scanner, "signature": document.signature},
        stream=f"accounts.organisation:{document.organisation_id}",
    )
    if refusal:
        transaction.on_commit(lambda: storage.drop(document.storage_key))
    return True


@transaction.atomic
def take_due(limit: int) -> list[int]:
    """Ids of files whose message may have been lost, or whose scanner did not answer."""
    now = timezone.now()
    due = (
        Document.objects.current()
        .select_for_update(of=("self",), skip_locked=True)
        .filter(state=State.QUARANTINED, scan_after__lte=now, created_at__lte=now - SWEEP_AFTER)
        .order_by("scan_after")
    )
    ids = [document.pk for document in due[:limit]]
    Document.objects.filter(pk__in=ids).update(scan_after=now + timedelta(seconds=60))
    return ids


@transaction.atomic
def retry(document_id: int, *, user: User) -> None:
    """Have a file in quarantine looked at now instead of at its next turn. Raises Refusal when it is not there."""
    document = (
        Document.objects.current()
        .select_for_update(of=("self",))
        .filter(pk=document_id, state=State.QUARANTINED)
        .first()
    )
    if document is None:
        raise Refusal("not_failed", _("This work has not failed, or was put back already."))
    document.scan_after = timezone.now()
    document.save(update_fields=["scan_after"])
    audit.record(
        actor=user,
        action="work.retried",
        obj=document,
        stream=f"accounts.organisation:{document.organisation_id}",
    )
    transaction.on_commit(lambda: nudge(document_id))
