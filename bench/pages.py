"""Pages a second, signed in, against two limits: the same server, the same clients, one run.

The first limit is a Django without middleware that answers two words (bench/bare.py), the second one a view behind
Django's standard middleware that knows who is signed in (bench/signed_in.py): what any page costs that asks for a
session. Ours are an applicant's list of claims, one claim, and the officials' queue, with everything that they show.
The web processes come as the application's user, behind row-level security, as in a deployment. Sixteen connections
that stay open, one request after the other on each; beside pages a second stands the processor time of a page, the web
processes' and their database connections'.
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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.measure import ratios, show
from bench.workers import BASE

CONNECTIONS = 16
SECONDS = float(os.environ.get("BENCH_PAGE_SECONDS", "6"))
LIMITS = ("bare view", "signed-in view")
PAGES = ("my claims", "one claim", "the queue")
TARGETS = {f"bare view / {page}": 0.25 for page in PAGES}
MOST_P99_MS = 30


@dataclass(frozen=True)
class Load:
    """Pages a second, the slowest hundredth in milliseconds, processor milliseconds of a page."""

    rate: float
    p99: float
    used: float


def measure() -> dict[str, Any]:
    """Prints the table and the JSON."""
    from django.urls import reverse

    from accounts.enums import OfficialRole
    from tests import factories

    enterprise = factories.OrganisationFactory()
    clerk = factories.clerk_of(enterprise)
    for year in range(2014, 2024):
        case = factories.filed_offshore(enterprise, clerk, "250000", year=year)
    official = factories.official(OfficialRole.INITIAL_REVIEWER, OfficialRole.FINAL_REVIEWER)
    for _number in range(40):
        other = factories.OrganisationFactory()
        factories.filed_offshore(other, factories.clerk_of(other), "250000")
    queue = reverse("admin:casework_case_changelist") + "?queue=all"
    visits = zip(
        PAGES, (clerk, clerk, official), (reverse("dashboard"), case.get_absolute_url(), queue), strict=True
    )
    found: dict[str, Load] = {}
    with _server("bench.bare:application") as (port, server):
        found["bare view"] = _load(port, server, "/", "")
    with _server("bench.signed_in:application") as (port, server):
        found["signed-in view"] = _load(port, server, "/", _cookie(clerk))
    with _server("nanchang_portal.wsgi:application") as (port, server):
        for name, user, address in visits:
            found[name] = _load(port, server, address, _cookie(user))
    # Told as seconds for a thousand pages, so that a ratio is a share of the limit's speed.
    times = {name: (1000 / load.rate, load.used) for name, load in found.items()}
    pairs = tuple((limit, page) for limit in LIMITS for page in PAGES)
    return show(
        "pages", 1000, times, ratios(times, pairs), targets=TARGETS, connections=CONNECTIONS,
        pages_a_second={name: round(load.rate) for name, load in found.items()},
        p99_ms={name: round(load.p99, 1) for name, load in found.items()}, p99_target_ms=MOST_P99_MS,
        p99_met=all(found[page].p99 <= MOST_P99_MS for page in PAGES),
    )  # fmt: skip


def _cookie(user) -> str:
    from django.conf import settings

    from tests.clients import Client

    client = Client()
    client.force_login(user)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


@contextmanager
def _server(application: str) -> Iterator[tuple[int, int]]:
    """gunicorn as `make run` starts it, two processes of four threads: its port and its process."""
    from django.conf import settings

    from nanchang_portal import embedded
    from tests.portal import free_port

    port = free_port()
    log = Path(settings.DATA_DIR) / "bench-web.log"
    command = [sys.executable, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}", "--preload"]
    command += ["--worker-class", "gthread", "--workers", "2", "--threads", "4", "--no-control-socket"]
    command += ["--keep-alive", "30"]
    env = os.environ | {"DATABASE_URL": embedded.urls(settings.DATA_DIR).app_database}
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=BASE, env=env, stdout=output, stderr=output)
    try:
        until = time.monotonic() + 60
        while True:
            try:
                http.client.HTTPConnection("127.0.0.1", port, timeout=5).connect()
                break
            except OSError:
                assert process.poll() is None and time.monotonic() < until, log.read_text()[-2000:]
                time.sleep(0.1)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(30)


def _used(server: int) -> float:
    """Processor seconds so far of the web server and of the database, with all that they started and buried."""
    from django.conf import settings

    (lock,) = (Path(settings.DATA_DIR) / "pg").glob("*/postmaster.pid")
    postgresql = int(lock.read_text().split()[0])
    ticks = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        pid, parent = int(path.parent.name), int(fields[1])
        if pid in (server, postgresql):
            ticks += sum(map(int, fields[11:15]))
        elif parent in (server, postgresql):
            ticks += sum(map(int, fields[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _load(port: int, server: int, address: str, cookie: str) -> Load:
    """After a second to warm up."""
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
    time.sleep(max(0.0, begin - time.perf_counter()))
    before = _used(server)
    for thread in threads:
        thread.join()
    used = (_used(server) - before) / max(1, len(times)) * 1000
    assert not failures, failures[0]
    return Load(len(times) / SECONDS, statistics.quantiles(times, n=100)[98] * 1000, used)
