"""What a worker does with an import. Every step may be delivered twice and be cut off anywhere.

A session lock of the database lets one worker at a time work on a job and is gone when that worker dies; the sweeper
then sends the job again and it starts anew: until the one transaction at the end nothing has been written.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from casework.transitions import Refused
from workbooks import changes, passes
from workbooks.enums import BUSY, JobState
from workbooks.models import ImportFault, ImportJob
from workbooks.reading.refusals import Unreadable
from workbooks.services import files, quarantine
from workbooks.services.jobs import close, refuse
from workbooks.services.progress import Stopped, Teller
from workbooks.sheets import CHANGED_MEANWHILE, Intake, sentences, workbook_of

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
RESEND_AFTER = timedelta(seconds=30)
KEEP_FILES = timedelta(days=7)
_LOCK_CLASS = 7302


class Moved(Exception):
    """Between check and take-over the register changed: there are faults now."""


@transaction.atomic
def take_due(limit: int) -> list[int]:
    """Ids of jobs whose message or worker may have been lost."""
    now = timezone.now()
    due = ImportJob.objects.select_for_update(of=("self",), no_key=True, skip_locked=True).filter(
        state__in=BUSY, run_after__lte=now - RESEND_AFTER
    )
    ids = list(due.order_by("run_after").values_list("pk", flat=True)[:limit])
    ImportJob.objects.filter(pk__in=ids).update(run_after=now)
    return ids


@contextmanager
def _alone(job_id: int) -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LOCK_CLASS, job_id])
        (got,) = cursor.fetchone()
    try:
        yield got
    finally:
        if got and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCK_CLASS, job_id])


def work(job_id: int) -> None:
    """Check or take over one workbook, whichever it waits for; nothing when somebody else does or it is over."""
    with _alone(job_id) as alone:
        if not alone or not quarantine.leave(job_id):
            return
        job = _begin(job_id)
        if job is None:
            return
        try:
            _work(job)
        except Stopped:
            pass
        except Unreadable as refusal:
            refuse(job, refusal.both)
        except Exception as error:  # whatever it was, it is tried again; its text may hold what people typed
            log.error("import %s failed at attempt %s: %s", job.pk, job.attempts, _constraint(error))
            if job.attempts >= MAX_ATTEMPTS:
                refuse(job, Unreadable("died").both)


@transaction.atomic
def _begin(job_id: int) -> ImportJob | None:
    """Count the attempt before the work, so that a file which kills its worker is found out."""
    jobs = ImportJob.objects.select_for_update(of=("self",), no_key=True).select_related(
        "organisation", "case", "uploaded_by"
    )
    job = jobs.filter(pk=job_id, state__in=BUSY).first()
    if job is None:
        return None
    if job.attempts >= MAX_ATTEMPTS:
        job.refusal = Unreadable("died").both
        close(job, JobState.FAILED)
        return None
    if job.state == JobState.UPLOADED:
        job.state = JobState.CHECKING
    job.attempts += 1
    job.run_after = timezone.now()
    job.save(update_fields=["state", "attempts", "run_after"])
    return job


def _work(job: ImportJob) -> None:
    workbook = workbook_of(job.kind)
    if workbook is None or not files.is_intact(job):
        raise Unreadable("gone")
    intake = workbook.intake(user=job.uploaded_by, organisation=job.organisation, case=job.case)
    teller = Teller(job)
    try:
        if job.state == JobState.IMPORTING and intake.recall(job.kept, job.kept_digest):
            _take_over(job, intake, passes.Outcome(), teller)
            return
        outcome = passes.run(workbook, job.path, job.file_format, intake, teller.reading)
        if job.state == JobState.IMPORTING and not outcome.fault_count:
            _take_over(job, intake, outcome, teller)
            return
        teller.comparing()
        for fault in intake.finish():
            outcome.add(fault)
        digest = ""
        if not outcome.fault_count:
            digest = intake.remember(job.kept)
            changes.keep(job, intake.changes())
        _checked(job, outcome, intake, digest=digest)
    finally:
        teller.close()
        intake.close()


def _checked(
    job: ImportJob,
    outcome: passes.Outcome,
    intake: Intake,
    *,
    refusal: dict[str, str] | None = None,
    digest: str = "",
) -> None:
    with transaction.atomic():
        row = ImportJob.objects.select_for_update(of=("self",), no_key=True).get(pk=job.pk)
        if row.state not in BUSY:
            raise Stopped
        row.faults.all().delete()
        ImportFault.objects.bulk_create(
            [
                ImportFault(job=row, sheet=f.sheet, row=f.row, column=f.column, message=dict(f.message))
                for f in outcome.faults
            ],
            batch_size=500,
        )
        row.state, row.fault_count = JobState.CHECKED, outcome.fault_count
        row.summary = dict(intake.counts)
        for sheet, heads in outcome.unread.items():
            if heads:
                row.summary[sheet] = {**row.summary.get(sheet, {}), "unread": heads}
        row.refusal, row.kept_digest = refusal or {}, digest
        row.save(update_fields=["state", "fault_count", "summary", "refusal", "kept_digest"])


def _take_over(job: ImportJob, intake: Intake, outcome: passes.Outcome, teller: Teller) -> None:
    """Write everything or nothing. What the register refuses meanwhile becomes a fault or a sentence."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = '80s'")
                # A workbook's rows fit; with the usual 4 MB every join of theirs goes through files.
                cursor.execute("SET LOCAL work_mem = '64MB'")
                # No trigger is ignored. Left unset, asking for the setting raises an error inside each trigger.
                cursor.execute("SET LOCAL pgtrigger.ignore = '{}'")
            intake.lock()
            teller.comparing()
            # Now that nobody else can move anything.
            for fault in intake.finish():
                outcome.add(fault)
            if outcome.fault_count:
                raise Moved
            intake.write(job, teller.writing)
            # Last, so that it can be cancelled until here without waiting.
            row = ImportJob.objects.select_for_update(of=("self",), no_key=True).get(pk=job.pk)
            if row.state != JobState.IMPORTING:
                raise Stopped
            row.summary, row.rows_done, row.percent = dict(intake.counts), row.rows_total, 100
            close(row, JobState.DONE)
    except Moved:
        _checked(job, outcome, intake)
    except Refused as refused:
        message = refused.message
        ((_column, sentence),) = sentences(lambda: [("", message)])
        _checked(job, outcome, intake, refusal=sentence)
    except IntegrityError as error:
        log.warning("import %s met a constraint: %s", job.pk, _constraint(error))
        ((_column, sentence),) = sentences(lambda: [("", CHANGED_MEANWHILE)])
        _checked(job, outcome, intake, refusal=sentence)


def _constraint(error: Exception) -> str:
    """The constraint's name or the error's, and nothing of the row."""
    cause = error.__cause__
    name = getattr(getattr(cause, "diag", None), "constraint_name", None)
    return name or f"{type(error).__name__} {type(cause).__name__ if cause else ''}".strip()


def forget_old() -> int:
    """Delete the files of jobs that nobody finished in time; returns how many."""
    old = ImportJob.objects.filter(
        file_deleted_at__isnull=True, created_at__lt=timezone.now() - KEEP_FILES
    ).exclude(state__in=BUSY)
    count = 0
    for job_id in old.values_list("pk", flat=True):
        with transaction.atomic():
            job = ImportJob.objects.select_for_update(of=("self",), no_key=True).get(pk=job_id)
            job.file_deleted_at = timezone.now()
            if job.state == JobState.CHECKED:
                job.state, job.finished_at = JobState.CANCELLED, job.file_deleted_at
            job.save(update_fields=["file_deleted_at", "state", "finished_at"])
            transaction.on_commit(lambda job=job: files.forget(job))
        count += 1
    return count
