"""Engines with a second machine behind them: a master and its replica behind sentinels, a primary and its standby."""

import contextlib
import os
import secrets
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg
import redis

from nanchang_portal.embedded.programs import postgres_account, postgres_programs, valkey_program
from tests.portal import free_port, wait_until

OWNER = "portal"


class Watch:
    """A master called `portal`, its replica, and two sentinels that agree on who is the master."""

    def __init__(self, directory, stack: contextlib.ExitStack) -> None:
        self.directory, self.stack = directory, stack
        self.master, self.replica, *sentinels = (free_port() for _number in range(4))
        self.processes = {self.master: self.start(self.master)}
        self.processes[self.replica] = self.start(self.replica, "--replicaof", "127.0.0.1", str(self.master))
        wait_until(lambda: self.role(self.replica) == "slave" and self.is_linked(), 30, "the replica")
        self.sentinels = sentinels
        for port in sentinels:
            conf = directory / f"sentinel-{port}.conf"
            conf.write_text(
                f"port {port}\nbind 127.0.0.1\nsentinel monitor portal 127.0.0.1 {self.master} 2\n"
                "sentinel down-after-milliseconds portal 500\nsentinel failover-timeout portal 1000\n"
            )
            self.run(conf, "--sentinel")
        for port in sentinels:
            wait_until(lambda port=port: self.sees_everybody(port), 30, f"the sentinel at {port}")
        hosts = ",".join(f"127.0.0.1:{port}" for port in sentinels)
        self.url = f"sentinel://{hosts}/{{}}?master=portal"

    def run(self, *arguments) -> subprocess.Popen:
        process = subprocess.Popen(
            [str(part) for part in (valkey_program(), *arguments)],
            cwd=self.directory, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        self.stack.callback(process.wait)
        self.stack.callback(process.kill)
        return process

    def start(self, port: int, *more: str) -> subprocess.Popen:
        (place := self.directory / str(port)).mkdir(exist_ok=True)
        process = self.run(
            "--port", port, "--bind", "127.0.0.1", "--dir", place, "--save", "",
            "--repl-diskless-sync-delay", "0", *more,
        )  # fmt: skip
        wait_until(lambda: self.role(port), 30, f"the server at {port}")
        return process

    def fail_over(self) -> None:
        """Kills the master and waits until the other server is it."""
        self.processes[self.master].kill()
        wait_until(lambda: self.role(self.replica) == "master", 60, "the replica's promotion")
        self.master, self.replica = self.replica, self.master

    def repair(self) -> None:
        """The server that died comes back as the replica of the other one, and everybody has seen it for a while."""
        self.processes[self.replica] = self.start(self.replica)
        since = time.monotonic()

        def settled() -> bool:
            nonlocal since
            if self.role(self.replica) != "slave":
                self._ask(self.replica, "REPLICAOF", "127.0.0.1", str(self.master))
            elif self.is_linked() and all(map(self.sees_everybody, self.sentinels)):
                return time.monotonic() - since > 3
            since = time.monotonic()
            return False

        wait_until(settled, 60, "the new replica")

    def _ask(self, port: int, *words: str) -> object:
        try:
            with redis.Redis(port=port, decode_responses=True) as client:
                return client.execute_command(*words)
        except redis.ConnectionError:
            return None

    def role(self, port: int) -> str:
        return (self._ask(port, "ROLE") or [""])[0]

    def is_linked(self) -> bool:
        return self._ask(self.replica, "INFO").get("master_link_status") == "up"

    def sees_everybody(self, port: int) -> bool:
        """The sentinel at `port`: the master that is, its replica, the other sentinel, and nothing under way."""
        try:
            with redis.Redis(port=port) as client:
                found = client.sentinel_masters().get("portal", {})
        except redis.ConnectionError:
            return False
        return (found.get("port"), found.get("flags")) == (self.master, "master") and (
            found.get("num-slaves"),
            found.get("num-other-sentinels"),
        ) == (1, 1)


class Pair:
    """A PostgreSQL and the standby that has whatever a commit has acknowledged (synchronous_standby_names)."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        # A directory of its own, to which PostgreSQL's account can walk.
        self.directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="np-p-")))
        self.stack, self.password = stack, secrets.token_hex(8)
        self.primary, self.standby = free_port(), free_port()
        self.account = postgres_account(self.directory / "none")
        if self.account:
            os.chown(self.directory, self.account.uid, self.account.gid)
        self.programs = postgres_programs(self.account).postgres.parent
        secret = self.directory / "password"
        secret.write_text(self.password)
        secret.chmod(0o644)
        self._do(
            "initdb", "-D", self._place(self.primary), "-U", OWNER, "--auth=scram-sha-256", f"--pwfile={secret}",
            "--encoding=UTF8", "--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
        )  # fmt: skip
        self.processes = {self.primary: self._start(self.primary)}
        with self.connect(self.primary, "postgres") as connection:
            connection.execute(f"CREATE DATABASE {OWNER}")
        self._copy()

    def _place(self, port: int) -> str:
        return str(self.directory / str(port))

    def _run_as(self) -> dict:
        owner = (
            {"user": self.account.uid, "group": self.account.gid, "extra_groups": []} if self.account else {}
        )
        return {"cwd": self.directory, "env": {"LC_ALL": "C", "PATH": "/usr/bin:/bin"}, **owner}

    def _do(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self.programs / program, *arguments], capture_output=True, text=True, **self._run_as()
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr}")

    def _start(self, port: int) -> subprocess.Popen:
        with open(self.directory / f"{port}.log", "a") as log:
            process = subprocess.Popen(
                [
                    self.programs / "postgres", "-D", self._place(port), "-p", str(port),
                    "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=60",
                ],
                stdout=log, stderr=log, **self._run_as(),
            )  # fmt: skip
        self.stack.callback(process.wait)
        self.stack.callback(process.send_signal, signal.SIGQUIT)
        wait_until(lambda: self._answers(port), 60, f"PostgreSQL at {port}")
        return process

    def _answers(self, port: int) -> bool:
        try:
            with self.connect(port, "postgres"):
                return True
        except psycopg.OperationalError:
            return False

    def connect(self, port: int | None = None, name: str = OWNER) -> psycopg.Connection:
        """To one of them, or to the one that takes writes."""
        ports = [port] if port else [self.primary, self.standby]
        return psycopg.connect(
            host=",".join("127.0.0.1" for _port in ports), port=",".join(map(str, ports)), user=OWNER, dbname=name,
            password=self.password, autocommit=True, connect_timeout=5,
            target_session_attrs="any" if port else "read-write",
        )  # fmt: skip

    def _copy(self) -> None:
        """A standby of the primary; from then on a commit waits for it."""
        place = f"host=127.0.0.1 port={self.primary} user={OWNER} password={self.password}"
        subprocess.run(["rm", "-rf", str(self.directory / str(self.standby))], check=True)
        self._do(
            "pg_basebackup", "-D", self._place(self.standby), "-R", "-X", "stream", "-c", "fast", "-d", place
        )
        self.processes[self.standby] = self._start(self.standby)
        with self.connect(self.primary) as connection:
            connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            connection.execute("SELECT pg_reload_conf()")
            state = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
            wait_until(lambda: connection.execute(state).fetchone()[0] == 1, 60, "the standby's first answer")

    def fail_over(self) -> None:
        """Kills the primary with all its processes and makes the standby take writes, as its operator does."""
        self.processes[self.primary].send_signal(signal.SIGQUIT)
        self.processes[self.primary].wait()
        self.primary, self.standby = self.standby, self.primary
        with self.connect(self.primary) as connection:
            connection.execute("ALTER SYSTEM RESET synchronous_standby_names")
            connection.execute("SELECT pg_promote(), pg_reload_conf()")

    def repair(self) -> None:
        self._copy()

    def url(self, user: str, password: str) -> str:
        hosts = ",".join(f"127.0.0.1:{port}" for port in sorted((self.primary, self.standby)))
        return f"postgres://{user}:{password}@{hosts}/{OWNER}"
