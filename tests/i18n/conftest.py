"""The sample in the database, and a reader who walks the portal in one language and keeps what a person would see."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
from django.apps import apps
from django.db import models, transaction
from django.urls import Resolver404, resolve

from nanchang_portal.sample.load import load
from tests.clients import Client

#: Formats of files and their units, the same in both languages.
FORMATS = {
    *("CSV", "JPEG", "MB", "PDF", "PNG", "SHA", "SVG", "UTF", "ZIP"),
    *("AA", "Atom", "JSON", "OpenAPI", "WCAG"),
    *("csv", "jpg", "ods", "pdf", "png", "xls", "xlsx"),
}
#: Attributes that are read out or shown.
SPOKEN = ("alt", "aria-label", "content", "data-label", "placeholder", "title")
SILENT = {"code", "kbd", "pre", "script", "style", "template"}
VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
#: Paths that answer with something else than a page, or end the walk.
CLOSED = re.compile(r"^/(static|healthz|metrics|accounts/logout|accounts/2fa/recovery-codes/download)")
QUEUE = "admin:casework_case_changelist"
#: Rooms whose rows hold what people typed: names, addresses, numbers.
ROOMS = (
    "accounts",
    "applications",
    "casework",
    "documents",
    "ledger",
    "notices",
    "payments",
    "policy",
    "simulations",
    "training",
)


class Page(HTMLParser):
    """The texts and links of a page; what is marked as another language is left out, like names of languages."""

    def __init__(self, language: str):
        super().__init__()
        self.language, self.texts, self.links = language, [], []
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        foreign = attributes.get("lang", self.language).lower() not in (self.language, "zh-cn")
        silent = (self._open[-1][1] if self._open else False) or tag in SILENT or foreign
        if tag == "a" and attributes.get("href"):
            self.links.append(attributes["href"])
        if not silent:
            spoken = [attributes.get(name) for name in SPOKEN]
            if tag == "meta":
                spoken = [attributes["content"]] if attributes.get("name") == "description" else []
            if tag == "input" and attributes.get("type") in ("submit", "button"):
                spoken.append(attributes.get("value"))
            self.texts += [text for text in spoken if text]
        if tag not in VOID:
            self._open.append((tag, silent))

    def handle_endtag(self, tag):
        while self._open and tag in {name for name, _silent in self._open}:
            if self._open.pop()[0] == tag:
                break

    def handle_data(self, data):
        text = " ".join(data.split())
        if text and not (self._open and self._open[-1][1]):
            self.texts.append(text)


@dataclass
class Reader:
    """One person's browser in one language."""

    language: str
    login: str = ""
    each: int = 3  # pages read of one kind: every case page looks like the next
    seen: dict[str, list[str]] = field(default_factory=dict)  # address -> texts
    broken: list[str] = field(default_factory=list)

    def __post_init__(self):
        self.client = Client(headers={"accept-language": "fr"})
        self.client.cookies["language"] = self.language
        if self.login:
            self.client.force_login(apps.get_model("accounts.User").objects.get(username=self.login))

    def walk(self, *starts: str) -> "Reader":
        """Follows every link from `starts`; of each kind of page the first few."""
        ahead, kinds, asked = list(starts), {}, set()
        while ahead:
            address = ahead.pop(0)
            kind = self.kind(address)
            if address in asked or kind is None or kinds.get(kind, 0) >= self.each:
                continue
            asked.add(address)
            kinds[kind] = kinds.get(kind, 0) + 1
            ahead += self.read(address)
        return self

    def read(self, address: str, data: dict | None = None) -> list[str]:
        """Reads one page (posts `data` if given); returns where it links to."""
        if data is None:
            response = self.client.get(address, follow=True)
        else:
            response = self.client.post(address, data, follow=True)
            address += " (posted)"
        if response.status_code >= 500:
            self.broken.append(f"{address}: {response.status_code}")
        if not response["Content-Type"].startswith("text/html"):
            return []
        page = Page(self.language)
        page.feed(response.content.decode())
        self.seen[address] = page.texts
        base = response.redirect_chain[-1][0] if response.redirect_chain else address
        return [urldefrag(urljoin(base, link)).url for link in page.links]

    @staticmethod
    def kind(address: str) -> str | None:
        """The name of the view and of its one parameter; None for what is not read."""
        parts = urlsplit(address)
        if parts.netloc or parts.scheme not in ("", "http") or CLOSED.match(parts.path):
            return None
        try:
            view = resolve(parts.path).view_name
        except Resolver404:
            return None
        pairs = [pair for pair in parts.query.split("&") if pair]
        # A register sorted or filtered shows nothing new, and its filters would be combined without end.
        if len(pairs) > 1 or (pairs and view.startswith("admin:") and view != QUEUE):
            return None
        return "?".join([view, *(pair.split("=")[0] for pair in pairs)])


@pytest.fixture(scope="module")
def sample(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        with transaction.atomic():
            load()
            yield
            transaction.set_rollback(True)


def _typed() -> Iterator[str]:
    for room in ROOMS:
        for model in apps.get_app_config(room).get_models():
            names = [
                column.attname
                for column in model._meta.concrete_fields
                if isinstance(column, models.CharField | models.TextField) and not column.choices
            ]
            for row in model._base_manager.values_list(*names) if names else ():
                yield from row
    yield from apps.get_model("workbooks.ImportJob").objects.values_list("file_name", flat=True)
    # What is typed and not saved yet waits as the form's JSON.
    for form in apps.get_model("applications.OffshoreClaim").objects.values_list("typed", flat=True):
        yield from (value for value in (form or {}).values() if isinstance(value, str))


@pytest.fixture(scope="module")
def typed(sample) -> list[str]:
    """Everything that people typed, long texts first: what a page may show in whatever language it was typed."""
    logins = set(apps.get_model("accounts.User").objects.values_list("username", flat=True))
    return sorted({value for value in _typed() if value and len(value) > 1} - logins, key=len, reverse=True)
