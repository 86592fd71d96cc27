"""Celery: a recomputation's parts by workers against the same parts without Celery, and against a task for each row.

One worker of two processes, late acknowledgement, the broker's file on, as in production. A part delivered twice is
done once; the measurement delivers some twice and counts.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import city
from bench.measure import ratios, show
from bench.workers import BASE, app_environment, workers

ROWS = int(os.environ.get("BENCH_DISPATCH_ROWS", "400000"))
TASKS = int(os.environ.get("BENCH_TASKS", "400"))
TARGETS = {"direct / by Celery": 0.95, "a task a row / by Celery": 1500}


def measure() -> dict[str, Any]:
    """Prints the table and the JSON."""
    from recomputations import services, tasks
    from recomputations.checks import rows
    from recomputations.selectors import standing

    city.load_training(ROWS)
    city.lean(
        "bench_rows",
        "id bigint PRIMARY KEY, trainee_rmb numeric(14,2), institution_rmb numeric(14,2), trace jsonb",
    )
    with workers(2) as run:
        run(services.work, _ids(city.recomputation("training", ROWS)))  # both processes are warm
        direct = min(run(services.work, _ids(city.recomputation("training", ROWS))).wall for _ in range(2))
    with _worker():
        _by_celery(tasks.work, _ids(city.recomputation("training", ROWS)))
        found = [_by_celery(tasks.work, _ids(kept := city.recomputation("training", ROWS))) for _ in range(2)]
        single = _each_row()
    assert standing(kept).rows == ROWS and list(rows()) == []
    times = {
        "direct": (direct, 0.0),
        "by Celery": (min(found), 0.0),
        "a task a row": (single / TASKS * ROWS, 0.0),
    }
    pairs = tuple(tuple(name.split(" / ")) for name in TARGETS)
    return show(
        "dispatch", ROWS, times, ratios(times, pairs), targets=TARGETS, rows_a_second=round(ROWS / min(found)),
        tasks_a_second=round(TASKS / single),
    )  # fmt: skip


def _ids(recomputation) -> list[int]:
    return list(recomputation.parts.values_list("pk", flat=True))


@contextmanager
def _worker() -> Iterator[None]:
    """One worker of two processes on our engines, with this measurement's own task beside the portal's."""
    from django.conf import settings

    log = Path(settings.DATA_DIR) / "bench-worker.log"
    command = [sys.executable, "-m", "celery", "--app", "nanchang_portal", "--quiet", "worker"]
    command += ["--loglevel", "INFO", "--concurrency", "2", "--without-gossip", "--without-mingle"]
    command += ["--include", "bench.tasks"]
    environment = os.environ | app_environment() | {"PYTHONPATH": str(BASE)}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=BASE,
            stdout=output,
            stderr=output,
            env=environment,
        )
    try:
        until = time.monotonic() + 120
        while b" ready." not in log.read_bytes():
            assert process.poll() is None and time.monotonic() < until, log.read_text()[-2000:]
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(60)


def _by_celery(task, ids: list[int]) -> float:
    """Seconds from the first message until every part is done; each third part is sent twice."""
    begin = time.perf_counter()
    for number, pk in enumerate(ids):
        task.delay(pk)
        if number % 3 == 0:
            task.delay(pk)
    until = begin + 300
    while city.run("SELECT count(*) FROM recomputations_part WHERE id = ANY(%s) AND done_at IS NULL", [ids])[
        0
    ][0]:
        assert time.perf_counter() < until, "the worker does not finish"
        time.sleep(0.01)
    return time.perf_counter() - begin


def _each_row() -> float:
    from bench.tasks import one_row

    begin = time.perf_counter()
    for number in range(1, TASKS + 1):
        one_row.delay(number)
    while city.run("SELECT count(*) FROM bench_rows")[0][0] < TASKS:
        assert time.perf_counter() < begin + 300, "the worker does not finish"
        time.sleep(0.01)
    return time.perf_counter() - begin
