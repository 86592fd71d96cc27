"""An import from upload to its end. Every step may be delivered twice and be cut off anywhere.

A session lock of the database lets one worker at a time work on a job and is gone when that worker dies; the sweeper
then sends the job again and it starts anew: until the one transaction at the end nothing has been written.
"""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import PurePath

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Organisation, User
from accounts.permissions import may_file_for
from casework.models import Case
from casework.permissions import may_edit
from casework.transitions import Refused
from workbooks import passes
from workbooks.enums import BUSY, CLOSED, JobState
from workbooks.models import ImportFault, ImportJob
from workbooks.reading import gate
from workbooks.reading.refusals import Unreadable
from workbooks.services import files
from workbooks.sheets import Intake, Workbook, sentences, workbook_of

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
RESEND_AFTER = timedelta(seconds=30)
KEEP_FILES = timedelta(days=7)
_LOCK_CLASS = 7302


class Stopped(Exception):
    """Somebody cancelled the import while it ran."""


class Moved(Exception):
    """Between check and take-over the register changed: there are faults now."""


# Applicants


def upload(
    *,
    user: User,
    workbook: Workbook,
    organisation: Organisation,
    case: Case | None,
    name: str,
    chunks: Iterable[bytes],
) -> ImportJob:
    """Keep an uploaded workbook and ask for its check. Raises Refused, or Unreadable, and keeps nothing then."""
    answer = may_file_for(user, organisation)
    if answer and case is not None:
        answer = may_edit(user, case)
    if not answer:
        raise Refused("permission", answer.reason)
    path, sha256, size = files.store(chunks)
    try:
        file_format = gate.look(path, name)
        with transaction.atomic():
            job = ImportJob.objects.create(
                organisation=organisation,
                case=case,
                kind=workbook.code,
                uploaded_by=user,
                file_name=shown_name(name),
                file_size=size,
                file_format=file_format,
                sha256=sha256,
                stored_as=path.name,
            )
            transaction.on_commit(lambda: nudge(job.pk))
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return job


def shown_name(name: str) -> str:
    """The file's own name without folders and characters that play tricks on a page."""
    base = PurePath(name.replace("\\", "/")).name
    return "".join(c for c in base if c.isprintable())[-200:] or "workbook"


@transaction.atomic
def confirm(*, user: User, job_id: int) -> ImportJob:
    """Take a checked workbook over. Pressed twice, it is taken over once. Raises Refused."""
    job = _locked(job_id, user)
    if job.state in (JobState.IMPORTING, JobState.DONE):
        return job
    if not job.is_ready:
        raise Refused("state", _("Only a checked workbook without errors can be taken over."))
    job.state, job.attempts, job.rows_done, job.run_after = JobState.IMPORTING, 0, 0, timezone.now()
    job.save(update_fields=["state", "attempts", "rows_done", "run_after"])
    transaction.on_commit(lambda: nudge(job.pk))
    return job


@transaction.atomic
def cancel(*, user: User, job_id: int) -> ImportJob:
    """Stop an import and forget its file. What was taken over stays. Raises Refused."""
    job = _locked(job_id, user)
    if job.state == JobState.CANCELLED:
        return job
    if job.state in CLOSED:
        raise Refused("state", _("This import is over; there is nothing left to cancel."))
    _close(job, JobState.CANCELLED)
    return job


def _locked(job_id: int, user: User) -> ImportJob:
    job = ImportJob.objects.select_for_update(of=("self",)).select_related("organisation").get(pk=job_id)
    answer = may_file_for(user, job.organisation)
    if not answer:
        raise Refused("permission", answer.reason)
    return job


def _close(job: ImportJob, state: JobState) -> None:
    job.state, job.finished_at = state, timezone.now()
    if state in (JobState.CANCELLED, JobState.DONE):
        job.file_deleted_at = job.finished_at
        transaction.on_commit(lambda: files.forget(job))
    job.save()


# Workers


def nudge(job_id: int) -> None:
    """Tell a worker. A broker that is down costs nothing but the wait for the sweeper."""
    from kombu.exceptions import OperationalError

    from workbooks.tasks import work

    try:
        work.delay(job_id)
    except (OperationalError, OSError) as error:
        log.warning("broker unreachable, import %s waits for the sweeper: %s", job_id, error)


