"""An institution in Chromium: a workbook with an error, the right one, papers, a marked certificate, the print."""

import re

from playwright.sync_api import expect

from nanchang_portal.sample import paper
from tests import factories
from tests.e2e.test_evidence_journey import choose, item
from tests.e2e.test_journeys import decide, designate, filed_number, open_case, register
from tests.e2e.test_workbook_journey import upload
from tests.workbooks.conftest import CLASS, trainee, xlsx


def test_from_a_wrong_workbook_to_the_print_of_what_was_corrected(person, unique, new_credit_code):
    clerk = register(person(), unique, new_credit_code, "institution")
    designate(person("final"), new_credit_code, unique)
    page, count = clerk.page, int(unique, 16)
    row = trainee(
        name="示例学员",
        class_code=f"K-{unique}",
        identity=factories.identity_number(count % 1000, born="19930216", division="360198"),
        certificate_number=f"CERT-{unique}",
        employer_code=factories.credit_code(count % 10**9, division="360102"),
    )
    classes = [CLASS | {"code": f"K-{unique}"}]

    # An identity number with a slip of the finger: said by row and column, nothing taken over.
    wrong = row["identity"][:-1] + ("1" if row["identity"][-1] != "1" else "2")
    upload(
        clerk,
        xlsx("training", {"classes": classes, "trainees": [row | {"identity": wrong}]}),
        "学员.xlsx",
        "training",
    )
    faults = page.locator("main table tbody tr")
    expect(faults).to_have_count(1, timeout=60_000)
    expect(faults).to_contain_text("校验位")
    with page.expect_download() as download:
        page.locator("a[href$='corrected.xlsx']").click()
    assert download.value.suggested_filename.endswith("-errors.xlsx")
    upload(clerk, xlsx("training", {"classes": classes, "trainees": [row]}), "学员.xlsx", "training")
    take_over = page.locator("form[action$=confirm] button")
    expect(take_over).to_be_visible(timeout=60_000)
    take_over.click()
    expect(page.locator("main a.btn-primary[href='/training/trainees/']")).to_be_visible(timeout=60_000)

    clerk.go("/training/claims/new").press()
    number = page.url.rsplit("/", 1)[1]
    page.get_by_label("示例学员").check()
    clerk.press("button[name=next]")
    assert "3,500.00" in clerk.text
    page.locator(f"main a[href^='/documents/cases/{number}']").first.click()
    choose(page, "certificate_copy", "证书.pdf", paper.pdf("Certificate"))
    expect(item(page, "certificate_copy").locator(".paper-head .chip-good")).to_be_visible(timeout=30_000)
    clerk.supply(number).go(f"/training/claims/{number}/submit").fill(undertaking=True, signed_by="示例校长")
    clerk.press("main form button.btn-primary:visible")
    assert filed_number(clerk) == number
    expect(page.locator("#calculation .sheet-amount")).to_contain_text("3,500.00", timeout=30_000)

    official = open_case(person("initial"), number)
    official.page.locator("[data-pin-part=certificate]").first.click()
    official.page.locator("[data-remark]:visible textarea").fill("证书编号与复印件不一致，请核对。")
    official.page.fill("#id_reason", "请核对证书编号。")
    official.press("button[name=outcome][value=return]")

    clerk.go(f"/cases/{number}").press("main .remarks a")
    expect(page.locator(".remark-at").first).to_contain_text("证书编号与复印件不一致")
    if "/enrolments/" not in page.url:
        with page.expect_navigation():
            page.locator("main a[href^='/training/enrolments/']").first.click()
    expect(page.locator("[name=signed_on]")).to_be_disabled()
    clerk.fill(certificate_number=f"CERT-{unique}-B").press()
    clerk.go(f"/training/claims/{number}/submit")
    page.locator("[name^='answer-']").fill("已按证书更正。")
    clerk.fill(undertaking=True, signed_by="示例校长").press("main form button.btn-primary:visible")
    expect(page.locator("#calculation .sheet-amount")).to_contain_text("3,500.00", timeout=30_000)

    open_case(official, number)
    change = official.page.locator("[data-change]")
    expect(change).to_have_count(1)
    expect(change.locator("ins")).to_have_text(f"CERT-{unique}-B")
    decide(official, number)

    said = clerk.printed(number)
    assert "人民币叁仟伍佰元整" in said and f"CERT-{unique}-B" in said and number in said
    assert row["identity"] not in said and f"{row['identity'][:6]}****" in said
    assert re.search(r"第2[版次]", said), said[:400]
