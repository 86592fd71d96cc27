"""Processes beside this one, each with a Django and a connection of its own, as workers have them."""

import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

BASE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Ran:
    """Seconds on the wall, processor seconds of all processes and their database connections, MB of the largest."""

    wall: float
    used: float
    peak_mb: int

    @property
    def times(self) -> tuple[float, float]:
        return self.wall, self.used


def app_environment() -> dict[str, str]:
    """Of processes that come as the portal's own database user, who owns no table, as workers do."""
    from django.conf import settings

    from nanchang_portal import embedded

    return {"DATABASE_URL": embedded.urls(settings.DATA_DIR).app_database}


def _set_up(environment: dict[str, str]) -> None:
    sys.path.insert(0, str(BASE))
    import django

    os.environ |= {"DJANGO_SETTINGS_MODULE": "nanchang_portal.settings.test", **environment}
    django.setup()
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _ready(_number: int) -> int:
    time.sleep(0.3)
    return os.getpid()


def _share(call: Callable[[int], object], ids: Sequence[int]) -> tuple[float, int]:
    from bench.measure import Clock, own_peak_mb

    clock = Clock()
    for one in ids:
        call(one)
    return clock.read()[1], own_peak_mb()


@contextmanager
def workers(count: int) -> Iterator[Callable[[Callable[[int], object], Sequence[int]], Ran]]:
    """`run(call, ids)`: `call` for each id, spread over `count` processes that are up already."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        count, mp_context=context, initializer=_set_up, initargs=(app_environment(),)
    ) as pool:
        while len(set(pool.map(_ready, range(4 * count)))) < count:
            pass

        def run(call: Callable[[int], object], ids: Sequence[int]) -> Ran:
            begin = time.perf_counter()
            shares = [pool.submit(_share, call, ids[number::count]) for number in range(count)]
            done = [share.result() for share in shares]
            wall = time.perf_counter() - begin
            return Ran(wall, sum(used for used, _peak in done), max(peak for _used, peak in done))

        yield run