@transaction.atomic
def take_due(limit: int) -> list[int]:
    """Ids of jobs whose message or worker may have been lost."""
    now = timezone.now()
    due = ImportJob.objects.select_for_update(of=("self",), skip_locked=True).filter(
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
        if not alone:
            return
        job = _begin(job_id)
        if job is None:
            return
        try:
            _work(job)
        except Stopped:
            pass
        except Unreadable as refusal:
            _refuse(job, refusal.both)
        except Exception as error:  # whatever it was, it is tried again; its text may hold what people typed
            log.error("import %s failed at attempt %s: %s", job.pk, job.attempts, _constraint(error))
            if job.attempts >= MAX_ATTEMPTS:
                _refuse(job, Unreadable("died").both)


@transaction.atomic
def _begin(job_id: int) -> ImportJob | None:
    """Count the attempt before the work, so that a file which kills its worker is found out."""
    jobs = ImportJob.objects.select_for_update(of=("self",)).select_related(
        "organisation", "case", "uploaded_by"
    )
    job = jobs.filter(pk=job_id, state__in=BUSY).first()
    if job is None:
        return None
    if job.attempts >= MAX_ATTEMPTS:
        job.refusal = Unreadable("died").both
        _close(job, JobState.FAILED)
        return None
    if job.state == JobState.UPLOADED:
        job.state = JobState.CHECKING
    job.attempts += 1
    job.run_after = timezone.now()
    job.save(update_fields=["state", "attempts", "run_after"])
    return job


def _refuse(job: ImportJob, sentence: dict[str, str]) -> None:
    with transaction.atomic():
        row = ImportJob.objects.select_for_update(of=("self",)).get(pk=job.pk)
        if row.state in BUSY:
            row.refusal = sentence
            _close(row, JobState.FAILED)


def _work(job: ImportJob) -> None:
    workbook = workbook_of(job.kind)
    if workbook is None or not files.is_intact(job):
        raise Unreadable("gone")
    intake = workbook.intake(user=job.uploaded_by, organisation=job.organisation, case=job.case)
    try:
        outcome = passes.run(workbook, job.path, job.file_format, intake, _progress(job))
        if outcome.fault_count or job.state == JobState.CHECKING:
            _checked(job, outcome, intake)
        else:
            _take_over(job, intake, outcome)
    finally:
        intake.close()


def _progress(job: ImportJob):
    """Says how far the reading is, and stops it when somebody cancelled."""

    def said(done: int, total: int) -> None:
        going = ImportJob.objects.filter(pk=job.pk, state=job.state).update(
            rows_done=done, rows_total=total, run_after=timezone.now()
        )
        if not going:
            raise Stopped

    return said


def _checked(
    job: ImportJob, outcome: passes.Outcome, intake: Intake, refusal: dict[str, str] | None = None
) -> None:
    with transaction.atomic():
        row = ImportJob.objects.select_for_update(of=("self",)).get(pk=job.pk)
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
        row.state, row.fault_count, row.summary = JobState.CHECKED, outcome.fault_count, dict(intake.counts)
        row.refusal = refusal or {}
        row.save(update_fields=["state", "fault_count", "summary", "refusal"])


def _take_over(job: ImportJob, intake: Intake, outcome: passes.Outcome) -> None:
    """Write everything or nothing. What the register refuses meanwhile becomes a fault or a sentence."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = '80s'")
                # No trigger is ignored. Left unset, asking for the setting raises an error inside each trigger.
                cursor.execute("SET LOCAL pgtrigger.ignore = '{}'")
            intake.lock()
            row = ImportJob.objects.select_for_update(of=("self",)).get(pk=job.pk)
            if row.state != JobState.IMPORTING:
                raise Stopped
            # Once more, now that nobody else can move anything.
            for fault in intake.finish():
                outcome.add(fault)
            if outcome.fault_count:
                raise Moved
            intake.write(row)
            row.summary, row.rows_done = dict(intake.counts), row.rows_total
            _close(row, JobState.DONE)
    except Moved:
        _checked(job, outcome, intake)
    except Refused as refused:
        message = refused.message
        said = sentences(lambda: [("", message)])
        _checked(job, outcome, intake, said[0][1])
    except IntegrityError as error:
        log.warning("import %s met a constraint: %s", job.pk, _constraint(error))
        said = sentences(
            lambda: [
                (
                    "",
                    _(
                        "Somebody changed the same records while this workbook was taken over. Nothing was written:"
                        " upload it again."
                    ),
                )
            ]
        )
        _checked(job, outcome, intake, said[0][1])


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
            job = ImportJob.objects.select_for_update(of=("self",)).get(pk=job_id)
            job.file_deleted_at = timezone.now()
            if job.state == JobState.CHECKED:
                job.state, job.finished_at = JobState.CANCELLED, job.file_deleted_at
            job.save(update_fields=["file_deleted_at", "state", "finished_at"])
            transaction.on_commit(lambda job=job: files.forget(job))
        count += 1
    return count
