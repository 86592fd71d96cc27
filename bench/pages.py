"""Pages a second, signed in, against a bare Django view: the same server, the same clients, one run.

The bare view is a Django without middleware that answers two words. Ours are an applicant's list of claims, one claim,
and the officials' queue. Sixteen connections that stay open, one request after the other on each.
"""

import http.client
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.measure import ratios, show
from bench.workers import BASE

CONNECTIONS = 16
SECONDS = float(os.environ.get("BENCH_PAGE_SECONDS", "6"))
TARGETS = {"bare view / my claims": 0.25, "bare view / one claim": 0.25, "bare view / the queue": 0.25}
MOST_P99_MS = 30


def measure() -> dict[str, Any]:
    """Prints the table and the JSON."""
    from django.conf import settings
    from django.urls import reverse

    from accounts.enums import OfficialRole
    from tests import factories
    from tests.clients import Client

    enterprise = factories.OrganisationFactory()
    clerk = factories.clerk_of(enterprise)
    for year in range(2014, 2024):
        case = factories.filed_offshore(enterprise, clerk, "250000", year=year)
    official = factories.official(OfficialRole.INITIAL_REVIEWER, OfficialRole.FINAL_REVIEWER)
    pages = {
        "my claims": (clerk, reverse("dashboard")),
        "one claim": (clerk, case.get_absolute_url()),
        "the queue": (official, reverse("admin:casework_case_changelist") + "?queue=all"),
    }
    found: dict[str, tuple[float, float]] = {}
    with _server("bench.bare:application") as port:
        found["bare view"] = _load(port, "/", "")
    with _server("nanchang_portal.wsgi:application") as port:
        for name, (user, address) in pages.items():
            client = Client()
            client.force_login(user)
            cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
            found[name] = _load(port, address, cookie)
    # Told as seconds for a thousand pages, so that a ratio is a share of the limit's speed.
    times = {name: (1000 / rate, 0.0) for name, (rate, _p99) in found.items()}
    pairs = tuple(tuple(name.split(" / ")) for name in TARGETS)
    return show(
        "pages", 1000, times, ratios(times, pairs), targets=TARGETS, connections=CONNECTIONS,
        pages_a_second={name: round(rate) for name, (rate, _p99) in found.items()},
        p99_ms={name: round(p99, 1) for name, (_rate, p99) in found.items()}, p99_target_ms=MOST_P99_MS,
    )  # fmt: skip


@contextmanager
def _server(application: str) -> Iterator[int]:
    """gunicorn as `make run` starts it: two processes of four threads."""
    from django.conf import settings

    from tests.portal import free_port

    port = free_port()
    log = Path(settings.DATA_DIR) / "bench-web.log"
    command = [sys.executable, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}", "--preload"]
    command += ["--worker-class", "gthread", "--workers", "2", "--threads", "4", "--no-control-socket"]
    command += ["--keep-alive", "30"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=BASE, stdout=output, stderr=output)
    try:
        until = time.monotonic() + 60
        while True:
            try:
                http.client.HTTPConnection("127.0.0.1", port, timeout=5).connect()
                break
            except OSError:
                assert process.poll() is None and time.monotonic() < until, log.read_text()[-2000:]
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def _load(port: int, address: str, cookie: str) -> tuple[float, float]:
    """Pages a second and the slowest hundredth in milliseconds, after a second to warm up."""
    times: list[float] = []
    begin = time.perf_counter() + 1
    end = begin + SECONDS
    failures: list[object] = []

    def read() -> None:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            while (start := time.perf_counter()) < end:
                line.request("GET", address, headers={"Cookie": cookie, "Host": "localhost"})
                answer = line.getresponse()
                answer.read()
                if answer.status != 200:
                    failures.append((address, answer.status, answer.headers.get("Location")))
                    return
                if start >= begin:
                    times.append(time.perf_counter() - start)
        except Exception as error:
            failures.append(error)
        finally:
            line.close()

    threads = [threading.Thread(target=read) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[0]
    return len(times) / SECONDS, statistics.quantiles(times, n=100)[98] * 1000
