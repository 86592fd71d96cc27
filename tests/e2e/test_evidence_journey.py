"""Papers in Chromium: chosen, dropped, refused, checked by the worker, filed, read by an official; and no script."""

import base64
import re

from playwright.sync_api import expect

from nanchang_portal.sample import paper
from nanchang_portal.sample.paper import chunk
from tests.documents import hostile
from tests.e2e.test_journeys import FIRST_PASSWORD, filed_number, open_case, register

DROP = """([selector, name, type, content]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const carried = new DataTransfer();
  carried.items.add(new File([bytes], name, { type }));
  const target = document.querySelector(selector);
  for (const kind of ["dragenter", "dragover", "drop"]) {
    target.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: carried }));
  }
}"""


def draft_with_a_receipt(clerk, unique: str) -> str:
    """A contract and a claim with one receipt; returns the claim's number."""
    clerk.contract_form(unique).press()
    clerk.go("/offshore/claims/new").fill(year="2015").press()
    number = clerk.page.url.rsplit("/", 1)[1]
    contract = clerk.page.locator("[name$='-0-contract'] option").last.get_attribute("value")
    clerk.fill(
        receipts__0__contract=contract,
        receipts__0__received_on="2015-05-20",
        receipts__0__amount="300000",
        receipts__0__bank_reference=f"BANK-{unique}",
    ).press(".action-bar button.btn-primary")
    return number


def item(page, code: str):
    return page.locator(f".paper[id$='-{code}']")


def choose(page, code: str, name: str, data: bytes):
    item(page, code).locator("form[data-upload] input[type=file]:visible").last.set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": data}
    )


def test_papers_from_the_first_upload_to_the_officials_eyes(person, unique, new_credit_code):
    clerk = register(person(), unique, new_credit_code, "enterprise")
    number = draft_with_a_receipt(clerk, unique)
    page = clerk.page
    expect(page).to_have_url(re.compile(f"/offshore/claims/{number}/submit"))
    page.locator(f"a[href='/documents/cases/{number}']").first.click()
    expect(page.locator(".papers")).to_have_count(3)

    # A program that calls itself a PDF: said at its place, nothing kept.
    choose(page, "bank_receipt", "回单.pdf", b"MZ" + bytes(200))
    expect(item(page, "bank_receipt").locator("[data-upload-error]")).to_contain_text("程序")
    # The good one, chosen: the worker looks at it, and the section says so by itself.
    choose(page, "bank_receipt", "回单.pdf", paper.pdf(f"Receipt {unique}"))
    receipt = item(page, "bank_receipt")
    expect(receipt.get_by_role("link", name="回单.pdf")).to_be_visible()
    expect(receipt.locator(".paper-head .chip-good")).to_be_visible(timeout=30_000)
    # Another one, dropped, over a slow line: how far it is can be seen and is read out.
    content = base64.b64encode(hostile.png(before=chunk(b"prVt", bytes(400_000)))).decode()
    selector = ".paper[id$='-business_licence'] form[data-upload]"
    licence = item(page, "business_licence")
    line = page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 300_000}
    line.send("Network.emulateNetworkConditions", slow)
    page.evaluate(DROP, [selector, "执照.png", "image/png", content])
    expect(licence.locator("progress")).to_be_visible()
    expect(licence.locator(".upload-state")).to_have_text(re.compile(r"执照\.png.*\b[1-9]\d? ?%"))
    line.send("Network.emulateNetworkConditions", slow | {"uploadThroughput": -1})
    expect(licence.get_by_role("link", name="执照.png")).to_be_visible()
    expect(licence.locator(".paper-head .chip-good")).to_be_visible(timeout=30_000)
    # A better scan takes its place.
    licence.locator("summary").click()
    licence.locator(".paper-replace input[type=file]").set_input_files(
        {"name": "执照2.png", "mimeType": "image/png", "buffer": hostile.png(80, 50)}
    )
    expect(licence.get_by_role("link", name="执照2.png")).to_be_visible()
    expect(licence.get_by_role("link", name="执照.png")).to_have_count(0)
    expect(licence.locator(".paper-head .chip-good")).to_be_visible(timeout=30_000)

    # The preview is a picture, the download the file itself.
    receipt.get_by_role("link", name="回单.pdf").click()
    expect(page.locator(".file-preview img")).to_have_js_property("naturalWidth", 1000, timeout=30_000)
    with page.expect_download() as download:
        page.locator("a[href$='/download']").click()
    assert download.value.suggested_filename == "回单.pdf"
    with open(download.value.path(), "rb") as file:
        assert file.read() == paper.pdf(f"Receipt {unique}")

    clerk.supply(number).go(f"/offshore/claims/{number}/submit").fill(undertaking=True, name="李伟").press(
        "main form button.btn-primary:visible"
    )
    assert filed_number(clerk) == number
    expect(page.locator(".filed-papers li")).to_have_count(4)
    official = open_case(person("initial"), number)
    official.page.get_by_role("link", name="回单.pdf").click()
    shown = official.page.locator(".file-preview img")
    expect(shown).to_have_js_property("naturalWidth", 1000, timeout=30_000)


def test_papers_without_a_script(person, unique, new_credit_code, new_context):
    clerk = register(person(), unique, new_credit_code, "enterprise")
    number = draft_with_a_receipt(clerk, unique)
    page = new_context(java_script_enabled=False).new_page()
    page.goto("/accounts/login/")
    page.locator("[name=login]").fill(f"clerk-{unique}")
    page.locator("[name=password]").fill(FIRST_PASSWORD)
    page.locator("main form button[type=submit]").last.click()
    page.goto(f"/documents/cases/{number}")
    form = item(page, "audit_report").locator("form.upload")
    for data in (hostile.pdf(trailer=b"/Encrypt 9 0 R"), paper.pdf("Audit")):
        form.locator("input[type=file]").set_input_files(
            {"name": "审计报告.pdf", "mimeType": "application/pdf", "buffer": data}
        )
        form.locator("button").click()
        if page.locator("[data-upload-error]").count():
            expect(page.locator("[data-upload-error]")).to_contain_text("密码")
    expect(item(page, "audit_report").get_by_role("link", name="审计报告.pdf")).to_be_visible()
