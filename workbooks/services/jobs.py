"""What applicants do with an import: upload, confirm, cancel. What workers do with it: `workbooks.services.workers`."""

import logging
from collections.abc import Iterable
from pathlib import PurePath

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Organisation, User
from accounts.permissions import may_file_for
from casework.models import Case
from casework.permissions import may_edit
from casework.transitions import Refused
from workbooks.enums import BUSY, CLOSED, JobState, Step
from workbooks.models import ImportJob
from workbooks.reading import gate
from workbooks.services import files
from workbooks.sheets import Workbook

log = logging.getLogger(__name__)


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
    job.state, job.attempts, job.run_after = JobState.IMPORTING, 0, timezone.now()
    job.step, job.percent, job.rows_done = Step.WAITING, 0, 0
    job.save(update_fields=["state", "attempts", "run_after", "step", "percent", "rows_done"])
    transaction.on_commit(lambda: nudge(job.pk))
    return job


@transaction.atomic
def cancel(*, user: User, job_id: int) -> ImportJob:
    """Stop an import, in any step until its last row is written, and forget its file. Raises Refused when it is over.

    The worker looks between its steps and rolls back what it wrote; nobody waits for it here.
    """
    job = _locked(job_id, user)
    if job.state == JobState.CANCELLED:
        return job
    if job.state in CLOSED:
        raise Refused("state", _("This import is over; there is nothing left to cancel."))
    close(job, JobState.CANCELLED)
    return job


def _locked(job_id: int, user: User) -> ImportJob:
    # Without the key: source rows of a take-over that is under way refer to it, and cancelling must not wait for them.
    job = (
        ImportJob.objects.select_for_update(of=("self",), no_key=True)
        .select_related("organisation")
        .get(pk=job_id)
    )
    answer = may_file_for(user, job.organisation)
    if not answer:
        raise Refused("permission", answer.reason)
    return job


def refuse(job: ImportJob, sentence: dict[str, str], *, forget: bool = False) -> None:
    """End an import that is not over with the sentence that says why."""
    with transaction.atomic():
        row = ImportJob.objects.select_for_update(of=("self",), no_key=True).get(pk=job.pk)
        if row.state in BUSY:
            row.refusal = sentence
            close(row, JobState.FAILED, forget=forget)


def close(job: ImportJob, state: JobState, *, forget: bool = False) -> None:
    """End a locked import; the file goes with the commit, that of a failed one only when `forget` says so."""
    job.state, job.finished_at = state, timezone.now()
    if forget or state in (JobState.CANCELLED, JobState.DONE):
        job.file_deleted_at = job.finished_at
        transaction.on_commit(lambda: files.forget(job))
    job.save()


def nudge(job_id: int) -> None:
    """Tell a worker. A broker that is down costs nothing but the wait for the sweeper."""
    from kombu.exceptions import OperationalError

    from workbooks.tasks import work

    try:
        work.delay(job_id)
    except (OperationalError, OSError) as error:
        log.warning("broker unreachable, import %s waits for the sweeper: %s", job_id, error)
