"""Health, metrics, logs with numbers and nothing personal, pages of errors, background work that failed."""

import io
import json
import logging
import logging.config
import re

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import path, reverse

from accounts.enums import OfficialRole
from audit import seals
from audit.models import Record
from casework.enums import RunState
from casework.models import CalculationRun
from messaging.enums import MailKind, MailState
from messaging.models import Mail
from nanchang_portal.celery import app
from nanchang_portal.operations import health, logs, tasks, work
from nanchang_portal.urls import handler500, urlpatterns  # noqa: F401
from tests import factories
from tests.clients import Client

IDENTITY = factories.identity_number(77)


def broken(request):
    raise ValueError(f"no {IDENTITY}")


def away(request):
    raise OperationalError("connection refused")


urlpatterns = [*urlpatterns, path("broken", broken), path("away", away)]


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


def test_every_check_answers_and_names_what_is_wrong(db, settings, tmp_path):
    settings.AUDIT_HEADS_DIR = str(tmp_path)
    found = {check.name: check for check in health.checks()}
    assert set(found) == set(health.LABELS)
    assert found["database"].ok and found["broker"].ok and found["cache"].ok
    assert not found["role"].ok  # the tests run as the owner
    assert not found["heartbeat"].ok and not found["seal"].ok
    tasks.heartbeat.apply()
    seals.seal()
    found = {check.name: check for check in health.checks()}
    assert found["heartbeat"].ok and found["seal"].ok
    cache.set(tasks.HEARTBEAT, 0)
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {settings.DATABASE_APP_ROLE}")
        found = {check.name: check for check in health.checks()}
        cursor.execute("RESET ROLE")
    assert found["role"].ok and not found["heartbeat"].ok


def test_a_scanner_that_is_needed_and_away_is_not_well(db, settings):
    settings.CLAMD_URL, settings.SCANNER_REQUIRED = "unix:///nowhere/clamd", True
    assert not next(check for check in health.checks() if check.name == "scanner").ok


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
def test_our_own_mistake_has_a_number_that_the_log_holds(db, lines, language):
    client = Client(raise_request_exception=False, headers={"accept-language": language})
    client.cookies["language"] = language
    answer = client.get("/broken")
    number = answer["X-Request-ID"]
    assert answer.status_code == 500 and f"<code>{number}</code>" in answer.content.decode()
    assert [line for line in lines() if line.get("exception") and line["request"] == number]
    assert IDENTITY not in answer.content.decode() and IDENTITY not in json.dumps(lines())


@pytest.mark.urls(__name__)
def test_a_database_that_is_away_is_said_to_be(db):
    answer = Client(raise_request_exception=False).get("/away")
    assert answer.status_code == 503 and int(answer["Retry-After"]) > 0
    assert answer["X-Request-ID"] in answer.content.decode()


def test_a_database_that_is_away_before_any_view_is_said_to_be(rf: RequestFactory):
    from nanchang_portal import errors

    request = rf.get("/")
    request.number = "abc123"
    try:
        raise OperationalError("connection refused")
    except OperationalError:
        answer: HttpResponse = errors.server_error(request)
    assert answer.status_code == 503 and "abc123" in answer.content.decode()


def test_pages_that_are_missing_or_refused_carry_the_number_too(client, db):
    answer = client.get("/nowhere")
    assert answer.status_code == 404 and answer["X-Request-ID"] in answer.content.decode()
    answer = Client(enforce_csrf_checks=True).post(reverse("set_language"))
    assert answer.status_code == 403 and answer["X-Request-ID"] in answer.content.decode()


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
