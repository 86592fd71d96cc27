"""Where the engines of a DATA_DIR are: their directories, their sockets and the URLs that name them."""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
import redis

NAME = "portal"  # of the database and of its owner
APP_ROLE = "portal_app"  # the user of web, worker and beat, which owns nothing
PORT = 5432  # only a part of the socket's name; nothing listens on it
SOCKET_LIMIT = 100  # bytes; the systems' own limit is 103 to 107


class EngineError(Exception):
    """Why the engines cannot run: one sentence for the person who started them."""


@dataclass(frozen=True)
class Urls:
    """Where the engines of one DATA_DIR answer: for Django, for Celery, for Django's cache."""

    database: str  # as the owner
    app_database: str  # as the user of web, worker and beat
    broker: str
    cache: str


def data_dir() -> Path:
    """DATA_DIR of the environment, else `var` beside manage.py."""
    return Path(os.environ.get("DATA_DIR") or Path(__file__).resolve().parents[2] / "var").resolve()


def postgres_socket(data_dir: Path) -> Path:
    return data_dir / "pg" / f".s.PGSQL.{PORT}"


def valkey_socket(data_dir: Path) -> Path:
    return data_dir / "valkey" / "sock"


def urls(data_dir: Path, *, databases: tuple[int, int] = (0, 1)) -> Urls:
    """The URLs of the engines in `data_dir`, whether or not they run; `databases` are Valkey's for (broker, cache)."""
    valkey = quote(str(valkey_socket(data_dir)))
    place = f"@/{NAME}?host={quote(str(data_dir / 'pg'), safe='')}&port={PORT}"
    return Urls(
        database=f"postgres://{NAME}{place}",
        app_database=f"postgres://{APP_ROLE}{place}",
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
            psycopg.connect(conninfo(data_dir), connect_timeout=5).close()
        if broker:
            with redis.Redis(unix_socket_path=str(valkey_socket(data_dir)), socket_timeout=5) as client:
                client.ping()
    except (psycopg.Error, redis.RedisError):
        return False
    return True


def conninfo(data_dir: Path, database: str = NAME) -> str:
    """How psycopg reaches the PostgreSQL of `data_dir`."""
    return psycopg.conninfo.make_conninfo(host=str(data_dir / "pg"), port=PORT, user=NAME, dbname=database)
