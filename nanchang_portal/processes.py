"""Child processes that never outlive the process that started them.

On Linux the kernel signals a child when its parent dies (PR_SET_PDEATHSIG), even of `kill -9`. Every child also leads
its own session, so that a terminal's Ctrl-C reaches only the process that decides the order of stopping, and so that
whatever a dead child leaves behind can be killed as one group.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(signal_number: int, parent: int) -> None:
    """Asks the kernel for `signal_number` when `parent`, this process's parent, dies; ends at once if it is dead."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, int(signal_number), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def adopt_orphans() -> None:
    """Makes this process the parent of whatever its dead children leave behind."""
    if _libc is not None:
        _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def spawn(
    args: Sequence[str | Path],
    *,
    log: Path,
    death_signal: int,
    env: Mapping[str, str] | None = None,
    cwd: str | Path | None = None,
    uid: int | None = None,
    gid: int | None = None,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen:
    """Starts a program that appends its output to `log` and gets `death_signal` when this process dies.

    Call it from the main thread: the kernel's signal follows the *thread* that started the child. The request is made
    after the change of user, because that change clears it.
    """
    parent = os.getpid()
    identity = {} if uid is None else {"user": uid, "group": gid, "extra_groups": []}
    with open(log, "ab") as output:
        return subprocess.Popen(
            [str(arg) for arg in args],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=None if env is None else dict(env),
            cwd=cwd,
            pass_fds=tuple(pass_fds),
            start_new_session=True,
            preexec_fn=lambda: die_with_parent(death_signal, parent),
            **identity,
        )


def alive(pid: int) -> bool:
    """Whether `pid` runs; a zombie does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError, IndexError):
        if sys.platform == "linux":
            return False
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True
    return state not in "ZX"


def children() -> list[int]:
    """The processes whose parent is this one (Linux; empty elsewhere)."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, IndexError, ValueError):
            if int(entry.read_text().rpartition(")")[2].split()[1]) == os.getpid():
                found.append(int(entry.parent.name))
    return found


def kill_group(pid: int) -> None:
    """Kills what is left of the group that the dead or dying child `pid` led."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def stop(
    processes: Sequence[subprocess.Popen],
    ladder: Sequence[tuple[int, float]],
    hurry: Callable[[], bool] = lambda: False,
) -> None:
    """Sends each (signal, seconds to wait) of `ladder` in turn to those that still run, and at last SIGKILL.

    `hurry()` turning true cuts the waiting of the present step short.
    """
    waiting = [process for process in processes if process.poll() is None]
    for signal_number, seconds in ladder:
        for process in waiting:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal_number)
        hurried, deadline = hurry(), time.monotonic() + seconds
        while waiting and time.monotonic() < deadline and (hurried or not hurry()):
            time.sleep(0.02)
            waiting = [process for process in waiting if process.poll() is None]
        if not waiting:
            break
    for process in processes:
        kill_group(process.pid)
    for process in waiting:
        process.wait()


def tail(log: Path, start: int = 0) -> str:
    """The last line of `log` that says something, of what was written after byte `start`."""
    try:
        with open(log, "rb") as stream:
            stream.seek(max(start, os.fstat(stream.fileno()).st_size - 8192))
            lines = [line.strip() for line in stream.read().decode(errors="replace").splitlines()]
    except OSError:
        return ""
    return next((line for line in reversed(lines) if line), "")
