"""Health, metrics, logs with numbers and nothing personal, pages of errors, background work that failed."""

import io
import json
import logging
import logging.config
import re
import time
from datetime import timedelta

import kombu
import pytest
import redis
from allauth.core.internal.ratelimit import respond_429
from django.core import exceptions
from django.core.cache import cache
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import path, reverse
from django.utils import timezone, translation
from django.utils.translation import gettext

from accounts.enums import OfficialRole
from audit import seals
from audit.models import Record
from casework.enums import RunState
from casework.models import CalculationRun
from ledger.models import ReconcileRun
from ledger.reconciling import reconcile
from messaging.enums import MailKind, MailState
from messaging.models import Mail
from nanchang_portal import embedded
from nanchang_portal.celery import app
from nanchang_portal.operations import health, logs, tasks, work
from nanchang_portal.settings.base import caches
from nanchang_portal.urls import handler400, handler429, handler500, urlpatterns  # noqa: F401
from tests import factories
from tests.clients import Client
from tests.portal import wait_until

IDENTITY = factories.identity_number(77)
NOWHERE = "redis://127.0.0.1:1/0"  # nobody listens there


def broken(request):
    raise ValueError(f"no {IDENTITY}")


def away(request):
    raise OperationalError("connection refused")


def unreadable(request):
    raise exceptions.SuspiciousOperation(IDENTITY)


def too_large(request):
    raise exceptions.RequestDataTooBig(IDENTITY)


def forbidden(request):
    raise exceptions.PermissionDenied  # what a view says with it is its own sentence, and shown


urlpatterns = [
    *urlpatterns, path("broken", broken), path("away", away), path("unreadable", unreadable), path("large", too_large),
    path("forbidden", forbidden), path("often", respond_429),
]  # fmt: skip


