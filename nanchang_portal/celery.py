"""The Celery application. Tasks carry ids; state lives in the tables (see docs/architecture.md)."""

import os
import signal

from billiard.process import current_process
from celery import Celery, signals
from django.db import connections

from nanchang_portal import processes

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nanchang_portal.settings.dev")

app = Celery("nanchang_portal", task_cls="nanchang_portal.operations.tasks:NumberedTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["nanchang_portal.operations"])


@signals.worker_process_init.connect
def end_with_the_worker(**_) -> None:
    """A pool process of a killed worker ends at once: its task was not acknowledged and is delivered again."""
    processes.die_with_parent(signal.SIGKILL, current_process()._parent_pid)


@signals.task_prerun.connect
def look_at_the_connection(**_) -> None:
    """A task begins as a request does: with a connection that answers, or a new one.

    Celery alone keeps a connection for CELERY_DB_REUSE_MAX tasks, also one that an outage of the database has ended.
    A task that is called within a transaction, not sent to a worker, belongs to that transaction.
    """
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
