"""What Prometheus reads: requests of all web processes, and the state of the portal as of now."""

import os
from collections.abc import Iterator

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

CONTENT_TYPE = CONTENT_TYPE_LATEST
REQUESTS = Counter("portal_requests", "Requests answered", ["route", "method", "status"])
SECONDS = Histogram(
    "portal_request_seconds", "Time to an answer", ["route"], buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
)
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def count_request(route: str, method: str, status: int, seconds: float) -> None:
    REQUESTS.labels(route, method if method in METHODS else "other", str(status)).inc()
    SECONDS.labels(route).observe(seconds)


class State:
    """The portal's state, asked when it is read; a collector of prometheus_client."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        from nanchang_portal.operations import health, work

        state = GaugeMetricFamily("portal_check", "1 while the check is well", labels=["check"])
        value = GaugeMetricFamily("portal_check_value", "What the check measured", labels=["check", "unit"])
        for check in health.checks():
            state.add_metric([check.name], 1 if check.ok else 0)
            if check.value is not None:
                value.add_metric([check.name, check.unit], check.value)
        rows = GaugeMetricFamily("portal_work", "Background work by state", labels=["kind", "state"])
        oldest = GaugeMetricFamily(
            "portal_work_oldest_seconds", "Age of the oldest that waits", labels=["kind"]
        )
        for kind in work.overview():
            for name in ("queued", "running", "failed"):
                rows.add_metric([kind.code, name], getattr(kind, name))
            oldest.add_metric([kind.code], kind.oldest_seconds)
        yield from (state, value, rows, oldest)


def text() -> bytes:
    """All metrics in Prometheus's text format."""
    registry = CollectorRegistry()
    registry.register(State())
    if directory := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry, directory)
        return generate_latest(registry)
    from prometheus_client import REGISTRY

    return generate_latest(registry) + generate_latest(REGISTRY)