@pytest.fixture
def admin(db):
    user = factories.UserFactory(is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(user)
    client.user = user
    return client


@pytest.fixture
def lines():
    """What a deployment writes to its log: a list of JSON objects, read when called."""
    stream = io.StringIO()
    settings = logs.configuration("json")["formatters"]["line"] | {}
    formatter = settings.pop("()")(**settings)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    logging.getLogger().addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.getLogger().removeHandler(handler)


# Health


def test_a_process_that_serves_is_live_and_one_with_its_database_is_ready(client, db):
    for name in ("live", "ready", "healthz"):
        answer = client.get(reverse(name))
        assert (answer.status_code, answer.content) == (200, b"ok")
        assert "no-store" in answer["Cache-Control"]


def test_without_its_database_a_process_is_live_but_not_ready(client, settings):
    """No database is touched by `live`: this test has none."""
    assert client.get(reverse("live")).status_code == 200


def check(name: str) -> health.Check:
    return next(check for check in health.checks() if check.name == name)


def test_what_is_well_is_said_to_be_and_every_check_has_its_word(db, settings, tmp_path):
    settings.AUDIT_HEADS_DIR = str(tmp_path)
    tasks.heartbeat.apply()
    tasks.sign_of_life(tasks.BEAT)
    tasks.sign_of_life(tasks.WORKER)
    seals.seal()
    reconcile()
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {settings.DATABASE_APP_ROLE}")
        found = list(health.checks())
        cursor.execute("RESET ROLE")
    assert {check.name for check in found} == set(health.LABELS) == set(health.LOOKS)
    assert [check.name for check in found if not check.ok] == []


def test_whose_user_owns_the_tables_is_not_well(db):
    assert not check("role").ok  # the tests run as the owner


@pytest.mark.parametrize("name", ["beat", "worker", "heartbeat"])
def test_who_gave_no_sign_of_life_is_not_well(db, name):
    assert not check(name).ok
    cache.set(f"operations.{name}", time.time() - 60)
    assert check(name).ok
    cache.set(f"operations.{name}", time.time() - 600)
    assert not check(name).ok and "10" in check(name).says


def test_beat_is_alive_without_a_broker_and_a_worker_without_beat(db, settings):
    """Which of the three is down is seen from which sign is old."""
    with pytest.raises(kombu.exceptions.OperationalError), app.connection_for_write(NOWHERE) as broker:
        tasks.heartbeat.apply_async(connection=broker)
    assert check("beat").ok and not check("worker").ok and not check("heartbeat").ok


def test_the_running_portal_gives_every_sign(portal):
    """Web, worker and beat as they are started; seals and reconciliation come with the night."""
    known = redis.Redis(unix_socket_path=str(embedded.valkey_socket(portal.data_dir)), db=1)
    wanted = {f"operations.{name}" for name in ("beat", "worker", "heartbeat")}
    wait_until(
        lambda: {key.decode().rpartition(":")[2] for key in known.scan_iter("*operations.*")} >= wanted
    )


def test_a_database_that_does_not_answer_is_not_well_nor_ready(client, monkeypatch):
    monkeypatch.setattr(connection, "cursor", lambda: away(None))
    assert not check("database").ok and "OperationalError" in check("database").says
    answer = client.get(reverse("ready"))
    assert (answer.status_code, answer.content) == (503, b"database")
    assert client.get(reverse("live")).status_code == 200


def test_a_broker_that_does_not_answer_is_not_well(db, monkeypatch):
    monkeypatch.setattr(app.conf, "broker_write_url", NOWHERE)
    assert not check("broker").ok


def test_a_cache_that_keeps_nothing_is_not_well(db, settings):
    """As it is with a server that is away: errors of the cache are ignored, so only the answer tells."""
    settings.CACHES = caches(NOWHERE)
    assert not check("cache").ok


def test_work_that_waits_too_long_is_not_well(db, failed):
    run, _mail = failed
    assert check("outbox").ok  # what failed waits no more
    CalculationRun.objects.filter(case=run.case, state=RunState.QUEUED).delete()
    waiting = CalculationRun.objects.create(case=run.case, submission=run.submission, cause="request")
    assert check("outbox").ok
    CalculationRun.objects.filter(pk=waiting.pk).update(
        created_at=timezone.now() - timedelta(seconds=health.OUTBOX_SECONDS + 60)
    )
    assert not check("outbox").ok and check("outbox").value > health.OUTBOX_SECONDS


def test_a_scanner_that_is_needed_and_away_is_not_well(db, settings):
    settings.CLAMD_URL, settings.SCANNER_REQUIRED = "unix:///nowhere/clamd", True
    assert not check("scanner").ok
    settings.CLAMD_URL = ""
    assert not check("scanner").ok
    settings.SCANNER_REQUIRED = False
    assert check("scanner").ok


def test_a_disk_that_is_nearly_full_is_not_well(db, monkeypatch):
    assert check("disk").value > 0
    monkeypatch.setattr(health, "DISK_SHARE", check("disk").value / 2)
    assert not check("disk").ok


def test_a_seal_that_is_missing_or_old_is_not_well(db, settings, tmp_path, monkeypatch):
    settings.AUDIT_HEADS_DIR = str(tmp_path)
    assert not check("seal").ok
    seals.seal()
    assert check("seal").ok
    monkeypatch.setattr(health, "DAILY_SECONDS", -1)
    assert not check("seal").ok


def test_a_reconciliation_that_is_missing_old_or_found_something_is_not_well(db, monkeypatch):
    assert not check("reconcile").ok
    found = reconcile()
    assert found.count == 0 and check("reconcile").ok
    monkeypatch.setattr(health, "DAILY_SECONDS", -1)
    assert not check("reconcile").ok
    monkeypatch.undo()
    ReconcileRun.objects.create(started_at=found.started_at, checks=found.checks, count=2)
    assert not check("reconcile").ok


# Metrics


def test_metrics_are_for_who_knows_the_token(client, db, settings):
    assert client.get("/metrics").status_code == 404
    settings.METRICS_TOKEN = "t" * 32
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"authorization": "Bearer wrong"}).status_code == 404
    client.get(reverse("home"))
    text = client.get("/metrics", headers={"authorization": "Bearer " + "t" * 32}).content.decode()
    assert re.search(r'^portal_check\{check="database"\} 1\.0$', text, re.MULTILINE)
    assert re.search(r'^portal_work\{kind="calculation",state="queued"\} 0\.0$', text, re.MULTILINE)
    assert re.search(
        r'^portal_requests_total\{method="GET",route="home",status="200"\} \d', text, re.MULTILINE
    )
    assert 'route="none"' not in text or "/metrics" not in text  # routes, never addresses


