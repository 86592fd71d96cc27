"""A real PostgreSQL and a real Valkey in DATA_DIR, from their wheels, for machines that have no servers.

Unix sockets only. `run/engines.lock` is locked by whoever owns the engines and, by inheritance, by the engines
themselves, so it is free exactly when nothing of them is alive. See docs/decisions/0005-embedded-engines.md.
"""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
import redis
from psycopg import sql

from nanchang_portal import processes
from nanchang_portal.programs import Account, EngineError, postgres_account, postgres_programs, valkey_program

NAME = "portal"  # of the database and of its owner
PORT = 5432  # only a part of the socket's name; nothing listens on it
SOCKET_LIMIT = 100  # bytes; the systems' own limit is 103 to 107
STOPPING = {
    "postgresql": [(signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0)],
    "valkey": [(signal.SIGTERM, 15.0)],
}
POSTGRES_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "synchronous_commit": "on",
    "max_connections": "200",
    # What people typed must not reach the log through a failing statement or a violated key.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


@dataclass(frozen=True)
class Urls:
    """Where the engines of one DATA_DIR answer: for Django, for Celery, for Django's cache."""

    database: str
    broker: str
    cache: str


def data_dir() -> Path:
    """DATA_DIR of the environment, else `var` beside manage.py."""
    return Path(os.environ.get("DATA_DIR") or Path(__file__).resolve().parents[1] / "var").resolve()


def postgres_socket(data_dir: Path) -> Path:
    return data_dir / "pg" / f".s.PGSQL.{PORT}"


def valkey_socket(data_dir: Path) -> Path:
    return data_dir / "valkey" / "sock"


def urls(data_dir: Path, *, databases: tuple[int, int] = (0, 1)) -> Urls:
    """The URLs of the engines in `data_dir`, whether or not they run; `databases` are Valkey's for (broker, cache)."""
    valkey = quote(str(valkey_socket(data_dir)))
    return Urls(
        database=f"postgres://{NAME}@/{NAME}?host={quote(str(data_dir / 'pg'), safe='')}&port={PORT}",
        broker=f"redis+socket://{valkey}?virtual_host={databases[0]}",
        cache=f"unix://{valkey}?db={databases[1]}",
    )


def prepare(data_dir: Path) -> None:
    """Makes DATA_DIR and the private directories in it, or says in one sentence why it cannot be used."""
    longest = len(os.fsencode(postgres_socket(data_dir)))
    if longest > SOCKET_LIMIT:
        raise EngineError(
            f"DATA_DIR is too long a path for a socket: {data_dir} makes {longest} bytes where {SOCKET_LIMIT} fit. "
            "Set DATA_DIR to a shorter path."
        )
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ("run", "log", "valkey"):
            (data_dir / name).mkdir(mode=0o700, exist_ok=True)
            if not os.access(data_dir / name, os.W_OK | os.X_OK):
                raise PermissionError(13, "Permission denied", str(data_dir / name))
    except OSError as error:
        raise EngineError(
            f"DATA_DIR cannot be written: {error.filename or data_dir}: {error.strerror}. "
            "Set DATA_DIR to a directory of yours."
        ) from error


def answering(data_dir: Path, *, database: bool = True, broker: bool = True) -> bool:
    """Whether the engines of `data_dir` answer now."""
    try:
        if database:
            psycopg.connect(_conninfo(data_dir), connect_timeout=5).close()
        if broker:
            with redis.Redis(unix_socket_path=str(valkey_socket(data_dir)), socket_timeout=5) as client:
                client.ping()
    except (psycopg.Error, redis.RedisError):
        return False
    return True


