"""Rows of an uploaded file, from the limited process that parses it (`workbooks/reading/child.py`)."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from workbooks.reading.refusals import Unreadable

#: A process that says nothing for so long is stopped; its own limit of processor time (child.py) ends it sooner.
SILENT_SECONDS = 120
_DAY = "\ue000"
_CHILD = Path(__file__).with_name("child.py")
_OUT_OF_MEMORY = (77, -signal.SIGABRT, -signal.SIGSEGV, -signal.SIGBUS)


@dataclass
class Parsed:
    """What the process has said so far."""

    sheets: list[tuple[str, bool]] = field(default_factory=list)
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)
    peak_kb: int = 0


class _Watchdog:
    """Kills a process that keeps silent while it is waited for."""

    def __init__(self, process: subprocess.Popen) -> None:
        self._process = process
        self.start()

    def start(self) -> None:
        self._timer = threading.Timer(SILENT_SECONDS, self._process.kill)
        self._timer.daemon = True
        self._timer.start()

    def stop(self) -> None:
        self._timer.cancel()


Batch = tuple[str, int, list[list[Any]]]


def batches(path: Path, kind: str, parsed: Parsed) -> Iterator[Batch]:
    """(sheet, number of the first row, rows) in the order of the file. Raises Unreadable."""
    process = subprocess.Popen(
        [sys.executable, "-I", "-S" if kind == "csv" else "-B", str(_CHILD), str(path), kind],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "PYTHONUTF8": "1"},
        cwd="/",
    )
    # The limit of processor time does not see a process that sleeps. Only its silence counts, not what it waits for us.
    watchdog = _Watchdog(process)
    complete = False
    try:
        for line in process.stdout:
            watchdog.stop()
            said = json.loads(line)
            if "rows" in said:
                yield said["sheet"], said["first"], said["rows"]
            elif "size" in said:
                parsed.sizes[said["sheet"]] = tuple(said["size"])
            elif "sheets" in said:
                parsed.sheets = [tuple(sheet) for sheet in said["sheets"]]
            elif "refused" in said:
                raise Unreadable(said["refused"])
            elif "end" in said:
                parsed.peak_kb, complete = said.get("peak_kb", 0), True
            watchdog.start()
        status = process.wait()
    except ValueError as error:  # half a line: the process was stopped in the middle of it
        status = process.wait()
        if complete:
            raise Unreadable("damaged") from error
    finally:
        watchdog.stop()
        if process.poll() is None:
            process.kill()
        process.stdout.close()
        process.wait()
    if not complete:
        raise _why(status)


def _why(status: int) -> Unreadable:
    if status in _OUT_OF_MEMORY:
        return Unreadable("memory")
    if status in (-signal.SIGXCPU, -signal.SIGKILL):
        return Unreadable("slow")
    return Unreadable("damaged")


def value_of(cell: Any) -> Any:
    """A cell as the sheets know it: days as dates."""
    if type(cell) is str and cell[:1] == _DAY:
        return date.fromisoformat(cell[1:])
    return cell
