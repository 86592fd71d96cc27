"""What PostgreSQL and Valkey have in common here: a process that is started, waited for and stopped."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import redis

from nanchang_portal import processes

from .places import EngineError


class Engine:
    """One engine of a DATA_DIR. Subclasses start it; `poll` is called while waiting and may raise to break it off."""

    name: str
    stopping: list[tuple[int, float]]

    def __init__(self, data_dir: Path, poll: Callable[[], None]) -> None:
        self.data_dir, self.poll = data_dir, poll
        self.log = data_dir / "log" / f"{self.name}.log"
        self.process: subprocess.Popen | None = None

    def start(self, lock: int) -> None:
        """Starts the engine, which inherits the locked descriptor `lock`, and waits until it answers."""
        raise NotImplementedError

    def stop(self, hurry: Callable[[], bool] = lambda: False) -> None:
        """Stops the engine in order; may be called at any time."""
        if self.process:
            processes.stop([self.process], self.stopping, hurry)
        self.process = None

    def wait_for(self, probe: Callable[[], object], seconds: float = 120) -> None:
        """Waits until `probe` raises nothing any more."""
        assert self.process is not None
        deadline, problem = time.monotonic() + seconds, ""
        while True:
            self.poll()
            if self.process.poll() is not None:
                raise EngineError(
                    f"{self.name} stopped while starting: {processes.tail(self.log)} (more in {self.log})"
                )
            try:
                probe()
                return
            except (psycopg.OperationalError, redis.RedisError) as error:
                problem = str(error).strip().splitlines()[-1]
            if time.monotonic() > deadline:
                raise EngineError(
                    f"{self.name} does not answer after {seconds:.0f} seconds: {problem} (more in {self.log})"
                )
            time.sleep(0.03)