def _conninfo(data_dir: Path, database: str = NAME) -> str:
    return psycopg.conninfo.make_conninfo(host=str(data_dir / "pg"), port=PORT, user=NAME, dbname=database)


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
        self.data_dir = data_dir
        self.wanted = (["postgresql"] if database else []) + (["valkey"] if broker else [])
        self.settings = POSTGRES_SETTINGS | dict(settings or {})
        self.poll = poll
        self.processes: dict[str, subprocess.Popen] = {}
        self._lock: int | None = None
        self._home: int | None = None  # PostgreSQL's directory, for an account that cannot walk there

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
            database = "postgresql" in self.wanted
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
        """Starts every wanted engine and waits until it answers."""
        for part in self.wanted:
            self.start_part(part)

    def start_part(self, part: str) -> None:
        if part == "postgresql":
            self._start_postgres()
        else:
            self._start_valkey()

    def stop(self, hurry: Callable[[], bool] = lambda: False) -> None:
        """Stops the engines in order and gives DATA_DIR up; may be called at any time."""
        if self._lock is not None:
            self._note("")
        for part in ("valkey", "postgresql"):
            self.stop_part(part, hurry)
        for descriptor in (self._home, self._lock):
            if descriptor is not None:
                os.close(descriptor)
        self._home = self._lock = None

    def stop_part(self, part: str, hurry: Callable[[], bool] = lambda: False) -> None:
        if process := self.processes.pop(part, None):
            processes.stop([process], STOPPING[part], hurry)

    def _await(self, part: str, probe: Callable[[], object], seconds: float = 120) -> None:
        process, log = self.processes[part], self.data_dir / "log" / f"{part}.log"
        deadline, problem = time.monotonic() + seconds, ""
        while True:
            self.poll()
            if process.poll() is not None:
                raise EngineError(f"{part} stopped while starting: {processes.tail(log)} (more in {log})")
            try:
                probe()
                return
            except (psycopg.OperationalError, redis.RedisError) as error:
                problem = str(error).strip().splitlines()[-1]
            if time.monotonic() > deadline:
                raise EngineError(
                    f"{part} does not answer after {seconds:.0f} seconds: {problem} (more in {log})"
                )
            time.sleep(0.03)

    # PostgreSQL

    def _start_postgres(self) -> None:
        assert self._lock is not None
        account = postgres_account(self.data_dir / "pg")
        programs = postgres_programs(account)
        home = self._open_home(account)
        identity = {"uid": account.uid, "gid": account.gid} if account else {}
        shared = dict(cwd="/", env=_quiet_environment(), pass_fds=[self._home, self._lock], **identity)
        cluster = self._initialise(programs, account, home, shared)
        self._refuse_or_clear_stale(cluster)
        settings = self.settings | {"unix_socket_directories": home, **self._access(home)}
        process = processes.spawn(
            [programs.postgres, "-D", f"{home}/{cluster.name}", "-p", str(PORT)]
            + [f"--{name}={value}" for name, value in settings.items()],
            log=self.data_dir / "log" / "postgresql.log",
            # Not SIGINT: a server that is just recovering from the death of a child can hang in its fast stop.
            death_signal=signal.SIGQUIT,
            **shared,
        )
        self.processes["postgresql"] = process
        self._await("postgresql", self._ensure_database)

    def _open_home(self, account: Account | None) -> str:
        """How PostgreSQL names its directory.

        Another account may be barred from walking there by the permissions of a parent, which are not ours to change.
        An inherited descriptor leads there all the same, and nowhere else.
        """
        pg = self.data_dir / "pg"
        if not pg.exists():
            fresh = self.data_dir / "pg.new"
            fresh.mkdir(mode=0o700, exist_ok=True)
            if account:
                os.chown(fresh, account.uid, account.gid)
            fresh.rename(pg)
        if self._home is None:
            self._home = os.open(pg, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        return f"/proc/self/fd/{self._home}" if account else str(pg)

    def _initialise(self, programs, account: Account | None, home: str, shared: dict) -> Path:
        """The data directory, made on first use; a half-made one from an interrupted start is made again."""
        cluster = self.data_dir / "pg" / programs.major
        others = [path.name for path in (self.data_dir / "pg").glob("[0-9]*") if path != cluster]
        if cluster.exists():
            return cluster
        if others:
            raise EngineError(
                f"{self.data_dir / 'pg'} holds data of PostgreSQL {others[0]} but PostgreSQL {programs.major} is "
                "installed: move the data with pg_dump of the old version first."
            )
        fresh = cluster.with_name("initdb.new")
        if fresh.exists():
            # Emptied as PostgreSQL's account, so that a link in it leads nowhere that this account may not go.
            subprocess.run(
                ["rm", "-rf", f"{home}/{fresh.name}"],
                check=True,
                pass_fds=shared["pass_fds"],
                **({"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}),
            )
        process = processes.spawn(
            [programs.initdb, "-D", f"{home}/{fresh.name}", "-U", NAME, "--encoding=UTF8", "--no-locale"]
            + ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--data-checksums", "--auth=peer"]
            + ["--no-instructions"],
            log=self.data_dir / "log" / "postgresql.log",
            death_signal=signal.SIGTERM,
            **shared,
        )
        try:
            while process.poll() is None:
                self.poll()
                time.sleep(0.03)
        finally:
            processes.stop([process], [(signal.SIGTERM, 5)])
        if process.returncode:
            log = self.data_dir / "log" / "postgresql.log"
            raise EngineError(
                f"PostgreSQL cannot make its data directory: {processes.tail(log)} (more in {log})"
            )
        fresh.rename(cluster)
        return cluster

    def _refuse_or_clear_stale(self, cluster: Path) -> None:
        """Removes a lock file only if its number was given to a stranger; PostgreSQL judges all the others itself.

        After a restart of the machine or container the number in the file may be that of any process. A server of this
        directory has this directory as its working directory, its backends too.
        """
        for lock in (cluster / "postmaster.pid", self.data_dir / "pg" / f".s.PGSQL.{PORT}.lock"):
            with contextlib.suppress(OSError, ValueError, IndexError):
                if processes.alive(pid := int(lock.read_text().split()[0])):
                    if _lives_in(pid, cluster):
                        raise EngineError(
                            f"A PostgreSQL already runs in {cluster} (process {pid}). Stop it first."
                        )
                    if not any(_lives_in(int(entry.name), cluster) for entry in Path("/proc").glob("[0-9]*")):
                        lock.unlink()

    def _access(self, home: str) -> dict[str, str]:
        """Lets in only the account that started the engines, as the one database user."""
        pg, me = self.data_dir / "pg", Account.current_name()
        method = (
            "trust" if me is None else "peer map=portal"
        )  # without a name only the directory's mode guards
        for name, text in {
            "access.conf": f"local all all {method}\n",
            "names.conf": "" if me is None else f'portal "{me}" {NAME}\n',
        }.items():
            path = pg / name
            path.unlink(missing_ok=True)
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "w") as stream:
                os.fchmod(stream.fileno(), 0o644)
                stream.write(text)
        return {"hba_file": f"{home}/access.conf", "ident_file": f"{home}/names.conf"}

    def _ensure_database(self) -> None:
        with psycopg.connect(
            _conninfo(self.data_dir, "postgres"), connect_timeout=5, autocommit=True
        ) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))

    # Valkey

    def _start_valkey(self) -> None:
        socket = valkey_socket(self.data_dir)
        options = {
            "port": "0",
            "unixsocket": str(socket),
            "unixsocketperm": "700",
            "dir": str(socket.parent),
            "databases": "64",
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "protected-mode": "yes",
            "enable-debug-command": "no",
            "enable-module-command": "no",
            "daemonize": "no",
        }
        assert self._lock is not None
        self.processes["valkey"] = processes.spawn(
            [valkey_program(), *(word for name, value in options.items() for word in (f"--{name}", value))],
            log=self.data_dir / "log" / "valkey.log",
            death_signal=signal.SIGTERM,
            cwd=socket.parent,
            pass_fds=[self._lock],
        )
        with redis.Redis(unix_socket_path=str(socket), socket_timeout=5) as client:
            self._await("valkey", client.ping)


def _quiet_environment() -> dict[str, str]:
    """The environment of PostgreSQL: no PG… variable of the caller may change what it does."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}


def _lives_in(pid: int, directory: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").samefile(directory)
    except OSError:
        return False


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
