"""What every task has, and the beat of the portal's heart."""

import time

from celery import Task, shared_task
from django.core.cache import cache

from nanchang_portal.operations import logs, retention

HEARTBEAT = "operations.heartbeat"
HEARTBEAT_KEPT = 24 * 3600


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


@shared_task(name="operations.heartbeat")
def heartbeat() -> None:
    """Sent by beat, done by a worker, through the broker: while it is fresh, all three are well."""
    cache.set(HEARTBEAT, time.time(), HEARTBEAT_KEPT)


@shared_task(name="operations.forget")
def forget() -> None:
    """Delete what the practice keeps no longer; beat asks for it every night. What money was paid on stays."""
    retention.forget()
