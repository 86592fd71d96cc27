"""Requests that come from outside: forged hosts, ways back to other sites, unreadable bodies, kept pages."""

import json
import re
from datetime import timedelta
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib import admin
from django.core import mail
from django.core.cache import cache
from django.db import OperationalError
from django.urls import reverse
from gunicorn.config import Config

from accounts.enums import OfficialRole
from nanchang_portal.access_log import DiscreetLogger
from nanchang_portal.launcher import parts
from tests import factories
from tests.access import headers
from tests.access.test_matrix import inline
from tests.access.world import client_of, person
from tests.accounts.test_second_factor import SECRET, code
from tests.clients import Client

ELSEWHERE = (
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example",
    "http:///evil.example",
    "javascript:alert(1)",
    "https://testserver.evil.example/",
    "https://testserver@evil.example/",
)


@pytest.mark.parametrize("host", ["evil.example", "testserver@evil.example", "a b", "testserver:80:80"])
def test_a_foreign_host_is_refused_in_words(db, host):
    response = client_of(None).get("/", HTTP_HOST=host)
    assert response.status_code == 400
    assert b"<h1>" in response.content


def test_too_many_fields_are_refused_in_words(db, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 5
    client = client_of(factories.UserFactory())
    response = client.post(reverse("organisation_new"), {f"field{n}": "" for n in range(9)})
    assert response.status_code == 413
    assert b"<h1>" in response.content


def test_a_page_may_ask_who_is_signed_in_and_renews_its_token(db):
    """The cookie of the token is out of a script's reach, and signing in anew changes it."""
    user = factories.UserFactory()
    client = Client(enforce_csrf_checks=True)
    assert client.get(reverse("session_state")).json()["user"] == ""
    client.force_login(user)
    answer = client.get(reverse("session_state"))
    assert answer.json()["user"] == user.username and "no-store" in answer.headers["Cache-Control"]
    sent = {"csrfmiddlewaretoken": answer.json()["token"]}
    assert client.post(reverse("organisation_new"), sent).status_code == 200
    assert client.post(reverse("organisation_new"), {}).status_code == 403


@pytest.mark.parametrize("target", ELSEWHERE)
@pytest.mark.parametrize("name", ["display_settings", "set_language"])
def test_the_way_back_stays_here(db, name, target):
    response = Client().post(reverse(name), {"next": target, "language": "en", "text": "large"})
    assert response.status_code in (204, 302)
    assert response.headers.get("Location", "/") == "/"


@pytest.mark.parametrize("target", ELSEWHERE)
def test_the_way_in_leads_nowhere_else(db, target):
    user = factories.UserFactory()
    response = Client().post(
        reverse("account_login"), {"login": user.username, "password": factories.PASSWORD, "next": target}
    )
    assert response.status_code in (200, 302)
    assert "evil" not in response.headers.get("Location", "")
    assert "javascript" not in response.headers.get("Location", "")


@pytest.mark.parametrize("target", ELSEWHERE)
def test_no_step_of_signing_in_or_out_leads_elsewhere(db, target):
    """A password typed again, a code typed again, the page that leads to them, the way out."""
    user = factories.official(OfficialRole.AUDITOR)
    TOTP.activate(user, SECRET)
    client = Client()
    client.force_login(user)
    answers = [
        client.post(reverse("account_reauthenticate"), {"password": factories.PASSWORD, "next": target}),
        client.post(reverse("mfa_reauthenticate"), {"code": code(), "next": target}),
        client.get(reverse("second_factor"), {"next": target}),
        client.post(reverse("account_logout"), {"next": target}),
        client.get(reverse("admin:login"), {"next": target}),
    ]
    for answer in answers:
        assert answer.status_code == 302
        way = urlsplit(answer.url)
        assert (way.scheme, way.netloc) == ("", ""), answer.url


def test_links_in_mails_lead_to_the_portal_whatever_host_asked(db, settings):
    settings.PORTAL_URL = "https://portal.example.org"
    settings.ALLOWED_HOSTS = [".example.org", "evil.example"]
    user = factories.UserFactory(email="somebody@example.test")
    client = Client(HTTP_HOST="evil.example")
    client.post(reverse("account_reset_password"), {"email": user.email})
    client.force_login(user)
    client.post(reverse("account_reauthenticate"), {"password": factories.PASSWORD})
    client.post(reverse("account_email"), {"email": "new@example.test", "action_add": ""})
    links = re.findall(r"https?://\S+", "\n".join(message.body for message in mail.outbox))
    assert len(links) >= 2 and {urlsplit(link).netloc for link in links} == {"portal.example.org"}


def test_what_others_may_keep_carries_nobodys_choice(db):
    for url in (
        "/awards.csv?lang=en",
        "/register.csv?lang=en",
        "/notices.atom?lang=en",
        "/sitemap.xml?lang=en",
    ):
        answer = Client().get(url)
        assert "public" in answer["Cache-Control"] and not answer.cookies, url
    answer = Client().get("/awards?lang=en")
    assert answer.cookies["language"].value == "en" and "no-store" in answer["Cache-Control"]


def test_what_a_browser_prefers_changes_no_page(db):
    """Nor could it be kept for another reader: the language is in the cookie, and nothing else chooses it."""
    pages = [
        Client().get("/awards.csv", headers={"accept-language": language})
        for language in ("en", "zh", "xx,*;q=0")
    ]
    assert len({b"".join(page.streaming_content) for page in pages}) == 1
    assert "Cookie" in pages[0]["Vary"]


def test_cookies_of_a_session(db, settings):
    user = factories.UserFactory()
    client = Client()
    client.post(reverse("account_login"), {"login": user.username, "password": factories.PASSWORD})
    session = client.cookies["sessionid"]
    assert session["httponly"] and session["samesite"] == "Lax"


def broken() -> str:
    raise RuntimeError("Sealed traceback")


def away() -> str:
    raise OperationalError("Sealed database")


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize(
    "status, url, asked",
    [
        (404, "/nowhere", {}),
        (404, "/static/../manage.py", {}),
        (404, "/static/%2e%2e/manage.py", {}),
        (400, "/", {"HTTP_HOST": "evil.example"}),
        (400, "/admin/casework/case/?q=%00", {"user": "superuser"}),
        (403, "/admin/operations/", {"user": "official"}),
        (403, "/accounts/login/", {"method": "post", "enforce": True}),
        (405, "/display", {}),
        (429, "/awards", {"limit": "PUBLIC_PAGES_PER_MINUTE"}),
        (429, "/accounts/login/", {"method": "post", "times": 31}),
        (429, "/api/v1/awards", {"limit": "API_REQUESTS_PER_MINUTE"}),
        (500, "/metrics", {"breaks": broken}),
        (503, "/metrics", {"breaks": away}),
        (302, "/desk/", {}),
        (200, "/static/css/portal.css", {}),
        (200, "/static/img/icons.svg", {}),
    ],
)  # fmt: skip
def test_pages_of_refusals_and_files_carry_every_header(
    db, settings, monkeypatch, status, url, asked, language
):
    headers.deployed(settings)
    settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = True
    settings.METRICS_TOKEN = "token"
    cache.clear()
    if "limit" in asked:
        setattr(settings, asked["limit"], 0)
    if "breaks" in asked:
        monkeypatch.setattr("nanchang_portal.operations.metrics.text", asked["breaks"])
    user = {
        "superuser": lambda: factories.UserFactory(is_staff=True, is_superuser=True),
        "official": lambda: factories.official(OfficialRole.FINANCE),
    }.get(asked.get("user"), lambda: None)()
    client = client_of(user, headers.SecureClient, enforce_csrf_checks="enforce" in asked)
    client.cookies["language"] = language
    more = {"HTTP_HOST": asked["HTTP_HOST"]} if "HTTP_HOST" in asked else {}
    for _ in range(asked.get("times", 1)):
        answer = getattr(client, asked.get("method", "get"))(
            url, headers={"authorization": "Bearer token"} if url == "/metrics" else {}, **more
        )
    assert answer.status_code == status
    headers.check_headers(answer, url)
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if status >= 400 and answer["Content-Type"].startswith("text/html") and body:
        text = body.decode()
        said = re.search(r"<h1[^>]*>(.*?)</h1>", text, re.DOTALL)[1]
        assert f'<html lang="{language[:2]}' in text and said.isascii() == (language == "en")
        assert "Sealed" not in text and "Traceback" not in text
        assert not inline(body)


def test_a_page_may_ask_the_browser_for_security_keys_alone(db):
    for url in ("/", reverse("account_login"), "/nowhere"):
        answer = client_of(None).get(url)
        allowed = dict(part.split("=") for part in answer["Permissions-Policy"].split(", "))
        assert {name for name, who in allowed.items() if who != "()"} == {
            "publickey-credentials-get",
            "publickey-credentials-create",
        }
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Referrer-Policy"] == "same-origin"


def test_nothing_personal_is_kept_by_the_browser(db):
    enterprise = factories.OrganisationFactory()
    client = client_of(factories.clerk_of(enterprise))
    for url in (reverse("dashboard"), reverse("organisation", args=[enterprise.pk]), "/nowhere"):
        directives = client.get(url)["Cache-Control"]
        assert "no-store" in directives and "private" in directives, url


def test_no_log_keeps_what_was_searched_for(tmp_path):
    web = parts.portal_parts(tmp_path, 8000)[0].command
    dockerfile = (parts.BASE / "Dockerfile").read_text().replace("\\\n", "")
    for command in (web, json.loads(re.search(r"^CMD (\[\"gunicorn.*)$", dockerfile, re.MULTILINE)[1])):
        assert command[command.index("--logger-class") + 1] == "nanchang_portal.access_log.DiscreetLogger"
    environ = {
        "REQUEST_METHOD": "GET",
        "RAW_URI": "/training/trainees/360102196002280001/%0a%00?q=SECRET",
        "PATH_INFO": "/training/trainees/\n\x00",
        "QUERY_STRING": "q=SECRET",
        "HTTP_REFERER": "http://testserver/?q=SECRET",
        "SERVER_PROTOCOL": "HTTP/1.1",
    }
    answer = SimpleNamespace(status="200 OK", sent=1, headers=[])
    atoms = DiscreetLogger(Config()).atoms(answer, SimpleNamespace(headers=[]), environ, timedelta(seconds=1))
    line = Config().access_log_format % {**atoms, "t": "now"}
    assert "SECRET" not in line and "\n" not in line and "\x00" not in line
    assert '"GET /training/trainees/[number]/%0a%00 HTTP/1.1" 200' in line


@pytest.mark.parametrize("value", ["%00", "abc", "9" * 400])
def test_no_address_of_a_register_breaks(world, value):
    client = client_of(person(world, "superuser"))
    for model in admin.site._registry.values():
        url = reverse(f"admin:{model.opts.app_label}_{model.opts.model_name}_changelist")
        names = ["q", "o", "p", "_to_field", "pk__in", "id__exact", "_changelist_filters", "queue"]
        names += [f"{name}__exact" for name in model.get_list_filter(None) if isinstance(name, str)]
        if model.date_hierarchy:
            names += [f"{model.date_hierarchy}__{part}" for part in ("year", "month", "day")]
        for name in names:
            response = client.get(f"{url}?{name}={value}")
            assert response.status_code < 500, f"{url}?{name}={value}"
