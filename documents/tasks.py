from celery import shared_task

from documents.services import scans


@shared_task(name="documents.scan")
def scan(document_id: int) -> None:
    scans.scan(document_id)


@shared_task(name="documents.sweep")
def sweep() -> None:
    """Send again what the broker lost or the scanner left; beat calls this every few seconds."""
    for document_id in scans.take_due(limit=100):
        scan.delay(document_id)
