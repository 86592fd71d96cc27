from celery import shared_task

from simulations.services import freezing, running


@shared_task(name="simulations.freeze")
def freeze(simulation_id: int) -> None:
    freezing.freeze(simulation_id)


@shared_task(name="simulations.calculate")
def calculate(chunk_id: int) -> None:
    running.run_chunk(chunk_id)


@shared_task(name="simulations.sweep")
def sweep() -> None:
    """Send again what the broker may have lost; beat calls this every few seconds."""
    for simulation_id in running.take_due_plans(limit=20):
        freeze.delay(simulation_id)
    for chunk_id in running.take_due_chunks(limit=500):
        calculate.delay(chunk_id)
    for simulation_id in running.unfinished(limit=20):
        running.finish(simulation_id)
