"""`python -m bench [awards offshore ...]`: every measurement, or those named, on engines that are gone afterwards.

SIZE chooses the rows of the awards and the cases of the queue (default 100,000), BENCH_ENTERPRISES the offshore claims,
BENCH_ROWS the rows of the workbook, BENCH_DISPATCH_ROWS those that Celery hands out; BENCH_JSON names a file for all
results together.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.measure import RESULTS, engines

SIZE = int(os.environ.get("SIZE", "100000"))


def _awards() -> Any:
    from bench import awards

    return awards.measure(SIZE)


def _scale() -> Any:
    from bench import scale

    return scale.measure(SIZE)


def _freezing() -> Any:
    from bench import freezing

    return freezing.measure()


def _offshore() -> Any:
    from bench import offshore

    return offshore.measure(offshore.ENTERPRISES)


def _approvals() -> Any:
    from bench import approvals

    return approvals.measure()


def _dispatch() -> Any:
    from bench import dispatch

    return dispatch.measure()


def _pages() -> Any:
    from bench import pages

    return pages.measure()


def _workbook() -> Any:
    from bench import workbook

    return workbook.measure()


def _queue() -> Any:
    from bench import queue

    return queue.measure(max(queue.FEW, SIZE))


MEASURES: dict[str, Callable[[], Any]] = {
    "workbook": _workbook,  # the first: the memory of processes that have ended counts in the parser's
    "scale": _scale,
    "awards": _awards,
    "freezing": _freezing,
    "offshore": _offshore,
    "dispatch": _dispatch,
    "approvals": _approvals,
    "pages": _pages,
    "queue": _queue,  # the last: a million cases stay behind
}
#: The scale includes the awards.
USUAL = [name for name in MEASURES if name != "awards"]

if __name__ == "__main__":
    wanted = sys.argv[1:] or USUAL
    if unknown := set(wanted) - set(MEASURES):
        sys.exit(f"no such measurement: {', '.join(sorted(unknown))}; there are {', '.join(MEASURES)}")
    with engines():
        for name in wanted:
            RESULTS[name] = MEASURES[name]()
    if target := os.environ.get("BENCH_JSON"):
        Path(target).write_text(json.dumps(RESULTS, indent=1) + "\n")
