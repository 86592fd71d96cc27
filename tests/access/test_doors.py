"""Requests that come from outside: forged hosts, ways back to other sites, unreadable bodies, kept pages."""

import json
import re

import pytest
from django.test import Client
from django.urls import reverse

from nanchang_portal.launcher import parts
from tests import factories
from tests.access.world import client_of

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
    assert response.status_code == 400
    assert b"<h1>" in response.content


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


def test_cookies_of_a_session(db, settings):
    user = factories.UserFactory()
    client = Client()
    client.post(reverse("account_login"), {"login": user.username, "password": factories.PASSWORD})
    session = client.cookies["sessionid"]
    assert session["httponly"] and session["samesite"] == "Lax"


def test_nothing_personal_is_kept_by_the_browser(db):
    enterprise = factories.OrganisationFactory()
    client = client_of(factories.clerk_of(enterprise))
    for url in (reverse("dashboard"), reverse("organisation", args=[enterprise.pk]), "/nowhere"):
        directives = client.get(url)["Cache-Control"]
        assert "no-store" in directives and "private" in directives, url


def test_no_log_keeps_what_was_searched_for(tmp_path):
    web = parts.portal_parts(tmp_path, 8000)[0].command
    shown = web[web.index("--access-logformat") + 1]
    dockerfile = (parts.BASE / "Dockerfile").read_text().replace("\\\n", "")
    deployed = json.loads(re.search(r"^CMD (\[\"gunicorn.*)$", dockerfile, re.MULTILINE)[1])
    assert deployed[deployed.index("--access-logformat") + 1] == shown
    for atom in ("r", "q", "f", "{cookie}i"):
        assert f"%({atom})s" not in shown
