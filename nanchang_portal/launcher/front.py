"""What `make` calls: brings .venv up to date, then runs the supervisor in it and passes the terminal's signals on.

Run as a file by any Python, so standard library only. This process stays in front of the supervisor, which leads a
session of its own: Ctrl-C arrives once, and a `kill -9` of either is noticed by the other, which then stops everything.
"""

import argparse
import contextlib
import ctypes
import fcntl
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

BASE = Path(__file__).resolve().parents[2]
VENV = BASE / ".venv"
PYTHON = VENV / "bin" / "python"
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


class SetupError(Exception):
    """Why the environment cannot be made: one sentence."""


def say(part: str, text: str) -> None:
    print(f"{part:<12} {text}", flush=True)


# The environment


def ensure_environment(*, dev: bool) -> None:
    """Makes .venv and installs the locked requirements into it, unless that is done already."""
    lock = os.open(BASE, os.O_RDONLY)  # one at a time for each clone
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        usable = _python_works()
        dev = dev or (usable and (VENV / "bin" / "pytest").exists())
        files = [BASE / "requirements.txt"] + ([BASE / "requirements-dev.txt"] if dev else [])
        stamp = VENV / ".requirements"
        wanted = hashlib.sha256(
            b"".join(file.read_bytes() for file in files) + sys.version.encode()
        ).hexdigest()
        if usable and stamp.exists() and stamp.read_text() == wanted:
            say("environment", "up to date in .venv")
            return
        started = time.monotonic()
        say("environment", "installing the locked requirements into .venv ...")
        stamp.unlink(missing_ok=True)
        if not usable:
            _make_venv()
        _install(files)
        stamp.write_text(wanted)
        say("environment", f"ready in .venv ({time.monotonic() - started:.0f} s)")
    except OSError as error:
        raise SetupError(f"{error.filename or VENV} cannot be written: {error.strerror}.") from error
    finally:
        os.close(lock)


def _python_works() -> bool:
    """Whether .venv has a Python of the version that runs this file."""
    probe = "import sys; print(sys.version)"
    with contextlib.suppress(OSError):
        return (
            subprocess.run([PYTHON, "-c", probe], capture_output=True, text=True).stdout.strip()
            == sys.version
        )
    return False


def _make_venv() -> None:
    command = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    made = subprocess.run(command, capture_output=True, text=True)
    if made.returncode and (uv := shutil.which("uv")):
        made = subprocess.run(
            [uv, "venv", "--quiet", "--clear", "--python", sys.executable, VENV],
            capture_output=True,
            text=True,
        )
    if made.returncode:
        raise SetupError(
            "Python's venv module does not work here. On Debian or Ubuntu install it with "
            f"`apt-get install python3-venv` ({_last_line(made.stdout + made.stderr)})."
        )


def _install(files: list[Path]) -> None:
    """Installs exactly `files`, every package checked against its hash: with uv, or with pip where uv cannot."""
    uv = VENV / "bin" / "uv"
    if not uv.exists() and not _pip("-r", "/dev/stdin", stdin=_uv_requirement()):
        raise SetupError("The installer uv cannot be fetched from the package index (see the lines above).")
    command = [
        str(uv),
        "pip",
        "sync",
        "--quiet",
        "--compile-bytecode",  # else each process compiles Django again where Python may not write beside its files
        "--require-hashes",
        "--python",
        str(PYTHON),
        *map(str, files),
    ]
    if uv.exists() and subprocess.run(command, env=_uv_environment()).returncode == 0:
        return
    say("environment", "uv could not install them; trying pip, which is slower ...")
    if not _pip(*(word for file in files for word in ("-r", str(file)))):
        raise SetupError("The locked requirements cannot be installed (see the lines above).")


def _pip(*arguments: str, stdin: str = "") -> bool:
    subprocess.run([PYTHON, "-m", "ensurepip"], capture_output=True)
    command = [
        PYTHON,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--require-hashes",
        *arguments,
    ]
    return subprocess.run(command, input=stdin, text=True).returncode == 0


