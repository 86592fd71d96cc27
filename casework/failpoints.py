"""Named places in the calculation where a drill may stop the process.

`settings.FAILPOINT_DIR` is None outside drills. In a drill, a file named after a failpoint makes the next process that
passes it die as by `kill -9`; the file is consumed, so the retry passes. The word "worker" in the file takes the
worker's main process along.
"""

import os
import signal
from pathlib import Path

from django.conf import settings

#: From a message just received to one that is done and not yet acknowledged to the broker.
NAMES = ("received", "claimed", "read", "computed", "written", "committed", "returned")


def pass_by(name: str) -> None:
    """Die here when a drill asked for it; nothing otherwise."""
    if settings.FAILPOINT_DIR is None:
        return
    mark = Path(settings.FAILPOINT_DIR) / name
    try:
        whom = mark.read_text()
        mark.unlink()
    except FileNotFoundError:
        return
    if whom == "worker":
        os.kill(os.getppid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
