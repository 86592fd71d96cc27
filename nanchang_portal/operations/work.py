"""Background work of every room: how much waits, runs and failed; what failed is put back by hand."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from casework.enums import RunState
from casework.models import CalculationRun
from casework.services import calculation
from documents.enums import State as FileState
from documents.models import Document
from documents.services import scans
from messaging import post
from messaging.enums import MailState
from messaging.models import Mail
from simulations.enums import ChunkState, SimulationState
from simulations.models import Chunk
from simulations.services import asking
from workbooks.enums import JobState, Step
from workbooks.models import ImportJob

SHOWN = 50


@dataclass(frozen=True)
class Kind:
    """One kind of work: which rows wait, run and failed, from when a row waits, and how one is put back."""

    code: str
    label: str
    rows: Callable[[], QuerySet]
    queued: Q
    running: Q
    failed: Q
    since: str  # the field from which a waiting row's age counts
    retry: Callable[..., None] | None = None


@dataclass(frozen=True)
class Overview:
    """How one kind stands; `oldest_seconds` is how long the oldest waiting row is due."""

    code: str
    label: str
    queued: int
    running: int
    failed: int
    oldest_seconds: float
    can_retry: bool


@dataclass(frozen=True)
class Failure:
    """One failed row, without anything personal."""

    kind: str
    label: str
    pk: int
    at: datetime | None
    attempts: int
    error: str
    can_retry: bool


KINDS = (
    Kind(
        "calculation",
        _("Calculations"),
        CalculationRun.objects.all,
        queued=Q(state=RunState.QUEUED, attempts=0),
        running=Q(state=RunState.QUEUED, attempts__gt=0),
        failed=Q(state=RunState.FAILED),
        since="created_at",
        retry=calculation.retry_failed,
    ),
    Kind(
        "workbook",
        _("Workbooks"),
        ImportJob.objects.all,
        queued=Q(state=JobState.UPLOADED) & ~Q(step=Step.NO_SCANNER),
        running=Q(state__in=(JobState.CHECKING, JobState.IMPORTING)),
        # In quarantine for want of the scanner's answer: tried again by itself.
        failed=Q(state=JobState.FAILED) | Q(state=JobState.UPLOADED, step=Step.NO_SCANNER),
        since="created_at",
    ),
    Kind(
        "simulation",
        _("Parts of simulations"),
        Chunk.objects.all,
        queued=Q(state=ChunkState.WAITING, attempts=0, simulation__state=SimulationState.RUNNING),
        running=Q(state=ChunkState.WAITING, attempts__gt=0, simulation__state=SimulationState.RUNNING),
        failed=Q(state=ChunkState.FAILED),
        since="created_at",
        retry=asking.retry_failed,
    ),
    Kind(
        "scan",
        _("Virus checks"),
        Document.objects.current,
        queued=Q(state=FileState.QUARANTINED, attempts=0),
        running=Q(pk__isnull=True),
        # Nobody could look at it yet: it stays in quarantine and is tried again by itself.
        failed=Q(state=FileState.QUARANTINED, attempts__gt=0),
        since="created_at",
        retry=scans.retry,
    ),
    Kind(
        "mail",
        _("Mails"),
        Mail.objects.all,
        queued=Q(state=MailState.WAITING, attempts=0),
        running=Q(state=MailState.WAITING, attempts__gt=0),
        failed=Q(state=MailState.FAILED),
        since="created_at",
        retry=post.retry_failed,
    ),
)
BY_CODE = {kind.code: kind for kind in KINDS}


def overview() -> Iterator[Overview]:
    """How each kind stands, one query each."""
    now = timezone.now()
    for kind in KINDS:
        found = kind.rows().aggregate(
            queued=Count("pk", filter=kind.queued),
            running=Count("pk", filter=kind.running),
            failed=Count("pk", filter=kind.failed),
            oldest=Min(kind.since, filter=kind.queued | kind.running),
        )
        age = max(0.0, (now - found["oldest"]).total_seconds()) if found["oldest"] else 0.0
        counts = {name: found[name] for name in ("queued", "running", "failed")}
        yield Overview(kind.code, str(kind.label), oldest_seconds=age, can_retry=bool(kind.retry), **counts)


def failures() -> list[Failure]:
    """The newest failed rows of every kind, at most SHOWN of each."""
    found = []
    for kind in KINDS:
        for row in kind.rows().filter(kind.failed).order_by("-pk")[:SHOWN]:
            found.append(
                Failure(
                    kind=kind.code,
                    label=str(kind.label),
                    pk=row.pk,
                    at=getattr(row, "finished_at", None) or row.created_at,
                    attempts=row.attempts,
                    error=getattr(row, "error", "") or "",
                    can_retry=bool(kind.retry),
                )
            )
    return found


def retry(*, code: str, pk: int, user) -> None:
    """Puts one failed row back; raises Refused when it has not failed, LookupError for an unknown kind."""
    kind = BY_CODE[code]
    if kind.retry is None:
        raise LookupError(code)
    kind.retry(pk, user=user)
