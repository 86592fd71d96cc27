from celery import shared_task

from workbooks.services import workers


@shared_task(name="workbooks.work", soft_time_limit=240, time_limit=270)
def work(job_id: int) -> None:
    workers.work(job_id)


@shared_task(name="workbooks.sweep")
def sweep() -> None:
    """Send again what the broker or a worker may have lost; beat calls this every few seconds."""
    for job_id in workers.take_due(limit=100):
        work.delay(job_id)


@shared_task(name="workbooks.forget")
def forget() -> None:
    workers.forget_old()
