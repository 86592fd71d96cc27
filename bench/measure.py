"""What the measurements share: a clock of two kinds, engines of their own, and how a result is shown.

Ratios of one run count; the seconds are the machine's. Beside the wall clock stands processor time, since on a machine
that others use the wall says more about them than about us.
"""

import json
import logging
import os
import resource
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

Times = dict[str, tuple[float, float]]


class Clock:
    """Seconds on the wall, and processor seconds of this process, its children and its connection of the database.

    `server`: of every connection instead, and of what else PostgreSQL does meanwhile.
    """

    def __init__(self, *, server: bool = False) -> None:
        from django.db import connection

        connection.ensure_connection()
        self._backend, self._server = connection.connection.info.backend_pid, server
        self._wall, self._used = time.perf_counter(), self._processor()

    def _processor(self) -> float:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        database = _server_ticks(self._backend) if self._server else sum(_ticks(self._backend)[:2])
        own = time.process_time() + children.ru_utime + children.ru_stime
        return own + database / os.sysconf("SC_CLK_TCK")

    def read(self) -> tuple[float, float]:
        return time.perf_counter() - self._wall, self._processor() - self._used


def own_peak_mb() -> int:
    """The most memory that this process ever held; `ru_maxrss` would begin with that of the process that started it."""
    text = Path("/proc/self/status").read_text()
    return int(text.partition("VmHWM:")[2].split()[0]) // 1024


def _ticks(pid: int) -> list[int]:
    """Clock ticks of a process: in user mode, in the kernel, and both of its children that have ended."""
    return [int(n) for n in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:15]]


def _server_ticks(backend: int) -> int:
    """Clock ticks of the whole server that a connection's process belongs to."""
    server = int(Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()[1])
    total = sum(_ticks(server))
    for child in Path(f"/proc/{server}/task/{server}/children").read_text().split():
        try:
            total += sum(_ticks(int(child))[:2])
        except (FileNotFoundError, ProcessLookupError):  # it has just ended
            pass
    return total


@contextmanager
def engines() -> Iterator[None]:
    """Engines and a database of our own, gone afterwards."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from nanchang_portal.launcher.messages import compile_messages

    compile_messages()
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "nanchang_portal.settings.test"
    from nanchang_portal import embedded

    django.setup()
    logging.disable(logging.INFO)  # the requests' lines are not the table's
    from django.conf import settings

    from tests import cluster

    settings.ALLOWED_HOSTS = ["*"]
    cluster.copy_to(settings.DATA_DIR / "pg")  # migrated already
    try:
        with embedded.running(settings.DATA_DIR, "the bench", database=True, broker=True):
            yield
    finally:
        shutil.rmtree(settings.DATA_DIR, ignore_errors=True)


def ratios(times: Times, pairs: tuple[tuple[str, str], ...]) -> dict[str, tuple[float, float]]:
    """How much of the first one's speed the second one reaches, by the wall and by processor time."""
    return {
        f"{limit} / {ours}": tuple(
            round(a / b, 3) if b else 0.0 for a, b in zip(times[limit], times[ours], strict=True)
        )
        for limit, ours in pairs
    }


RESULTS: dict[str, dict] = {}


def show(
    name: str,
    rows: int,
    times: Times,
    found: Mapping[str, tuple[float, float]],
    *,
    targets: Mapping[str, float],
    **more: object,
) -> dict:
    """A table with each ratio beside its target, and the same as one line of JSON, which it returns.

    Processor time counts our processes and their connections together: with two workers it says what a row costs.
    """
    load = os.getloadavg()[0]
    print(f"\n{name}: {rows:,} rows, load {load:.1f}; microseconds a row: wall, processor")
    for what, (wall, used) in times.items():
        print(f"  {what:<58}{wall / rows * 1e6:10.2f}{used / rows * 1e6:10.2f}")
    verdicts(found, targets)
    for what, value in more.items():
        print(f"  {what}: {value}")
    told = {
        "rows": rows,
        "load": load,
        "seconds": {what: round(wall, 4) for what, (wall, _used) in times.items()},
        "processor_seconds": {what: round(used, 4) for what, (_wall, used) in times.items()},
        "ratios": {what: wall for what, (wall, _used) in found.items()},
        "ratios_of_processor_time": {what: used for what, (_wall, used) in found.items()},
        "targets": dict(targets),
        **more,
    }
    RESULTS[name] = told
    print(json.dumps({name: told}), flush=True)
    return told


def verdicts(found: Mapping[str, tuple[float, float]], targets: Mapping[str, float]) -> None:
    """Each ratio, by the wall and by processor time, and whether the wall's meets its target."""
    print("ratios: wall, processor, target")
    for what, (wall, used) in found.items():
        target = targets.get(what)
        verdict = "" if target is None else f"{target:>10,}  {'met' if wall >= target else 'MISSED'}"
        print(f"  {what:<58}{wall:10.2f}{used:10.2f}{verdict}")
