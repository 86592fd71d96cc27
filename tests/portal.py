"""The whole portal in a process of its own, for tests in a browser and for drills: started as `make run` starts it."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import redis

from nanchang_portal import embedded, processes

BASE = Path(__file__).resolve().parents[1]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NOT_INHERITED = {
    "DATABASE_URL", "REDIS_URL", "CACHE_URL", "SECRET_KEY", "FIELD_KEYS", "BLIND_INDEX_KEYS", "ALLOWED_HOSTS", "DEBUG",
    "DJANGO_SETTINGS_MODULE", "PORTAL_TEST_DATA_DIR", "DJANGO_ALLOW_ASYNC_UNSAFE", "MAKEFLAGS", "MAKELEVEL", "MFLAGS",
}  # fmt: skip


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition: Callable[[], object], seconds: float = 30, what: str = "the condition") -> object:
    """The first true value of `condition()`, asked again and again; fails the test after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        if value := condition():
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true within {seconds} seconds")
        time.sleep(0.1)


class Portal:
    """The portal in `data_dir` on a free port. `with Portal(directory):` starts it and stops it in order.

    Parts are called postgresql, valkey, web, worker, beat; besides them there are launcher and supervisor.
    """

    def __init__(self, data_dir: Path, **env: str) -> None:
        self.data_dir = data_dir
        self.output = data_dir.with_name(data_dir.name + ".out")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.failpoints = data_dir.with_name(data_dir.name + ".failpoints")
        self.env = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED} | {
            "DATA_DIR": str(data_dir),
            "PORT": str(self.port),
            "DJANGO_SETTINGS_MODULE": "nanchang_portal.settings.dev",
            "FAILPOINT_DIR": str(self.failpoints),
            **env,
        }
        # What `make run` calls, with this Python instead of .venv's.
        front = "nanchang_portal/launcher/front.py"
        self.command = [sys.executable, front, "run", "--tied", "--python", sys.executable]
        self.process: subprocess.Popen | None = None

    # Life

    def __enter__(self) -> "Portal":
        return self.start()

    def __exit__(self, *error) -> None:
        self.stop()

    def launch(self) -> subprocess.Popen:
        """Starts the launcher and does not wait."""
        self.failpoints.mkdir(exist_ok=True)
        with open(self.output, "w") as output:
            self.process = subprocess.Popen(
                self.command,
                cwd=BASE,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # A test run in the background ignores Ctrl-C, and `make` would inherit that.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )
        return self.process

    def start(self, seconds: float = 600) -> "Portal":
        """Starts the launcher and waits until the portal is open."""
        process = self.launch()
        try:
            wait_until(
                lambda: "Ctrl-C" in self.text() or process.poll() is not None, seconds, "the portal's start"
            )
            assert process.poll() is None, f"the portal did not start:\n{self.text()}"
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self, signal_number: int = signal.SIGINT, seconds: float = 60) -> int:
        """Stops the launcher as Ctrl-C does; returns its exit status."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            os.kill(self.process.pid, signal_number)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            shutil.rmtree(self.failpoints, ignore_errors=True)

    def text(self) -> str:
        """What the launcher has printed."""
        return self.output.read_text() if self.output.exists() else ""

    def log(self, part: str) -> str:
        return (self.data_dir / "log" / f"{part}.log").read_text(errors="replace")

    # Processes

    def pids(self) -> dict[str, int]:
        """The process of every part that runs, launcher and supervisor included."""
        state = json.loads((self.data_dir / "run" / "portal.json").read_text())
        found = state["parts"] | {"launcher": state["launcher"], "supervisor": state["supervisor"]}
        return {name: pid for name, pid in found.items() if processes.alive(pid)}

    def pid(self, part: str) -> int:
        return self.pids()[part]

    def descendants(self) -> set[int]:
        """Every process that the launcher has started, directly or not."""
        parents = {}
        for entry in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                parents[int(entry.parent.name)] = int(entry.read_text().rpartition(")")[2].split()[1])
        found = {self.process.pid}
        while more := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= more
        return found

    def kill(self, part: str, signal_number: int = signal.SIGKILL) -> int:
        """Signals a part, by default as `kill -9` does; returns the process that it was."""
        pid = self.pid(part)
        os.kill(pid, signal_number)
        return pid

    def wait_ready(self, part: str, *, not_pid: int = 0, seconds: float = 60) -> int:
        """Waits until `part` runs in another process than `not_pid` and answers; returns its process."""

        def ready() -> int:
            pid = self.pids().get(part, 0)
            if pid in (0, not_pid):
                return 0
            if part == "postgresql":
                return pid if embedded.answering(self.data_dir, broker=False) else 0
            if part == "valkey":
                return pid if embedded.answering(self.data_dir, database=False) else 0
            if part == "web":
                return pid if self.answers() else 0
            mark = f"{part:<12} ready again"
            return pid if mark in self.text().rpartition(f"{part:<12} stopped")[2] else 0

        return wait_until(ready, seconds, f"{part} being ready again")

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    @contextlib.contextmanager
    def without(self, part: str, signal_number: int = signal.SIGKILL) -> Iterator[None]:
        """`part` stopped for as long as the block lasts; ready again after it."""
        pid = self.hold(part, signal_number)
        try:
            yield
        finally:
            self.release(part)
            self.wait_ready(part, not_pid=pid)

    def hold(self, part: str, signal_number: int = signal.SIGKILL) -> int:
        """Stops `part` and keeps the supervisor from starting it again."""
        hold = self.data_dir / "run" / "hold"
        hold.mkdir(exist_ok=True)
        (hold / part).touch()
        pid = self.kill(part, signal_number)
        wait_until(lambda: not processes.alive(pid), 30, f"the end of {part}")
        return pid

    def release(self, part: str) -> None:
        """Lets the supervisor start `part` again."""
        (self.data_dir / "run" / "hold" / part).unlink(missing_ok=True)

    def stop_broker(self, signal_number: int = signal.SIGKILL) -> int:
        return self.hold("valkey", signal_number)

    def start_broker(self) -> int:
        self.release("valkey")
        return self.wait_ready("valkey")

    # Ways in

    def manage(self, *arguments: str, check: bool = True, **options) -> subprocess.CompletedProcess:
        """`manage.py` with the portal's environment; output as text."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=BASE,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=120,
            **options,
        )
        if check and done.returncode:
            raise AssertionError(
                f"manage.py {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}"
            )
        return done

    def database(self) -> psycopg.Connection:
        """A connection of one's own, in autocommit mode, to the portal's database."""
        return psycopg.connect(
            host=str(self.data_dir / "pg"), user=embedded.NAME, dbname=embedded.NAME, autocommit=True
        )

    def broker(self) -> redis.Redis:
        """A client of the portal's broker (database 0)."""
        return redis.Redis(unix_socket_path=str(embedded.valkey_socket(self.data_dir)))
