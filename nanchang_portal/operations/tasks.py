"""What every task has, and the beat of the portal's heart."""

import time

from celery import Task, shared_task, signals
from django.core.cache import cache

from nanchang_portal.operations import logs, retention

#: When each last gave a sign of life: beat, a worker, and a task that beat sent and a worker did, through the broker.
BEAT, WORKER, HEARTBEAT = "operations.beat", "operations.worker", "operations.heartbeat"
SIGN_SECONDS, SIGN_KEPT = 30, 24 * 3600


def sign_of_life(name: str) -> None:
    cache.set(name, time.time(), SIGN_KEPT)


@signals.before_task_publish.connect
def beat_is_alive(sender: str = "", **_) -> None:
    """Also while the broker is down: beat tries to send."""
    if sender == HEARTBEAT:
        sign_of_life(BEAT)


@signals.worker_ready.connect
def worker_is_alive(sender, **_) -> None:
    """By the timer of the worker's main process, however long its tasks take; also while the broker is down."""
    sign_of_life(WORKER)
    sender.timer.call_repeatedly(SIGN_SECONDS, sign_of_life, (WORKER,))


class NumberedTask(Task):
    """Every line that a task logs carries the task's number, and the number of the request that asked for it."""

    def apply_async(self, args=None, kwargs=None, **options):
        if number := logs.current("request"):
            options["headers"] = {**(options.get("headers") or {}), "portal_request": number}
        return super().apply_async(args, kwargs, **options)

    def __call__(self, *args, **kwargs):
        headers = self.request.headers or {}
        with logs.numbered(task=self.request.id or "", request=headers.get("portal_request", "")):
            return super().__call__(*args, **kwargs)


@shared_task(name=HEARTBEAT)
def heartbeat() -> None:
    """Sent by beat, done by a worker, through the broker: while it is fresh, all three are well."""
    sign_of_life(HEARTBEAT)


@shared_task(name="operations.forget")
def forget() -> None:
    """Delete what the practice keeps no longer; beat asks for it every night. What money was paid on stays."""
    retention.forget()
