"""For everyone: axe on every URL, none wider than a telephone, filing by keyboard alone and without JavaScript."""

import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, Route, expect

from nanchang_portal.sample import paper
from tests.access import world as worlds
from tests.access.test_matrix import Target, one_of_each, targets

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
AXE = """async () => {
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
    context.close()
    assert wrong == {}
    assert count > 200


# By keyboard


def tab_to(page: Page, selector: str, most: int = 120) -> None:
    """Presses Tab until the focus is on what the selector names, as a person without a mouse does."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            focus = page.evaluate(
                "() => { const style = getComputedStyle(document.activeElement);"
                " return style.outlineStyle !== 'none' || style.boxShadow !== 'none' }"
            )
            assert focus, f"the focus on {selector} cannot be seen"
            return
    raise AssertionError(f"Tab never reaches {selector}")


def type_day(page: Page, year: str, month: str, day: str) -> None:
    """Types a day into the date field that has the focus, in the order of the browser's language."""
    wanted = f"{year}-{month}-{day}"
    for parts in ((year, month, day), (month, day, year), (day, month, year)):
        for position, part in enumerate(parts):
            page.keyboard.type(part)
            if position < 2 and len(part) == 4:
                page.keyboard.press("ArrowRight")
        if page.evaluate("document.activeElement.value") == wanted:
            return
        for _ in range(3):
            page.keyboard.press("Backspace")
            page.keyboard.press("ArrowLeft")
    raise AssertionError(f"{wanted} cannot be typed")


def choose_by_keyboard(page: Page, paper_code: str, data: bytes) -> None:
    """Opens the file dialog of a paper from its focused field, chooses, and waits until the file was checked."""
    page.on("filechooser", lambda _dialog: None)  # the browser is told in time that dialogs are caught
    tab_to(page, f".paper[id$='-{paper_code}'] input[type=file]")
    with page.expect_file_chooser() as dialog:
        page.keyboard.press("Enter")
    dialog.value.set_files({"name": f"{paper_code}.pdf", "mimeType": "application/pdf", "buffer": data})
    done = page.locator(f".paper[id$='-{paper_code}'] .paper-head .chip-good")
    expect(done).to_be_visible(timeout=30_000)


def test_a_claim_is_filed_by_keyboard_alone(person, unique):
    someone = person()
    page = someone.page
    page.goto("/accounts/login/")
    tab_to(page, "[name=login]")
    page.keyboard.type("enterprise2")
    tab_to(page, "[name=password]", 1)
    page.keyboard.type("Nanchang-shili-2015")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.goto("/offshore/claims/new")
    tab_to(page, "main [name=year]")
    page.keyboard.type("2020")
    tab_to(page, "main form button[type=submit]")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    tab_to(page, "[name=receipts-0-contract]")
    page.keyboard.press("ArrowDown")
    tab_to(page, "[name=receipts-0-received_on]", 3)
    type_day(page, "2020", "05", "20")
    tab_to(page, "[name=receipts-0-amount]", 5)
    page.keyboard.type("250000")
    tab_to(page, "[name=receipts-0-bank_reference]", 3)
    page.keyboard.type(f"KEY-{unique}")
    tab_to(page, "button[name=next]", 12)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/submit$"))
    number = page.url.split("/")[-2]
    tab_to(page, f"main a[href='/documents/cases/{number}']")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    choose_by_keyboard(page, "undertaking", paper.pdf("Undertaking", [unique]))
    someone.supply(number)
    page.goto(f"/offshore/claims/{number}/submit")
    tab_to(page, "main [name=undertaking]")
    page.keyboard.press("Space")
    tab_to(page, "main [name=name]", 2)
    page.keyboard.press("Control+a")
    page.keyboard.type("示例法定代表人")
    tab_to(page, "main form button.btn-primary", 3)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/cases/OS-2020-\d+"))
    expect(page.locator("#calculation .sheet-amount")).to_contain_text("50,000.00", timeout=30_000)


# Without JavaScript


def test_a_claim_is_filed_without_javascript(new_context, unique):
    from tests.e2e.conftest import Person

    someone = Person(new_context(java_script_enabled=False).new_page())
    someone.sign_in("enterprise4")
    someone.go("/offshore/claims/new")
    someone.page.locator("main [name=year]").select_option("2021")
    someone.press()
    number = someone.page.url.rsplit("/", 1)[1]
    page = someone.page

    def receipt(row: int, amount: str) -> None:
        page.locator(f"[name=receipts-{row}-contract]").select_option(index=1)
        page.locator(f"[name=receipts-{row}-received_on]").fill("2021-05-20")
        page.locator(f"[name=receipts-{row}-amount]").fill(amount)
        page.locator(f"[name=receipts-{row}-bank_reference]").fill(f"PLAIN-{row}-{unique}")

    receipt(0, "150,000.00")
    someone.press("button[name=add_row]")
    receipt(1, "100,000.00")
    someone.press("button[name=next]:visible")
    expect(page.locator("#estimate")).to_contain_text("50,000.00")
    page.locator("main a[href*='-undertaking']").click()
    form = page.locator(".paper[id$='-undertaking'] form.upload")
    form.locator("input[type=file]").set_input_files(
        {"name": "承诺书.pdf", "mimeType": "application/pdf", "buffer": paper.pdf("Undertaking")}
    )
    with page.expect_navigation():
        form.locator("button").click()
    expect(page.locator(".paper[id$='-undertaking'] .paper-files")).to_contain_text("承诺书.pdf")
    someone.supply(number).go(f"/offshore/claims/{number}/submit")
    page.locator("[name=undertaking]").check()
    page.locator("[name=name]").last.fill("示例法定代表人")
    someone.press("main form button.btn-primary")
    expect(page).to_have_url(re.compile(f"/cases/{number}"))
    expect(page.locator(".status").first).to_have_attribute("data-status", "initial_review")
