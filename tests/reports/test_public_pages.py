"""Home, guides and what search engines read."""

import re

import pgtrigger
import pytest
from django.urls import reverse

from policy.enums import VersionStatus
from policy.models import PolicyVersion
from reports.public.pages import GUIDES, PAGES
from reports.public.search_engines import addresses

pytestmark = pytest.mark.django_db


def words(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


@pytest.mark.parametrize(
    "path", [*(f"/guide/{name}" for name in GUIDES), *(f"/{name}" for name in PAGES), "/"]
)
def test_every_page_has_its_own_title_description_and_languages(client, path, settings):
    settings.LANGUAGE_CODE = "zh-hans"
    text = client.get(path).content.decode()
    english = client.get(path, {"lang": "en"}).content.decode()
    here = settings.PORTAL_URL + path
    for page, lang, canonical in ((text, "zh-hans", here), (english, "en", here + "?lang=en")):
        assert f'<html lang="{lang}"' in page
        assert f'<link rel="canonical" href="{canonical}">' in page
        assert page.count('rel="alternate" hreflang=') == 2 and "noindex" not in page
        assert len(re.findall(r"<h1\b", page)) == 1
        description = re.search(r'<meta name="description"\s+content="([^"]+)"', page)[1]
        assert 10 < len(description.strip()) < 200


def test_titles_and_descriptions_differ(client):
    pages = [client.get(path).content.decode() for path in addresses()]
    assert len({re.search(r"<title>(.*?)</title>", page, re.S)[1] for page in pages}) == len(pages)
    assert len({re.search(r'name="description"\s+content="([^"]+)"', page)[1] for page in pages}) == len(
        pages
    )


def test_the_sitemap_names_pages_that_answer_and_robots_names_the_sitemap(client, settings):
    robots = client.get("/robots.txt").content.decode()
    assert f"Sitemap: {settings.PORTAL_URL}/sitemap.xml" in robots and "Disallow: /admin/" in robots
    found = re.findall(r"<loc>(.*?)</loc>", client.get("/sitemap.xml").content.decode())
    assert len(found) == 2 * len(addresses())
    for address in found:
        assert client.get(address.removeprefix(settings.PORTAL_URL)).status_code == 200


def test_pages_of_people_are_not_for_search_engines(client):
    assert 'name="robots" content="noindex"' in client.get(reverse("account_login")).content.decode()


def test_a_link_chooses_the_language_and_it_is_remembered(client, settings):
    settings.LANGUAGE_CODE = "zh-hans"
    client.get("/", {"lang": "en"})
    assert '<html lang="en"' in client.get("/questions").content.decode()
    client.get("/", {"lang": "tlh"})
    assert '<html lang="en"' in client.get("/questions").content.decode()


def test_figures_are_those_of_the_published_version(client):
    text = (
        words(client.get("/"))
        + words(client.get("/guide/enterprises"))
        + words(client.get("/guide/students"))
    )
    for figure in ("200,000", "500,000", "0.2 RMB", "2,000.00", "1,500.00", "500.00"):
        assert figure in text


def test_without_a_published_version_no_figure_is_guessed(client):
    with pgtrigger.ignore():
        PolicyVersion.objects.update(status=VersionStatus.DRAFT)
    text = (
        words(client.get("/"))
        + words(client.get("/guide/enterprises"))
        + words(client.get("/guide/students"))
    )
    assert client.get("/check/offshore", {"year": "2015", "claim1": "1"}).status_code == 422
    assert "500,000" not in text and "200,000" not in text


def test_contact_says_that_it_is_fictional_only_while_it_is(client, settings):
    settings.SAMPLE_DATA = True
    assert "fictional" in words(client.get("/contact"))
    settings.SAMPLE_DATA, settings.CONTACT_PHONE = False, "0791-12345678"
    text = words(client.get("/contact"))
    assert "fictional" not in text and "0791-12345678" in text


def test_an_unknown_guide_is_no_page(client):
    assert client.get("/guide/nothing").status_code == 404


# Reading aids


def test_elder_mode_is_remembered_and_left_again(client):
    assert "data-mode" not in client.get("/").content.decode()
    client.post(reverse("display_settings"), {"mode": "elder", "next": "/questions"})
    assert 'data-mode="elder"' in client.get("/").content.decode()
    client.post(reverse("display_settings"), {"contrast": "high", "next": "/"})
    both = client.get("/check/training").content.decode()
    assert 'data-mode="elder"' in both and 'data-contrast="high"' in both
    client.post(reverse("display_settings"), {"mode": "normal", "next": "/"})
    assert "data-mode" not in client.get("/").content.decode()


def test_a_made_up_mode_is_no_mode(client):
    client.post(reverse("display_settings"), {"mode": '"><script>', "next": "//evil.example/"})
    client.cookies["display_mode"] = "<script>"
    assert "data-mode" not in client.get("/").content.decode()


# Queries


@pytest.mark.parametrize(
    ("path", "most"), [("/", 4), ("/guide/enterprises", 4), ("/questions", 4), ("/privacy", 4)]
)
def test_a_visitor_costs_two_queries_for_each_programme(client, path, most, django_assert_max_num_queries):
    with django_assert_max_num_queries(most):
        client.get(path)


def test_a_page_is_sent_compressed(client):
    response = client.get("/", headers={"accept-encoding": "gzip"})
    assert response["Content-Encoding"] == "gzip" and len(response.content) < 12_000