# Logs


def test_a_request_logs_its_number_its_route_and_nothing_personal(admin, lines):
    answer = admin.get(reverse("admin:casework_case_changelist"), {"q": IDENTITY})
    number = answer["X-Request-ID"]
    assert re.fullmatch(r"[0-9a-f]{10}", number)
    (line,) = [line for line in lines() if line["event"] == "request"]
    assert line["request"] == number and line["route"] == "admin:casework_case_changelist"
    assert (line["status"], line["user"]) == (answer.status_code, admin.user.pk)
    missing = admin.get("/nowhere/some-token")
    (line,) = [line for line in lines() if line["logger"] == "django.request"]
    assert line["request"] == missing["X-Request-ID"] and "token" not in json.dumps(lines())
    assert IDENTITY not in json.dumps(lines()) and admin.user.username not in json.dumps(lines())


def test_what_looks_personal_is_masked_also_in_a_traceback(lines):
    secrets = [IDENTITY, "13812345678", "6222021234567890123", "li.si+x@example.test"]
    try:
        raise ValueError(f"Key (x)=({secrets[0]}) exists, {secrets[1]}")
    except ValueError:
        logging.getLogger("any").exception("failed for %s and %s", secrets[2], secrets[3])
    logging.getLogger("any").info("run 12345 of OS-2015-000123 took 20151124 ms")
    found = lines()
    assert not [secret for secret in secrets if secret in json.dumps(found, ensure_ascii=False)]
    assert "[number]" in found[0]["exception"] and "[mail]" in found[0]["event"]
    assert found[1]["event"] == "run 12345 of OS-2015-000123 took 20151124 ms"


def test_a_task_logs_its_number_and_that_of_the_request_that_asked_for_it(lines):
    @app.task(name="tests.logs_something")
    def logs_something():
        logging.getLogger("any").info("done")

    with logs.numbered(request="abc123"):
        logs_something.apply(task_id="task-1", headers={"portal_request": "abc123"})
        assert logs.current("request") == "abc123"  # the task's numbers end with it
    (line,) = [line for line in lines() if line["event"] == "done"]
    assert (line["task"], line["request"]) == ("task-1", "abc123")


def test_the_request_number_travels_with_the_message(db):
    """Through the real broker: the message that a request sends names the request."""
    app.control.purge()
    with logs.numbered(request="abc123"):
        tasks.heartbeat.delay()
    with app.connection_for_read() as broker:
        message = broker.SimpleQueue("celery").get(timeout=5)
        message.ack()
    assert message.headers["portal_request"] == "abc123"


