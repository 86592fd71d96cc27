"""PostgreSQL in `DATA_DIR/pg`: made on first use, run as an account that is not root, open to its owner alone."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import psycopg
from psycopg import sql

from nanchang_portal import processes

from .engine import Engine
from .places import APP_ROLE, NAME, PORT, EngineError, conninfo
from .programs import Account, PostgresPrograms, postgres_account, postgres_programs

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "synchronous_commit": "on",
    "max_connections": "200",
    # What people typed must not reach the log through a failing statement or a violated key.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


class Postgres(Engine):
    name = "postgresql"
    stopping = [(signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0)]

    def __init__(self, data_dir: Path, poll: Callable[[], None], settings: Mapping[str, str]) -> None:
        """`settings` are PostgreSQL's own, over those that are set here."""
        super().__init__(data_dir, poll)
        self.settings = SETTINGS | dict(settings)
        self.pg = data_dir / "pg"
        self._descriptor: int | None = None  # of `pg`, for an account that cannot walk there

    def start(self, lock: int) -> None:
        account = postgres_account(self.pg)
        programs = postgres_programs(account)
        home = self._open_home(account)
        shared = {
            "cwd": "/",
            "env": _quiet_environment(),
            "pass_fds": [self._descriptor, lock],
            **({"uid": account.uid, "gid": account.gid} if account else {}),
        }
        cluster = self._initialise(programs, account, home, shared)
        self._refuse_or_clear_stale(cluster)
        settings = self.settings | {"unix_socket_directories": home, **self._access(home)}
        self.process = processes.spawn(
            [programs.postgres, "-D", f"{home}/{cluster.name}", "-p", str(PORT)]
            + [f"--{name}={value}" for name, value in settings.items()],
            log=self.log,
            # Not SIGINT: a server that is just recovering from the death of a child can hang in its fast stop.
            death_signal=signal.SIGQUIT,
            **shared,
        )
        self.wait_for(self._ensure_database)

    def stop(self, hurry: Callable[[], bool] = lambda: False) -> None:
        super().stop(hurry)
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _open_home(self, account: Account | None) -> str:
        """How PostgreSQL names its directory.

        Another account may be barred from walking there by the permissions of a parent, which are not ours to change.
        An inherited descriptor leads there all the same, and nowhere else.
        """
        if not self.pg.exists():
            fresh = self.data_dir / "pg.new"
            fresh.mkdir(mode=0o700, exist_ok=True)
            if account:
                os.chown(fresh, account.uid, account.gid)
            fresh.rename(self.pg)
        if self._descriptor is None:
            self._descriptor = os.open(self.pg, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        return f"/proc/self/fd/{self._descriptor}" if account else str(self.pg)

    def _initialise(
        self, programs: PostgresPrograms, account: Account | None, home: str, shared: dict
    ) -> Path:
        """The data directory, made on first use; a half-made one from an interrupted start is made again."""
        cluster = self.pg / programs.major
        others = [path.name for path in self.pg.glob("[0-9]*") if path != cluster]
        if cluster.exists():
            return cluster
        if others:
            raise EngineError(
                f"{self.pg} holds data of PostgreSQL {others[0]} but PostgreSQL {programs.major} is "
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
            log=self.log,
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
            raise EngineError(
                f"PostgreSQL cannot make its data directory: {processes.tail(self.log)} (more in {self.log})"
            )
        fresh.rename(cluster)
        return cluster

    def _refuse_or_clear_stale(self, cluster: Path) -> None:
        """Removes a lock file only if its number was given to a stranger; PostgreSQL judges all the others itself.

        After a restart of the machine or container the number in the file may be that of any process. A server of this
        directory has this directory as its working directory, its backends too.
        """
        for lock in (cluster / "postmaster.pid", self.pg / f".s.PGSQL.{PORT}.lock"):
            with contextlib.suppress(OSError, ValueError, IndexError):
                if processes.alive(pid := int(lock.read_text().split()[0])):
                    if _lives_in(pid, cluster):
                        raise EngineError(
                            f"A PostgreSQL already runs in {cluster} (process {pid}). Stop it first."
                        )
                    if not any(_lives_in(int(entry.name), cluster) for entry in Path("/proc").glob("[0-9]*")):
                        lock.unlink()

    def _access(self, home: str) -> dict[str, str]:
        """Lets in only the account that started the engines, as the owner or as the user that owns nothing."""
        me = Account.current_name()
        method = "peer map=portal" if me else "trust"  # without a name only the directory's mode guards
        for name, text in {
            "access.conf": f"local all all {method}\n",
            "names.conf": "" if not me else f'portal "{me}" {NAME}\nportal "{me}" {APP_ROLE}\n',
        }.items():
            path = self.pg / name
            path.unlink(missing_ok=True)
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "w") as stream:
                os.fchmod(stream.fileno(), 0o644)
                stream.write(text)
        return {"hba_file": f"{home}/access.conf", "ident_file": f"{home}/names.conf"}

    def _ensure_database(self) -> None:
        with psycopg.connect(
            conninfo(self.data_dir, "postgres"), connect_timeout=5, autocommit=True
        ) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))


def _quiet_environment() -> dict[str, str]:
    """The environment of PostgreSQL: no PG… variable of the caller may change what it does."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}


def _lives_in(pid: int, directory: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").samefile(directory)
    except OSError:
        return False
