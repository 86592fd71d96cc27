"""Run a child script with little time and memory, and a clock of our own beside its limits."""

import subprocess
import sys
from pathlib import Path

from documents.gate.refusals import FileRefused

# Above the child's own 10 seconds of processor time, which a busy machine may stretch.
WALL_SECONDS = 30
HERE = Path(__file__).parent


def run(script: str, *arguments: str, data: bytes, bare: bool = True, seconds: float = WALL_SECONDS) -> bytes:
    """What the child wrote. Raises FileRefused("too_hard") when it hit a limit, for whatever reason it died.

    `bare` leaves out installed packages: faster, and nothing of them can be reached.
    """
    command = [sys.executable, "-I", *(["-S"] if bare else []), str(HERE / script), *arguments]
    try:
        done = subprocess.run(
            command,
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            env={"PATH": ""},
            cwd="/",
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise FileRefused("too_hard") from None
    if done.returncode != 0 or not done.stdout:
        raise FileRefused("too_hard")
    return done.stdout
