"""`python -m bench [awards workbook ...]`: every measurement, or those named, on engines that are gone afterwards."""

import os
import sys

from bench.measure import engines


def _awards() -> None:
    from bench import awards

    awards.measure(int(os.environ.get("SIZE", "100000")))


def _workbook() -> None:
    from bench import workbook

    workbook.show(workbook.measure())


MEASURES = {"awards": _awards, "workbook": _workbook}

if __name__ == "__main__":
    wanted = sys.argv[1:] or list(MEASURES)
    if unknown := set(wanted) - set(MEASURES):
        sys.exit(f"no such measurement: {', '.join(sorted(unknown))}; there are {', '.join(MEASURES)}")
    with engines():
        for name in wanted:
            MEASURES[name]()
