"""A correction in Chromium: an official marks one amount, the clerk corrects exactly that, the official sees it."""

import re

from playwright.sync_api import expect

from tests.e2e.test_journeys import decide, filed_number, open_case


def test_an_official_marks_one_amount_and_gets_exactly_that_corrected(person, unique):
    clerk = person("enterprise3")
    clerk.go("/offshore/claims/new").fill(year="2018").press()
    number = clerk.page.url.rsplit("/", 1)[1]
    contract = clerk.page.locator("[name$='-0-contract'] option").last.get_attribute("value")
    clerk.fill(
        receipts__0__contract=contract,
        receipts__0__received_on="2018-05-20",
        receipts__0__amount="250000",
        receipts__0__bank_reference=f"BANK-{unique}",
    ).press(".action-bar button.btn-primary")
    clerk.supply(number).fill(undertaking=True, name="示例法定代表人").press(
        "main form button.btn-primary:visible"
    )
    assert filed_number(clerk) == number
    expect(clerk.page.locator("#calculation .sheet-amount")).to_contain_text("50,000.00", timeout=30_000)

    official = open_case(person("initial"), number)
    official.page.locator("[data-pin-part=amount]").first.click()
    remark = official.page.locator("[data-remark]:visible")
    expect(remark).to_have_count(1)
    expect(remark.locator("[name$='-part']")).to_have_value("amount")
    remark.locator("textarea").fill("银行回单金额为260,000.00美元，请核对。")
    official.page.fill("#id_reason", "请核对收汇金额。")
    official.press("button[name=outcome][value=return]")

    clerk.go(f"/cases/{number}")
    expect(clerk.page.locator(".status")).to_have_attribute("data-status", "returned")
    assert "银行回单金额为260,000.00美元" in clerk.text and "个工作日" in clerk.text
    clerk.press("main .remarks a")
    expect(clerk.page).to_have_url(re.compile(rf"/offshore/claims/{number}#remark-"))
    expect(clerk.page.locator(".remark-at")).to_be_in_viewport()
    expect(clerk.page.locator("[name$='-0-bank_reference']")).to_be_disabled()
    expect(clerk.page.locator("[name=note]")).to_be_disabled()
    expect(clerk.page.locator("[data-formset-add]")).to_have_count(0)
    clerk.fill(receipts__0__amount="260000").press(".action-bar button.btn-primary")
    clerk.page.locator("[name^='answer-']").fill("已按回单更正。")
    clerk.fill(undertaking=True, name="示例法定代表人").press("main form button.btn-primary:visible")
    expect(clerk.page.locator("#calculation .sheet-amount")).to_contain_text("52,000.00", timeout=30_000)

    open_case(official, number)
    changes = official.page.locator("[data-change]")
    expect(changes).to_have_count(1)
    expect(changes.locator("del")).to_have_text("250,000.00")
    expect(changes.locator("ins")).to_have_text("260,000.00")
    expect(official.page.locator(".correction")).to_contain_text("已按回单更正。")
    decide(official, number)
    official.go(f"/admin/casework/case/?q={number}&queue=all")
    expect(official.page.locator("#result_list .status")).to_have_attribute("data-status", "final_review")

    # What the clerk prints is the second version, with its amounts in capital numerals.
    said = clerk.printed(number)
    assert "人民币伍万贰仟元整" in said and "260,000.00" in said and number in said
    assert re.search(r"第2[版次]", said), said[:400]
    assert "人民币伍万贰仟元整" in clerk.text
