"""Quarantine: a workbook waits beside the other evidence for the virus scanner's word before anything parses it."""

import logging

from django.utils import timezone

from audit import services as audit
from documents.scanning import ScannerUnavailable
from documents.services.scans import verdict_on
from workbooks.enums import JobState, Step
from workbooks.models import ImportJob
from workbooks.reading.refusals import Unreadable
from workbooks.services import files
from workbooks.services.jobs import refuse

log = logging.getLogger(__name__)


def leave(job_id: int) -> bool:
    """Whether the import's file may be read: the scanner passed it, now or before. Fails closed.

    A file in which something was found is deleted at once; without an answer it waits for the sweeper, however long.
    """
    job = ImportJob.objects.filter(pk=job_id, state=JobState.UPLOADED, scanned_at=None).first()
    if job is None:
        return True
    if not files.is_intact(job):
        refuse(job, Unreadable("gone").both)
        return False
    waiting = ImportJob.objects.filter(pk=job.pk, state=JobState.UPLOADED)
    try:
        with job.path.open("rb") as file:
            verdict = verdict_on(file)
    except ScannerUnavailable as error:
        log.warning("import %s stays in quarantine: %s", job.pk, error)
        waiting.update(step=Step.NO_SCANNER, run_after=timezone.now())
        return False
    if verdict.signature:
        refuse(job, Unreadable("infected", signature=verdict.signature).both, forget=True)
        audit.record(
            actor="worker",
            action="workbook.refused",
            obj=job,
            data={
                "import": job.pk,
                "file": job.sha256,
                "scanner": verdict.scanner,
                "signature": verdict.signature,
            },
            stream=f"accounts.organisation:{job.organisation_id}",
        )
        return False
    return bool(waiting.update(scanner=verdict.scanner, scanned_at=timezone.now(), step=Step.WAITING))
