"""`manage.py` starts the engines when a command needs them, and only then."""

import pytest

from nanchang_portal import embedded, processes
from tests.portal import Portal

pytestmark = pytest.mark.xdist_group("engines")


@pytest.fixture
def place(short_tmp_path):
    """A DATA_DIR in which nothing runs."""
    return Portal(short_tmp_path / "data")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["migrate", "--help"],
        ["check"],
        ["estimate", "offshore", "--year", "2015", "--claims", "150000,100000"],
        ["collectstatic", "--dry-run", "--noinput", "-v0"],
        ["makemessages", "--help"],
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_nothing_is_started_for(place, arguments):
    place.manage(*arguments)
    assert not (place.data_dir / "pg").exists()
    assert not (place.data_dir / "valkey").exists()


def test_engines_are_started_for_the_command_and_stopped_after_it(place):
    shown = place.manage(
        "shell", "-v0", "-c", "from django.db import connection as c; c.ensure_connection(); print('in')"
    )
    assert shown.stdout.strip() == "in"
    assert (place.data_dir / "pg").exists()
    assert not embedded.answering(place.data_dir, broker=False)
    assert not embedded.answering(place.data_dir, database=False)


def test_a_failing_command_stops_them_too(place):
    assert place.manage("shell", "-v0", "-c", "raise SystemExit(3)", check=False).returncode == 3
    assert not embedded.answering(place.data_dir, broker=False)


def test_the_owner_is_named_to_whom_it_concerns(place):
    with embedded.running(place.data_dir, "manage.py shell"):
        pid, what = embedded.Engines(place.data_dir).owner()
        assert processes.alive(pid)
        assert what == "manage.py shell"
        launcher = place.launch()
        assert launcher.wait(60) == 1
        assert "is in use by manage.py shell (process" in place.text()


def test_a_path_too_long_is_one_sentence(short_tmp_path):
    done = Portal(short_tmp_path / ("d" * 100)).manage("migrate", check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: DATA_DIR is too long a path for a socket")
    assert done.stderr.count("\n") == 1
