"""Whole filings of an enterprise and an institution by keyboard alone, and in a browser that runs no script."""

import re

from playwright.sync_api import Page, expect

from nanchang_portal.sample import paper
from nanchang_portal.sample.people import PASSWORD
from tests.e2e.conftest import Person
from tests.e2e.test_journeys import designate, enrol_one, register

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


def sign_in_by_keyboard(someone, login: str):
    page = someone.page
    page.goto("/accounts/login/")
    tab_to(page, "[name=login]")
    page.keyboard.type(login)
    tab_to(page, "[name=password]", 1)
    page.keyboard.type(PASSWORD)
    enter(page)
    return someone


def enter(page: Page) -> None:
    with page.expect_navigation():
        page.keyboard.press("Enter")


def hand_in(someone, unique: str, signature: str) -> None:
    """From the page that checks a claim to its filing: papers, undertaking, the name in the field `signature`."""
    page = someone.page
    expect(page).to_have_url(re.compile("/submit$"))
    address, number = page.url, page.url.split("/")[-2]
    tab_to(page, f"main a[href^='/documents/cases/{number}']")
    enter(page)
    choose_by_keyboard(page, "undertaking", paper.pdf("Undertaking", [unique]))
    someone.supply(number)
    page.goto(address)
    tab_to(page, "main [name=undertaking]")
    page.keyboard.press("Space")
    tab_to(page, f"main [name={signature}]", 2)
    page.keyboard.press("Control+a")
    page.keyboard.type("示例法定代表人")
    tab_to(page, "main form button.btn-primary", 3)
    enter(page)


def test_an_enterprise_files_by_keyboard_alone(person, unique):
    someone = sign_in_by_keyboard(person(), "enterprise2")
    page = someone.page
    page.goto("/offshore/claims/new")
    tab_to(page, "main [name=year]")
    page.keyboard.type("2020")
    tab_to(page, "main form button[type=submit]")
    enter(page)
    tab_to(page, "[name=receipts-0-contract]")
    page.keyboard.press("ArrowDown")
    tab_to(page, "[name=receipts-0-received_on]", 3)
    type_day(page, "2020", "05", "20")
    tab_to(page, "[name=receipts-0-amount]", 5)
    page.keyboard.type("250000")
    tab_to(page, "[name=receipts-0-bank_reference]", 3)
    page.keyboard.type(f"KEY-{unique}")
    tab_to(page, "button[name=next]", 12)
    enter(page)
    hand_in(someone, unique, "name")
    expect(page).to_have_url(re.compile(r"/cases/OS-2020-\d+"))
    expect(page.locator("#calculation .sheet-amount")).to_contain_text("50,000.00", timeout=30_000)


def test_an_institution_files_by_keyboard_alone(person, unique):
    someone = sign_in_by_keyboard(person(), "institution")
    page = someone.page
    page.goto("/training/claims/new")
    tab_to(page, "main form button[type=submit]")
    enter(page)  # the draft of the year opens again
    number = page.url.rsplit("/", 1)[1]
    without_contract = page.get_by_label("韩嘉豪").get_attribute("value")
    tab_to(page, f"[name=chosen][value='{without_contract}']")
    page.keyboard.press("Space")
    expect(page.locator("[name=chosen]:checked")).to_have_count(2)
    tab_to(page, "button[name=next]")
    enter(page)
    hand_in(someone, unique, "signed_by")
    expect(page).to_have_url(re.compile(rf"/cases/{number}"))
    # One hired in the city, one elsewhere.
    expect(page.locator("#calculation .sheet-amount")).to_contain_text("5,000.00", timeout=30_000)


# Without JavaScript


def test_an_enterprise_files_without_javascript(new_context, unique):
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


def test_an_institution_files_without_javascript(new_context, person, unique, new_credit_code):
    someone = register(
        Person(new_context(java_script_enabled=False).new_page()), unique, new_credit_code, "institution"
    )
    page = someone.page
    designate(person("final"), new_credit_code, unique)
    enrol_one(someone, unique)
    someone.go("/training/claims/new").press()
    number = page.url.rsplit("/", 1)[1]
    someone.press("button[formaction$='/eligible']").press("button[name=next]")
    expect(page.locator("#estimate")).to_contain_text("3,500.00")
    page.locator("main a[href^='/documents/of/']").first.click()
    form = page.locator(".paper form.upload").first
    form.locator("input[type=file]").set_input_files(
        {"name": "证书.pdf", "mimeType": "application/pdf", "buffer": paper.pdf("Certificate")}
    )
    with page.expect_navigation():
        form.locator("button").click()
    expect(page.locator(".paper-files").first).to_contain_text("证书.pdf")
    someone.supply(number).go(f"/training/claims/{number}/submit").fill(
        undertaking=True, signed_by="示例校长"
    )
    someone.press("main form button.btn-primary")
    expect(page).to_have_url(re.compile(f"/cases/{number}"))
    expect(page.locator(".status").first).to_have_attribute("data-status", "initial_review")