def _uv_requirement() -> str:
    """The locked uv as a requirements file's text, hashes included."""
    lines, taken = [], False
    for line in (BASE / "requirements-dev.txt").read_text().splitlines():
        if not line.startswith((" ", "#")):
            taken = line.startswith("uv==")
        if taken and not line.lstrip().startswith("#"):
            lines.append(line)
    return "\n".join(lines) + "\n"


def _uv_environment() -> dict[str, str]:
    """uv does not read pip's configuration; a mirror that is set up for pip holds for it too."""
    environment = dict(os.environ)
    for option, variable in (
        ("index-url", "UV_DEFAULT_INDEX"),
        ("find-links", "UV_FIND_LINKS"),
        ("cert", "SSL_CERT_FILE"),
    ):
        if not any(
            name in environment for name in (variable, "UV_INDEX_URL" if option == "index-url" else variable)
        ):
            found = subprocess.run(
                [PYTHON, "-m", "pip", "config", "get", f"global.{option}"], capture_output=True, text=True
            )
            value = os.environ.get(f"PIP_{option.upper().replace('-', '_')}") or found.stdout.strip()
            if value:
                environment[variable] = value
    return environment


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "no message")


# The supervisor


def run(python: str, *, tied: bool) -> int:
    """Runs the supervisor until it ends; `tied` ends it when the process that started this one dies."""
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    if libc:
        libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        if tied:
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    supervisor = None
    pending = []

    def forward(number, frame):
        if supervisor is None:
            pending.append(number)
        elif supervisor.returncode is None:
            os.kill(supervisor.pid, number if number == signal.SIGINT else signal.SIGTERM)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # ignored is nohup's wish
            signal.signal(number, forward)
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    supervisor = subprocess.Popen(
        [python, "-m", "nanchang_portal.launcher", str(os.getpid())],
        stdin=subprocess.DEVNULL,
        cwd=BASE,
        env=environment,
        start_new_session=True,
    )
    for number in pending:
        forward(number, None)
    parent = os.getppid()
    told_by_parent = not (tied and _catches_interrupts(parent))
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            status = supervisor.wait(0.5)
            break
        if not told_by_parent and not _catches_interrupts(parent):
            told_by_parent = True
            forward(signal.SIGINT, None)
    if status >= 0:
        return status
    print(
        f"error: The supervisor was killed (signal {-status}); stopping what it had started.", file=sys.stderr
    )
    _stop_orphans()
    return 1


def _catches_interrupts(pid: int) -> bool:
    """Whether `pid` handles SIGINT.

    `make` does until it gets one. Then it waits for its child, which it takes to have got one too, as from a terminal;
    a SIGINT sent to `make` alone would otherwise wait for ever.
    """
    with contextlib.suppress(OSError):
        caught = re.search(r"^SigCgt:\s*([0-9a-f]+)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
        return bool(caught and int(caught[1], 16) >> (signal.SIGINT - 1) & 1)
    return False


def _stop_orphans(patience: float = 30) -> None:
    """Waits for the parts of a killed supervisor, which the kernel has told to stop, and kills those that stay."""
    deadline = time.monotonic() + patience
    while True:
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        orphans = []
        for entry in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError, ValueError, IndexError):
                if int(entry.read_text().rpartition(")")[2].split()[1]) == os.getpid():
                    orphans.append(int(entry.parent.name))
        if not orphans:
            return
        if time.monotonic() > deadline:
            for pid in orphans:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        time.sleep(0.1)


def main() -> int:
    if sys.version_info < (3, 11):
        print(
            "error: The portal needs Python 3.11 or newer; set PYTHON to one, as in `make run PYTHON=python3.12`."
        )
        return 1
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["setup", "run"])
    parser.add_argument("--dev", action="store_true", help="with what the tests need")
    parser.add_argument("--tied", action="store_true", help="stop when the parent process dies")
    parser.add_argument("--python", help="run with this Python's packages instead of .venv's")
    options = parser.parse_args()
    try:
        if not options.python:
            ensure_environment(dev=options.dev)
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return run(options.python or str(PYTHON), tied=options.tied) if options.what == "run" else 0


if __name__ == "__main__":
    sys.exit(main())
