from celery import shared_task

from ledger.reconciling import reconcile as reconcile_all


@shared_task(name="ledger.reconcile", soft_time_limit=240, time_limit=280)
def reconcile() -> None:
    """The nightly recalculation; running it twice keeps two results and changes nothing else."""
    reconcile_all()
