"""One PostgreSQL and one Valkey for the whole test session, and the browser.

pytest's controller starts the engines, its xdist workers find them by the environment; settings/test.py chose where.
With DATABASE_URL and REDIS_URL set, those servers are used. Else each worker's database is a copy of a migrated one.
"""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from nanchang_portal import embedded
from tests import cluster
from tests.clamd import clamd, clamd_daemon  # noqa: F401  (fixtures)
from tests.portal import CHROMIUM, Portal

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright's event loop runs beside the ORM
BROWSER_FIXTURES = {"browser", "context", "new_context", "page"}
# The data need not survive a power cut, only the tests.
UNSAFE_BUT_FAST = {"fsync": "off", "full_page_writes": "off", "max_wal_size": "4GB"}
engines_key = pytest.StashKey[contextlib.ExitStack]()


def pytest_configure(config):
    if hasattr(config, "workerinput"):
        return
    stack = config.stash[engines_key] = contextlib.ExitStack()
    database, broker = not os.environ.get("DATABASE_URL"), not os.environ.get("REDIS_URL")
    if database or broker:
        data_dir = embedded.data_dir()
        stack.callback(shutil.rmtree, data_dir, ignore_errors=True)
        if database:
            cluster.copy_to(data_dir / "pg")
        engines = embedded.running(
            data_dir, "the tests", database=database, broker=broker, settings=UNSAFE_BUT_FAST
        )
        try:
            stack.enter_context(engines)
        except embedded.EngineError as error:
            pytest.exit(f"The tests need their engines: {error}", returncode=3)


def pytest_unconfigure(config):
    if stack := config.stash.get(engines_key, None):
        stack.close()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Everything that needs the whole portal runs in one xdist worker, which starts it once."""
    for item in items:
        used = set(getattr(item, "fixturenames", ()))
        if "portal" in used:
            item.add_marker(pytest.mark.portal)
            item.add_marker(pytest.mark.xdist_group("portal"))
        if used & BROWSER_FIXTURES:
            item.add_marker(pytest.mark.browser)
            if not CHROMIUM:
                item.add_marker(pytest.mark.skip(reason="no Chromium on this machine"))


#: What a skip's reason says, and the command that brings what is missing.
MISSING = {
    "Chromium": "No Chromium here. On Debian: apt-get install chromium fonts-noto-cjk",
    "clamd": "No clamd here. On Debian: apt-get install clamav-daemon",
    "LibreOffice": "No soffice here. On Debian: apt-get install libreoffice-calc-nogui",
    "Lighthouse": "No Lighthouse here. With a registry of npm in reach: make lighthouse",
}


def pytest_terminal_summary(terminalreporter):
    skipped = [str(report.longrepr) for report in terminalreporter.getreports("skipped")]
    for name, sentence in MISSING.items():
        if any(name in reason for reason in skipped):
            terminalreporter.section(f"TESTS SKIPPED: {name.upper()}", sep="!", red=True, bold=True)
            terminalreporter.line(sentence)


@pytest.fixture(autouse=True)
def _fresh_cache(request):
    """No test sees another's sessions, rate limits or cached pages."""
    if {"db", "transactional_db", "live_server"} & set(
        request.fixturenames
    ) or request.node.get_closest_marker("django_db"):
        from django.core.cache import cache

        cache.clear()


@pytest.fixture
def client():
    """pytest-django's, with officials signed in by two factors."""
    from tests.clients import Client

    return Client()


@pytest.fixture
def views_alone(monkeypatch):
    """The database shows everybody every row (accounts/scope.py): what is refused, the views refuse alone."""
    from accounts import scope

    monkeypatch.setattr(scope, "of", lambda user: scope.everything())


# The whole portal


@pytest.fixture(scope="session")
def portal():
    """The whole portal as `make run` starts it, with its sample data, in a DATA_DIR of its own."""
    with private_directory() as directory:
        cluster.copy_to(directory / "data" / "pg")
        with Portal(directory / "data") as running:
            yield running


@contextlib.contextmanager
def private_directory():
    """A directory whose path is short enough for sockets, unlike pytest's own."""
    directory = Path(tempfile.mkdtemp(prefix="np-"))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def short_tmp_path():
    """Like tmp_path, but with a path short enough for sockets."""
    with private_directory() as directory:
        yield directory


# The browser: Debian's Chromium through pytest-playwright, looking at the portal


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return browser_type_launch_args | {
        "executable_path": CHROMIUM,
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            "--no-first-run",
        ],
    }


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args, portal):
    return browser_context_args | {
        "base_url": portal.url,
        "locale": "zh-CN",
        "timezone_id": "Asia/Shanghai",
        "viewport": {"width": 1280, "height": 900},
    }
