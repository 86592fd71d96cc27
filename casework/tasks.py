from celery import shared_task

from casework import failpoints
from casework.services import calculation, deadlines, recalculation


@shared_task(name="casework.calculate")
def calculate(run_id: int) -> None:
    failpoints.pass_by("received")
    calculation.run_calculation(run_id)
    failpoints.pass_by("returned")


@shared_task(name="casework.sweep")
def sweep() -> None:
    """Send again what the broker may have lost; beat calls this every few seconds."""
    for run_id in calculation.take_due_runs(limit=500):
        calculate.delay(run_id)
    for recalculation_id in recalculation.take_due(limit=20):
        recalculate.delay(recalculation_id)


@shared_task(name="casework.recalculate")
def recalculate(recalculation_id: int) -> None:
    recalculation.work(recalculation_id)


@shared_task(name="casework.watch_corrections")
def watch_corrections() -> None:
    """Remind of terms for correction, and end those that have passed; beat calls this every quarter of an hour."""
    deadlines.watch_corrections()
