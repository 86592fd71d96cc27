"""Somebody without an account in real Chromium, in both languages: checks a case, shares it, searches the register."""

import pytest
from playwright.sync_api import expect


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_visitor_checks_a_case_and_reads_the_lists(person, portal, language):
    visitor = person()
    page = visitor.page
    page.context.add_cookies([{"name": "language", "value": language, "url": portal.url}])
    visitor.go("/")
    page.locator("main a[href='/check/offshore']").first.click()

    # A wrong number is said at its field, and what was typed is kept.
    visitor.fill(year="20155", claim1="150000").press()
    expect(page.locator(".error-summary")).to_be_visible()
    expect(page.locator("[name=year]")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("[name=claim1]")).to_have_value("150,000")

    # One field more than what is filled in, and a link that shows the same to others.
    visitor.fill(year="2015", claim1="150000", claim2="100000").press()
    expect(page.locator("#result")).to_contain_text("50,000.00")
    shared = page.locator("#share-link").input_value()
    somebody_else = person()
    somebody_else.page.goto(shared.replace(shared.split("/check/")[0], portal.url))
    expect(somebody_else.page.locator("#result")).to_contain_text("50,000.00")

    # The other programme: one day short, said exactly.
    page.locator("main nav a[href='/check/training']").click()
    visitor.fill(
        training_start="2015-03-01",
        training_end="2015-05-31",
        contract_start="2015-07-01",
    ).press()
    expect(page.locator("#result")).to_contain_text("差1天" if language == "zh-hans" else "one day short")

    # The register by two characters, as a page and as a file.
    visitor.go("/register")
    visitor.fill(q="示例").press("main form[role=search] button")
    expect(page.locator("main tbody tr").first).to_contain_text("示例")
    with page.expect_download() as file:
        page.locator("main a[href^='/register.csv']").click()
    assert "示例" in file.value.path().read_text(encoding="utf-8-sig")
    visitor.fill(q="没有这样的名称").press("main form[role=search] button")
    expect(page.locator("main tbody tr")).to_have_count(0)

    # Statistics of a year, a chart's figures as a table, and the same as a file.
    page.locator("header nav a[href='/statistics']").click()
    visitor.fill(year="2020").press("main form button[type=submit]")
    chart = page.locator("#chart-growth")
    expect(chart.locator("svg[role=img]")).to_be_visible()
    chart.locator("summary").click()
    expect(chart.locator("tbody tr").filter(has_text="2020")).to_be_visible()
    with page.expect_download() as file:
        page.locator("main a[href^='/statistics.csv']").click()
    assert '"2020","market","total",' in file.value.path().read_text(encoding="utf-8-sig")

    # Elder mode goes along to the next page.
    visitor.press("header button[name=mode]")
    visitor.go("/guide/students")
    expect(page.locator("html")).to_have_attribute("data-mode", "elder")
    visitor.press("header button[name=mode]")
    expect(page.locator("html:not([data-mode])")).to_have_count(1)
    assert visitor.problems == []
