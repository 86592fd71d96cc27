from celery import shared_task

from casework.services import calculation


@shared_task(name="casework.calculate")
def calculate(run_id: int) -> None:
    calculation.run_calculation(run_id)


@shared_task(name="casework.sweep")
def sweep() -> None:
    """Send again what the broker may have lost; beat calls this every few seconds."""
    for run_id in calculation.take_due_runs(limit=500):
        calculate.delay(run_id)
