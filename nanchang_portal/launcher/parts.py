"""The parts of the running portal besides the engines: how each is started, and how one knows that it is ready."""

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from nanchang_portal import processes
from nanchang_portal.embedded import EngineError

BASE = Path(__file__).resolve().parents[2]
# A signal's second step loses nothing either: an unfinished task was not acknowledged and is delivered again.
STOPPING = [
    (signal.SIGTERM, 15.0),
    (signal.SIGQUIT, 35.0),
]  # longer than the soft shutdown of settings/base.py


@dataclass
class Part:
    """One program of the portal; `ready_line` in its log tells that it is ready, without one its URL tells."""

    name: str
    command: list[str]
    log: Path
    ready_line: str = ""
    url: str = ""
    death_signal: int = signal.SIGTERM
    process: subprocess.Popen | None = None
    log_start: int = 0
    ready: bool = False
    failures: int = 0
    next_start: float = 0.0
    started: float = field(default=0.0)

    def start(self, environment: dict[str, str], now: float) -> None:
        self.log_start = self.log.stat().st_size if self.log.exists() else 0
        self.started, self.ready = now, False
        self.process = processes.spawn(
            self.command, log=self.log, death_signal=self.death_signal, env=environment, cwd=BASE
        )

    def is_ready(self) -> bool:
        if self.ready_line:
            with open(self.log, "rb") as log:
                log.seek(self.log_start)
                return self.ready_line.encode() in log.read()
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
                self.url, timeout=5
            ) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False


def portal_parts(data_dir: Path, port: int) -> list[Part]:
    """Web server, worker and beat, as this Python runs them."""
    python, logs = sys.executable, data_dir / "log"
    celery = [python, "-m", "celery", "--app", "nanchang_portal", "--quiet"]
    return [
        Part(
            "web",
            [
                python,
                "-m",
                "gunicorn",
                "nanchang_portal.wsgi",
                "--bind",
                f"127.0.0.1:{port}",
                "--worker-class",
                "gthread",
            ]
            + [
                "--workers",
                number("WEB_CONCURRENCY", 2),
                "--threads",
                "4",
                "--timeout",
                "60",
                "--graceful-timeout",
                "10",
                # Longer than a person reads a page: a connection that closes as its next request arrives fails it.
                "--keep-alive",
                "75",
            ]
            + ["--logger-class", "nanchang_portal.access_log.DiscreetLogger", "--access-logfile", "-"]
            + ["--no-control-socket", "--preload"],
            logs / "web.log",
            url=f"http://127.0.0.1:{port}/healthz",
        ),
        Part(
            "worker",
            celery
            + ["worker", "--hostname", "worker@%h", "--loglevel", "INFO"]
            + ["--concurrency", number("WORKER_CONCURRENCY", 2), "--without-gossip", "--without-mingle"],
            logs / "worker.log",
            ready_line=" ready.",
            # Anything milder can wait for a task or for the broker, which ends at the same time, and nobody be left to
            # end the wait. Nothing is lost: see `nanchang_portal/celery.py`.
            death_signal=signal.SIGKILL,
        ),
        Part(
            "beat",
            celery + ["beat", "--loglevel", "INFO", "--pidfile="],
            logs / "beat.log",
            ready_line="beat: Starting",
        ),
    ]


def number(variable: str, default: int, most: int = 1000) -> str:
    """A whole number from the environment, or one sentence about it."""
    text = os.environ.get(variable) or str(default)
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise EngineError(f"{variable} must be a whole number from 1 to {most}, not {text!r}.")
    return text
