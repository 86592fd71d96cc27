"""The supervisor of `make run`: engines, preparation, web server, worker, beat; one line each when ready.

It stops everything in order when it is told to (SIGINT, SIGTERM) or when front.py dies; if it is killed itself, the
kernel tells its children to stop. A part that dies later is started again. Parts named by a file in `run/hold/` are
left stopped, which the fault drills use.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from nanchang_portal import embedded, processes
from nanchang_portal.embedded import EngineError
from nanchang_portal.launcher.parts import BASE, STOPPING, Part, number, portal_parts

LOG_LIMIT = 20_000_000  # bytes; a larger log is set aside at the next start


class Stopped(Exception):
    """A signal asked for the end while the start was still under way."""


def say(part: str, text: str) -> None:
    print(f"{part:<12} {text}", flush=True)


class Supervisor:
    def __init__(self, data_dir: Path, port: int) -> None:
        self.data_dir, self.port = data_dir, port
        self.signals = 0
        self.environment = os.environ | {
            "DATA_DIR": str(data_dir),
            "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE")
            or "nanchang_portal.settings.dev",
            "DEBUG": os.environ.get("DEBUG") or "0",
        }
        self.engines = embedded.Engines(
            data_dir,
            database=not os.environ.get("DATABASE_URL"),
            broker=not os.environ.get("REDIS_URL"),
            poll=self.poll,
        )
        # Migrations and sample data are the owner's; what answers visitors owns nothing.
        self.parts_environment = dict(self.environment)
        if not os.environ.get("DATABASE_URL"):
            self.parts_environment["DATABASE_URL"] = embedded.urls(data_dir).app_database
        self.parts: list[Part] = []
        self.preparation: subprocess.Popen | None = None
        self.engine_retry: dict[str, tuple[float, int]] = {}

    # The start

    def poll(self) -> None:
        if self.signals:
            raise Stopped

    def start(self) -> None:
        embedded.prepare(self.data_dir)
        self.engines.acquire("the portal started by `make run`")
        refuse_taken_port(self.port)
        self._set_large_logs_aside()
        for name in self.engines.engines:
            started = time.monotonic()
            self.engines.start_one(name)
            say(name, f"ready ({time.monotonic() - started:.1f} s)")
        logins = self._prepare()
        # Where the web processes keep their counts for /metrics; those of an earlier run are over.
        counts = self.data_dir / "run" / "metrics"
        shutil.rmtree(counts, ignore_errors=True)
        self.parts_environment["PROMETHEUS_MULTIPROC_DIR"] = str(counts)
        self.parts = portal_parts(self.data_dir, self.port)
        for part in self.parts:
            part.start(self.parts_environment, time.monotonic())
        self._write_state()
        for part in self.parts:
            self._await_ready(part)
        place = self.data_dir if "postgresql" in self.engines.engines else "the database of DATABASE_URL"
        print(f"\nThe portal is open at http://127.0.0.1:{self.port}/ and keeps its data in {place}")
        if logins:
            print(logins.rstrip())
        print("Ctrl-C stops it.", flush=True)

    def _prepare(self) -> str:
        """Runs prepare.py; returns the logins that it printed."""
        started = time.monotonic()
        log, output = self.data_dir / "log" / "prepare.log", self.data_dir / "run" / "logins"
        output.unlink(missing_ok=True)
        output.touch(mode=0o600)
        with contextlib.suppress(FileNotFoundError):
            log.unlink()
        self.preparation = processes.spawn(
            [sys.executable, "-m", "nanchang_portal.launcher.prepare", output],
            log=log,
            death_signal=signal.SIGTERM,
            env=self.environment,
            cwd=BASE,
        )
        while self.preparation.poll() is None:
            self.poll()
            time.sleep(0.05)
        if self.preparation.returncode:
            raise EngineError(f"The database could not be prepared: {processes.tail(log)} (more in {log})")
        say("database", f"ready ({time.monotonic() - started:.1f} s)")
        return output.read_text()

    def _await_ready(self, part: Part, seconds: float = 90) -> None:
        while not part.is_ready():
            self.poll()
            if part.process is None or part.process.poll() is not None:
                raise EngineError(
                    f"{part.name} stopped while starting: {processes.tail(part.log)} (more in {part.log})"
                )
            if time.monotonic() - part.started > seconds:
                raise EngineError(
                    f"{part.name} is not ready after {seconds:.0f} seconds (more in {part.log})"
                )
            time.sleep(0.1)
        part.ready = True
        say(part.name, f"ready ({time.monotonic() - part.started:.1f} s)")

    def _set_large_logs_aside(self) -> None:
        for log in (self.data_dir / "log").glob("*.log"):
            if log.stat().st_size > LOG_LIMIT:
                log.rename(log.with_suffix(".log.old"))

    # The life

    def watch(self) -> None:
        """Starts again what dies, until a signal comes."""
        while not self.signals:
            for name, engine in self.engines.engines.items():
                self._watch_engine(name, engine)
            for part in self.parts:
                self._watch_part(part)
            self._reap_strangers()
            time.sleep(0.2)

    def _held(self, name: str) -> bool:
        return (self.data_dir / "run" / "hold" / name).exists()

    def _watch_engine(self, name: str, engine: embedded.Engine) -> None:
        if engine.process is not None and engine.process.poll() is None:
            return
        if engine.process is not None:
            say(name, f"stopped ({_ending(engine.process.returncode)})")
            engine.stop()
            self._write_state()
        due, failures = self.engine_retry.get(name, (0.0, 0))
        if self._held(name) or time.monotonic() < due:
            return
        try:
            self.engines.start_one(name)
        except EngineError as error:
            engine.stop()
            self.engine_retry[name] = (time.monotonic() + min(30.0, 2.0**failures), failures + 1)
            say(name, str(error))
            return
        self.engine_retry.pop(name, None)
        self._write_state()
        say(name, "ready again")

    def _watch_part(self, part: Part) -> None:
        now = time.monotonic()
        if part.process is not None and part.process.poll() is None:
            if not part.ready and part.is_ready():
                part.ready = True
                say(part.name, "ready again")
            if part.ready and now - part.started > 60:
                part.failures = 0
            return
        if part.process is not None:
            processes.kill_group(part.process.pid)  # workers that outlived their master
            say(part.name, f"stopped ({_ending(part.process.returncode)})")
            part.process, part.next_start = None, now + min(30.0, 0.5 * 2**part.failures)
            part.failures += 1
            self._write_state()
        if now >= part.next_start and not self._held(part.name):
            part.start(self.parts_environment, now)
            self._write_state()

    def _reap_strangers(self) -> None:
        """Buries what dead children left to this process; the ends of its own are left to those who ask for them."""
        if sys.platform != "linux":
            return  # nothing is adopted there
        own = set(self._pids().values())
        with contextlib.suppress(ChildProcessError):
            while (
                dead := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            ) and dead.si_pid not in own:
                os.waitpid(dead.si_pid, 0)

    def _pids(self) -> dict[str, int]:
        found = {part.name: part.process for part in self.parts}
        found |= {name: engine.process for name, engine in self.engines.engines.items()}
        return {name: process.pid for name, process in found.items() if process}

    def _write_state(self) -> None:
        """`run/portal.json`: the process of every part, for drills and for people."""
        state = {
            "url": f"http://127.0.0.1:{self.port}",
            "launcher": os.getppid(),
            "supervisor": os.getpid(),
            "parts": self._pids(),
        }
        draft = self.data_dir / "run" / "portal.json.new"
        draft.write_text(json.dumps(state, indent=1))
        draft.replace(self.data_dir / "run" / "portal.json")

    # The end

    def stop(self) -> None:
        """Web, worker and beat first, then the engines; a second signal makes each step short."""
        before = max(1, self.signals)

        def hurry() -> bool:
            return self.signals > before

        running = [part.process for part in self.parts if part.process]
        processes.stop(running + ([self.preparation] if self.preparation else []), STOPPING, hurry)
        if self.engines.owned:
            (self.data_dir / "run" / "portal.json").unlink(missing_ok=True)
        self.engines.stop(hurry)
        for pid in processes.children():
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)


def _ending(status: int) -> str:
    return f"killed by signal {-status}" if status < 0 else f"exit status {status}"


def refuse_taken_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen()
        except PermissionError:
            raise EngineError(
                f"Port {port} needs more rights than you have: set PORT to a number above 1023."
            ) from None
        except OSError:
            raise EngineError(
                f"Port {port} is taken by another program: set PORT to a free one, as in `make run PORT=8001`."
            ) from None


def main() -> int:
    front = int(sys.argv[1])
    processes.die_with_parent(signal.SIGTERM, front)
    processes.adopt_orphans()
    try:
        supervisor = Supervisor(embedded.data_dir(), int(number("PORT", 8000, 65535)))
    except EngineError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1

    def on_signal(signal_number, frame) -> None:
        supervisor.signals += 1

    for signal_number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signal_number, on_signal)
    status = 0
    try:
        supervisor.start()
        supervisor.watch()
    except Stopped:
        pass
    except EngineError as error:
        status = 1
        print(f"error: {error}", file=sys.stderr)
    finally:
        if supervisor.signals:
            say("portal", "stopping ...")
        supervisor.stop()
    if not status:
        say("portal", "stopped; nothing is lost, the next start goes on from here")
    return status


if __name__ == "__main__":
    sys.exit(main())
