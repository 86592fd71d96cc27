from celery import shared_task

from workbooks.services import jobs


@shared_task(name="workbooks.work", soft_time_limit=240, time_limit=270)
def work(job_id: int) -> None:
    jobs.work(job_id)


@shared_task(name="workbooks.sweep")
def sweep() -> None:
    """Send again what the broker or a worker may have lost; beat calls this every few seconds."""
    for job_id in jobs.take_due(limit=100):
        work.delay(job_id)


@shared_task(name="workbooks.forget")
def forget() -> None:
    jobs.forget_old()