# Pages of errors


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize(
    ("address", "status", "title"),
    [
        ("/unreadable", 400, "This request could not be read"),
        ("/forbidden", 403, "You may not see this page"),
        ("/language/setlang/", 403, "This page was open too long"),  # a form without its token
        ("/nowhere", 404, "There is no such page"),
        ("/large", 413, "This is too large"),
        ("/often", 429, "Too many requests"),
        ("/broken", 500, "Something went wrong on our side"),
        ("/away", 503, "The portal is busy for a moment"),
    ],
)
def test_every_page_of_an_error_says_it_in_the_readers_language_with_a_number_that_the_log_holds(
    db, lines, address, status, title, language
):
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    client.cookies["language"] = language
    answer = client.post(address) if "setlang" in address else client.get(address)
    page, number = answer.content.decode(), answer["X-Request-ID"]
    assert answer.status_code == status
    with translation.override(language):
        assert f"<h1>{gettext(title)}</h1>" in re.sub(r">\s+|\s+<", lambda found: found[0].strip(), page)
    assert f'lang="{language}"' in page
    assert f"<code>{number}</code>" in page and len(number) == 10
    logged = [line for line in lines() if line.get("request") == number]
    assert [line for line in logged if line.get("status") == status]
    assert IDENTITY not in page and IDENTITY not in json.dumps(logged)
    if status == 500:
        assert [line for line in logged if "ValueError" in line.get("exception", "")]
    if status == 503:
        assert int(answer["Retry-After"]) > 0


def test_a_database_that_is_away_before_any_view_is_said_to_be(rf: RequestFactory):
    from nanchang_portal import errors

    request = rf.get("/")
    request.number = "abc123"
    try:
        raise OperationalError("connection refused")
    except OperationalError:
        answer: HttpResponse = errors.server_error(request)
    assert answer.status_code == 503 and "abc123" in answer.content.decode()


# Background work


@pytest.fixture
def failed(db):
    """A calculation and a mail that were given up."""
    enterprise = factories.OrganisationFactory()
    case = factories.filed_offshore(enterprise, factories.clerk_of(enterprise), "250000")
    run = CalculationRun.objects.create(
        case=case,
        submission=case.submissions.last(),
        cause="request",
        state=RunState.FAILED,
        attempts=5,
        error="X",
    )
    mail = Mail.objects.create(
        kind=MailKind.DIGEST,
        recipient=factories.UserFactory(),
        day="2026-01-01",
        state=MailState.FAILED,
        attempts=20,
    )
    return run, mail


def test_the_page_shows_what_failed_and_puts_it_back_once(admin, failed):
    run, mail = failed
    page = admin.get(reverse("admin:operations")).content.decode()
    assert page.count('name="pk"') == 2
    for kind, row in (("calculation", run), ("mail", mail)):
        for _ in range(2):  # a double click
            answer = admin.post(reverse("admin:operations_retry"), {"kind": kind, "pk": row.pk})
            assert answer.status_code == 302
    assert run.case.runs.filter(state=RunState.QUEUED).count() == 1
    mail.refresh_from_db()
    assert (mail.state, mail.attempts) == (MailState.WAITING, 0)
    actions = Record.objects.filter(actor=admin.user).values_list("action", flat=True)
    assert sorted(actions) == ["case.recalculation_requested", "work.retried"]


@pytest.mark.parametrize(
    "data", [{}, {"kind": "none", "pk": "1"}, {"kind": "mail", "pk": "x"}, {"kind": "workbook", "pk": "1"},
             {"kind": "mail", "pk": "9" * 30}, {"kind": "mail", "pk": "１"}],
)  # fmt: skip
def test_what_is_no_work_is_not_found(admin, data):
    status = admin.post(reverse("admin:operations_retry"), data).status_code
    assert status == (302 if data.get("pk") == "１" else 404)


def test_auditors_look_and_do_not_touch(failed):
    client = Client()
    client.force_login(factories.official(OfficialRole.AUDITOR))
    page = client.get(reverse("admin:operations"))
    assert page.status_code == 200 and b'name="pk"' not in page.content
    run, _ = failed
    answer = client.post(reverse("admin:operations_retry"), {"kind": "calculation", "pk": run.pk})
    assert answer.status_code == 403 and not run.case.runs.filter(state=RunState.QUEUED).exists()


def test_the_page_asks_the_same_however_much_failed(admin, failed, django_assert_max_num_queries):
    with django_assert_max_num_queries(24):
        admin.get(reverse("admin:operations"))
    assert len(work.failures()) == 2
