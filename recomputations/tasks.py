from celery import shared_task

from policy.enums import ProgrammeCode
from recomputations import services


@shared_task(name="recomputations.plan")
def plan(recomputation_id: int, after: int = 0) -> None:
    """Bring the inputs into columns for a while, then go on in a task of its own, or cut into parts."""
    if (last := services.freeze(recomputation_id, after=after)) is not None:
        plan.delay(recomputation_id, last)
    else:
        services.plan(recomputation_id)


@shared_task(name="recomputations.work")
def work(part_id: int) -> None:
    services.work(part_id)


@shared_task(name="recomputations.sweep")
def sweep() -> None:
    """Send again what the broker may have lost; beat calls this every half minute."""
    for recomputation_id in services.take_unplanned():
        plan.delay(recomputation_id)
    for part_id in services.take_waiting(limit=200):
        work.delay(part_id)


@shared_task(name="recomputations.control")
def control() -> None:
    """The monthly control: every assessed claim of the city, calculated anew."""
    for programme in ProgrammeCode:
        services.start(programme=programme, year=None, user=None)
