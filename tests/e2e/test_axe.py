"""For everyone: axe on every URL, in the whole rule set, and none wider than a telephone."""

import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.contrib.staticfiles import finders
from django.urls import reverse
from playwright.sync_api import Route

from tests.access import world as worlds
from tests.access.test_matrix import Target, one_of_each, targets
from tests.clients import Client

# Pages

NARROW = {"width": 360, "height": 740}
WIDE = {"width": 1280, "height": 900}
#: Who is asked to look, first the ones who see most; a page is checked as the first of them sees it.
READERS = ("owner", "institution_clerk", "superuser", "initial", "visitor")
#: Forms as they come back when nothing was filled in: the error summary, the error at each field.
EMPTY_FORMS = (
    "organisation_new",
    "offshore:contract_new",
    "offshore:claim_new",
    "offshore:return_new",
    "training:class_new",
    "training:trainee_new",
    "training:enrol",
    "admin:accounts_accreditation_add",
)
#: Contrast is two thirds of axe's time, and follows from a text's computed style: each such style is looked at once.
CONTRAST = """axe.configure({rules: [{id: "color-contrast", selector: "[data-unseen]"}]});
window.seen = new Set();
window.markUnseen = () => {
    for (const element of document.querySelectorAll("body *")) {
        if (![...element.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim())
            && !element.matches("input, select, textarea")) continue;
        const own = getComputedStyle(element);
        const style = [own.color, own.fontSize, own.fontWeight, own.textShadow];
        for (let at = element; at; at = at.parentElement) {
            const of = getComputedStyle(at);
            style.push(of.backgroundColor, of.backgroundImage, of.opacity);
        }
        if (!element.checkVisibility() || window.seen.has(style.join())) continue;
        window.seen.add(style.join());
        element.dataset.unseen = "";
    }
};"""
AXE = """async () => {
    markUnseen();
    const found = await axe.run(document, {resultTypes: ["violations"]});
    return found.violations.flatMap(rule => rule.nodes.map(node =>
        `${rule.id}: ${node.target} ${node.html.slice(0, 160)}`));
}"""


def seen(world, language: str) -> Iterator[tuple[str, str, bool]]:
    """Each page of the URL configuration once: a name for the report, its HTML, is it one of the desk."""
    people = {
        "owner": world.owner,
        **{role: worlds.person(world, role) for role in READERS if role != "owner"},
        "nobody": worlds.person(world, "nobody"),
    }
    clients = {role: worlds.client_of(user) for role, user in people.items()}
    for client in clients.values():
        client.cookies["language"] = language
        if language == "en":
            client.cookies["display_contrast"] = "high"

    def page(client, url: str, method: str = "get") -> str | None:
        sent = [{"csrfmiddlewaretoken": "sent"}] if method == "post" else []
        answer = getattr(client, method)(url, *sent)
        shown = answer.status_code in (200, 409, 422) and answer["Content-Type"].startswith("text/html")
        return answer.content.decode() if shown and b"<html" in answer.content else None

    def first(target: Target) -> tuple[str, str] | None:
        for role in READERS:
            if html := page(clients[role], target.url):
                return role, html
        return None

    known = one_of_each(world)
    cases = [target for target in targets(world) if target.owner and target.name == "casework:case"]
    for target in [*known, *cases]:
        if found := first(target):
            role, html = found
            yield f"{target.name} {target.url} as {role}", html, target.url.startswith("/admin/")
    for target in known:
        if target.name in EMPTY_FORMS:
            html = next(filter(None, (page(clients[role], target.url, "post") for role in READERS)))
            assert re.search("error-summary|has-error|errornote", html), target
            yield f"{target.name} left empty", html, target.url.startswith("/admin/")
    number, submit = world.returned.number, reverse("offshore:submit", args=[world.returned.number])
    marked = [reverse(f"offshore:{name}", args=[number]) for name in ("claim", "submit")]
    marked += [reverse("documents:case", args=[number]), reverse("casework:case", args=[number])]
    for url in marked:
        yield f"{url} returned", page(clients["owner"], url), False
    yield f"{submit} refused", page(clients["owner"], submit, "post"), False
    for url in (reverse("dashboard"), reverse("organisations"), reverse("messaging:inbox")):
        yield f"{url} with nothing in it", page(clients["nobody"], url), False
    missing = clients["visitor"].get("/no-such-page")
    yield "no such page", missing.content.decode(), False


@pytest.fixture
def world(db):
    return worlds.build()


def of_portal(route: Route) -> None:
    """Answers a browser with the portal's style sheets and scripts, and with its front page for the rest."""
    path = urlsplit(route.request.url).path
    if found := finders.find(unquote(path.removeprefix("/static/"))) if path.startswith("/static/") else None:
        route.fulfill(path=found)
    else:
        answer = Client().get("/")
        route.fulfill(body=answer.content.decode(), headers=dict(answer.headers))


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_axe_finds_nothing_and_nothing_is_wider_than_a_telephone(world, browser, language):
    """Chinese in the usual colours, English in high contrast; under the portal's content security policy."""
    context = browser.new_context(viewport=WIDE, locale="zh-CN", timezone_id="Asia/Shanghai")
    context.route("**/*", of_portal)
    page = context.new_page()
    page.goto("http://portal.test/")
    page.evaluate(AXE_SCRIPT)
    page.evaluate(CONTRAST)
    wrong: dict[str, list[str]] = {}
    count = 0
    for name, html, of_desk in seen(world, language):
        count += 1
        page.set_content(html)
        faults = page.evaluate(AXE)
        if not of_desk:
            page.set_viewport_size(NARROW)
            width = page.evaluate("document.documentElement.scrollWidth")
            if width > NARROW["width"]:
                faults.append(f"{width} pixels wide on a telephone")
            page.set_viewport_size(WIDE)
        if faults:
            wrong[name] = faults
    # The last page once more with a pale title: otherwise a look at nothing would pass.
    page.evaluate("document.querySelector('h1').style.color = '#ddd'")
    pale = page.evaluate(AXE)
    context.close()
    assert wrong == {}
    assert [fault.partition(":")[0] for fault in pale] == ["color-contrast"]
    assert count > 200
