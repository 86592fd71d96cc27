"""For everyone: axe on every page, none wider than a telephone, filing by keyboard alone and without JavaScript."""

import re
from collections.abc import Iterator
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import Resolver404, resolve
from playwright.sync_api import Error, Page, expect

NARROW = {"width": 360, "height": 740}
WIDE = {"width": 1280, "height": 900}
WALKS = {
    "": ["/", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/no-such-page"],
    "enterprise": [
        "/desk/",
        "/offshore/claims/new",
        "/offshore/contracts/new",
        "/organisations/",
        "/organisations/new",
    ],
    "enterprise8": ["/desk/"],
    "institution": [
        "/desk/",
        "/training/classes/",
        "/training/trainees/",
        "/training/claims/new",
        "/organisations/",
    ],
    "initial": ["/admin/", "/admin/registers/", "/admin/casework/case/"],
}
#: What ends the walk, or is no page.
CLOSED = re.compile(r"^/(static|healthz|metrics|accounts/logout|admin/(logout|jsi18n))")
#: Registers look alike: one of each kind of page tells enough.
OF_REGISTERS = re.compile(r"admin:(?!casework_case_)\w+_(changelist|change|add|history|delete)$")
EACH_OF_REGISTERS = 1


def kind_of(address: str) -> str | None:
    """The view that answers; None for what is not walked. Every page of one kind looks like the next."""
    parts = urlsplit(address)
    if CLOSED.match(parts.path):
        return None
    try:
        return resolve(parts.path).view_name
    except Resolver404:
        return address


def walk(page: Page, starts: list[str], leave_out: str | None = None) -> Iterator[str]:
    """Opens one page of each kind that can be reached from `starts`, and says which; kinds of `leave_out` are not."""
    host = urlsplit(page.url).netloc or urlsplit(page.evaluate("location.href")).netloc
    ahead, seen, registers = list(starts), set(), {}
    while ahead:
        path = ahead.pop(0)
        kind = kind_of(path)
        if kind is None or kind in seen or (leave_out and kind.startswith(leave_out)):
            continue
        if found := OF_REGISTERS.match(kind):
            registers[found[1]] = registers.get(found[1], 0) + 1
            if registers[found[1]] > EACH_OF_REGISTERS:
                continue
        seen.add(kind)
        try:
            answer = page.goto(path)
        except Error as error:
            if "Download" in str(error) or "ERR_ABORTED" in str(error):
                continue
            raise
        if answer is None or "text/html" not in answer.headers.get("content-type", ""):
            continue
        assert answer.status < 500, path
        yield path
        for link in page.locator("a[href]").evaluate_all("links => links.map(link => link.href)"):
            parts = urlsplit(urldefrag(urljoin(page.url, link)).url)
            if parts.netloc == host and parts.scheme == "http":
                ahead.append(parts.path + (f"?{parts.query}" if parts.query else ""))


#: Advice, not criteria of WCAG, that the tables of rows inside a record and the search box of Django do not follow.
OF_DJANGO = {"empty-table-header", "label-title-only"}


def faults_of(page: Page, axe: Axe) -> list[str]:
    desk = urlsplit(page.url).path.startswith("/admin/")
    return [
        f"{found['id']}: {node['target']} {node['html'][:120]}"
        for found in axe.run(page).response["violations"]
        if not (desk and found["id"] in OF_DJANGO)
        for node in found["nodes"]
    ]


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("login", WALKS)
def test_axe_finds_nothing_and_nothing_is_wider_than_a_telephone(person, portal, login, language):
    """Chinese in the usual colours, English in high contrast: each page is opened once a language."""
    someone, axe = person(login or None), Axe()
    page = someone.page
    cookies = {"language": language} | ({"display_contrast": "high"} if language == "en" else {})
    page.context.add_cookies([{"name": n, "value": v, "url": portal.url} for n, v in cookies.items()])
    page.goto("/")
    wrong: dict[str, list[str]] = {}
    count = 0
    # What everybody sees is walked once, by the visitor.
    for path in walk(page, WALKS[login], leave_out="public:" if login else None):
        count += 1
        faults = faults_of(page, axe)
        if language == "zh-hans" and not path.startswith("/admin/"):
            page.set_viewport_size(NARROW)
            width = page.evaluate("document.documentElement.scrollWidth")
            if width > NARROW["width"]:
                faults.append(f"{width} pixels wide on a telephone")
            page.set_viewport_size(WIDE)
        if faults:
            wrong[path] = faults
    assert wrong == {}
    assert count >= len(WALKS[login])


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


def test_a_claim_is_filed_by_keyboard_alone(person, unique):
    page = person().page
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
    page.locator("[name=undertaking]").check()
    page.locator("[name=name]").last.fill("示例法定代表人")
    someone.press("main form button.btn-primary")
    expect(page).to_have_url(re.compile(f"/cases/{number}"))
    expect(page.locator(".status").first).to_have_attribute("data-status", "initial_review")
