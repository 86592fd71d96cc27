"""Who owns the engines of a DATA_DIR.

`run/engines.lock` is locked by the owner and, by inheritance, by the engines themselves, so it is free exactly when
nothing of them is alive.
"""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from nanchang_portal import processes

from .engine import Engine
from .places import EngineError, answering, prepare
from .postgres import Postgres
from .valkey import Valkey


class Engines:
    """The engines of one DATA_DIR, owned by this process from `acquire` or `acquire_unless_running` to `stop`."""

    def __init__(
        self,
        data_dir: Path,
        *,
        database: bool = True,
        broker: bool = True,
        settings: Mapping[str, str] | None = None,
        poll: Callable[[], None] = lambda: None,
    ) -> None:
        """`settings` are PostgreSQL's, over ours; `poll` is called while waiting and may raise to break it off."""
        self.data_dir, self.poll = data_dir, poll
        self.engines: dict[str, Engine] = {}
        if database:
            self.engines["postgresql"] = Postgres(data_dir, poll, settings or {})
        if broker:
            self.engines["valkey"] = Valkey(data_dir, poll)
        self._lock: int | None = None

    # Ownership

    @property
    def owned(self) -> bool:
        return self._lock is not None

    def _try_lock(self, what: str) -> bool:
        prepare(self.data_dir)
        descriptor = os.open(
            self.data_dir / "run" / "engines.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._lock = descriptor
        self._note(what)
        return True

    def _note(self, what: str) -> None:
        """Writes into the lock who holds it; empty while it is being given up."""
        assert self._lock is not None
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, json.dumps({"pid": os.getpid(), "what": what}).encode() if what else b"", 0)

    def owner(self) -> tuple[int, str] | None:
        """The living process that owns the engines and what it is; None when it is gone or giving them up."""
        try:
            note = json.loads((self.data_dir / "run" / "engines.lock").read_text())
            return (note["pid"], note["what"]) if processes.alive(note["pid"]) else None
        except (OSError, ValueError):
            return None

    def acquire(self, what: str) -> None:
        """Becomes the owner. Waits for engines that are stopping; refuses when somebody else goes on using them."""
        start = time.monotonic()
        while not self._try_lock(what):
            owner = self.owner()
            if owner and time.monotonic() - start > 2:
                raise EngineError(
                    f"{self.data_dir} is in use by {owner[1]} (process {owner[0]}). "
                    "Stop that first, or set another DATA_DIR."
                )
            if time.monotonic() - start > 90:
                raise EngineError(f"The engines that an earlier run left in {self.data_dir} do not stop.")
            self.poll()
            time.sleep(0.1)

    def acquire_unless_running(self, what: str) -> bool:
        """Becomes the owner (True), or finds somebody else's engines answering (False)."""
        start = time.monotonic()
        while not self._try_lock(what):
            # An owner that is gone has left engines that answer, but not for long. A broker that is down under a
            # living owner is for the command to notice: nothing that a person does may depend on it.
            database = "postgresql" in self.engines
            if self.owner() and answering(self.data_dir, database=database, broker=not database):
                return False
            if time.monotonic() - start > 90:
                raise EngineError(
                    f"The engines in {self.data_dir} are held by {self.owner()} and do not answer."
                )
            time.sleep(0.1)
        return True

    # Life

    def start(self) -> None:
        """Starts every engine and waits until it answers."""
        for name in self.engines:
            self.start_one(name)

    def start_one(self, name: str) -> None:
        assert self._lock is not None
        self.engines[name].start(self._lock)

    def stop(self, hurry: Callable[[], bool] = lambda: False) -> None:
        """Stops the engines in order, the database last, and gives DATA_DIR up; may be called at any time."""
        if self._lock is not None:
            self._note("")
        for engine in reversed(self.engines.values()):
            engine.stop(hurry)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


@contextlib.contextmanager
def running(
    data_dir: Path,
    what: str,
    *,
    database: bool = True,
    broker: bool = True,
    settings: Mapping[str, str] | None = None,
) -> Iterator[None]:
    """The engines of `data_dir` for as long as the block lasts: those that run, or else our own, stopped afterwards.

    Whoever started them stops them only after the last other user has left.
    """
    engines = Engines(data_dir, database=database, broker=broker, settings=settings)
    prepare(data_dir)
    with open(data_dir / "run" / "users.lock", "a") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        if not engines.acquire_unless_running(what):
            yield
            return
        try:
            engines.start()
            try:
                yield
            finally:
                fcntl.flock(users, fcntl.LOCK_EX)
        finally:
            engines.stop()
