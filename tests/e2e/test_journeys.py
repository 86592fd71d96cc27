"""The main job in real Chromium: file, calculate, review by two officials, read the award."""

import re

from playwright.sync_api import expect

from tests import factories
from tests.e2e.conftest import Person

FIRST_PASSWORD = "Qingshanhu-2015-kaishi"


def register(someone, unique: str, credit_code: str, kind: str):
    """Sign up as a new person and register an organisation."""
    someone.page.goto("/accounts/signup/")
    someone.fill(
        display_name="示例经办人",
        username=f"clerk-{unique}",
        email=f"clerk-{unique}@example.test",
        password1=FIRST_PASSWORD,
        password2=FIRST_PASSWORD,
    ).press()
    someone.go("/organisations/new")
    someone.page.locator(f"[name=kind][value={kind}]").check()
    someone.fill(
        name=f"示例{unique}（虚构）",
        credit_code=credit_code,
        contact_name="示例联系人",
        contact_phone="0791-00000000",
    ).press()
    expect(someone.page).to_have_url(re.compile("/desk/"))
    return someone


def filed_number(someone) -> str:
    expect(someone.page).to_have_url(re.compile(r"/cases/(OS|TR)-\d{4}-\d+"))
    return someone.page.url.rsplit("/", 1)[1].split("?")[0]


def open_case(official, number: str):
    """From the queue to the review page of a case, by its number."""
    official.go(f"/admin/casework/case/?q={number}&queue=all")
    with official.page.expect_navigation():
        official.page.get_by_role("link", name=number).click()
    return official


def decide(official, number: str, outcome: str = "pass"):
    open_case(official, number).press(f"button[name=outcome][value={outcome}]")


def test_an_enterprise_from_sign_up_to_its_award(person, unique, new_credit_code):
    clerk = register(person(), unique, new_credit_code, "enterprise")
    clerk.contract_form(unique).press()
    clerk.go("/offshore/claims/new").fill(year="2015").press()
    number = clerk.page.url.rsplit("/", 1)[1]
    contract = clerk.page.locator("[name$='-0-contract'] option").last.get_attribute("value")
    with clerk.page.expect_response(lambda answer: f"BANK-{unique}" in (answer.request.post_data or "")):
        clerk.fill(
            receipts__0__contract=contract,
            receipts__0__received_on="2015-05-20",
            receipts__0__amount="2700000",
            receipts__0__bank_reference=f"BANK-{unique}",
        )
    # The live estimate is the decision's own trace, while typing.
    expect(clerk.page.locator("#estimate")).to_contain_text("500,000.00", timeout=15_000)
    expect(clerk.page.locator("[name$='-0-amount']")).to_have_value("2,700,000")

    # The session is lost; what was typed is not.
    clerk.page.context.clear_cookies()
    clerk.sign_in(f"clerk-{unique}", FIRST_PASSWORD).go(f"/offshore/claims/{number}")
    expect(clerk.page.locator("[name$='-0-bank_reference']")).to_have_value(f"BANK-{unique}")

    clerk.press(".action-bar button.btn-primary")
    # What is missing is listed, each with a way to its place.
    missing = clerk.page.locator("main a[href^='/documents/of/']")
    expect(missing).to_have_count(3)
    clerk.supply(number).page.reload()
    expect(missing).to_have_count(0)
    # Without the undertaking nothing is filed.
    clerk.press("main form button.btn-primary:visible")
    expect(clerk.page.locator("[data-error-summary]")).to_be_visible()
    clerk.fill(undertaking=True, name="示例法定代表人").press("main form button.btn-primary:visible")
    assert filed_number(clerk) == number
    expect(clerk.page.locator("#calculation .sheet-amount")).to_contain_text("500,000.00", timeout=30_000)

    decide(person("initial"), number)
    final = open_case(person("final"), number)
    expect(final.page.locator("button[name=outcome][value=pass]")).to_contain_text("500,000.00")
    final.press("button[name=outcome][value=pass]")

    clerk.go(f"/cases/{number}")
    expect(clerk.page.locator(".status")).to_have_attribute("data-status", "approved")
    assert "500,000.00" in clerk.text
    assert "南昌市服务外包扶持资金申报平台" in clerk.text, "the award is read in Chinese"
    assert "初审" in clerk.text, "the history is there"


def test_what_was_typed_outlives_the_session(person, unique):
    """A form that stood open for long is not sent in vain: its clerk signs in elsewhere and presses again."""
    clerk = person("enterprise4")
    clerk.page.clock.install()
    clerk.contract_form(unique)
    context = clerk.page.context
    context.clear_cookies()
    clerk.page.clock.fast_forward("20:00")
    send = clerk.page.locator("main form button[type=submit]:visible").last
    send.click()
    notice = clerk.page.locator("[data-signed-out]")
    expect(notice).to_be_focused()
    elsewhere = Person(context.new_page()).sign_in("enterprise4")
    elsewhere.page.close()
    expect(clerk.page.locator("[name=contract_number]")).to_have_value(f"C-{unique}")
    with clerk.page.expect_navigation():
        send.click()
    expect(clerk.page).to_have_url(re.compile("/offshore/contracts/$"))
    expect(clerk.page.locator("main")).to_contain_text(f"C-{unique}")


def test_a_claim_submitted_in_the_browser_while_the_broker_is_down(person, portal):
    """Received at once; calculated when the broker returns, while the page waits and asks by itself."""
    clerk = person("enterprise3")
    clerk.go("/offshore/claims/new").fill(year="2019").press()
    number = clerk.page.url.rsplit("/", 1)[1]
    contract = clerk.page.locator("[name$='-0-contract'] option").last.get_attribute("value")
    clerk.fill(
        receipts__0__contract=contract,
        receipts__0__received_on="2019-05-20",
        receipts__0__amount="250000",
        receipts__0__bank_reference="BANK-BROKER-DOWN",
    ).press(".action-bar button.btn-primary")
    clerk.supply(number).fill(undertaking=True, name="示例法定代表人")
    with portal.without("valkey"):
        clerk.press("main form button.btn-primary:visible")
        assert filed_number(clerk) == number
        expect(clerk.page.locator("#calculation [role=status]")).to_be_visible()
    expect(clerk.page.locator("#calculation .sheet-amount")).to_contain_text("50,000.00", timeout=60_000)


def designate(official, credit_code: str, unique: str) -> None:
    """Enter the institution's designation at the desk."""
    official.go("/admin/accounts/accreditation/add/")
    official.page.locator("[name=kind]").select_option("designation")
    official.page.fill("[name=organisation]", credit_code)
    official.page.fill("[name=document_number]", f"指定-{unique}")
    official.page.fill("[name=valid_from]", "2013-01-01")
    official.press("[name=_save]")


def enrol_one(clerk, unique: str) -> None:
    """A class and a trainee with certificate and labour contract, typed into the forms."""
    clerk.go("/training/classes/new").fill(
        code=f"K-{unique}",
        name="Java 示例班",
        sector="software",
        starts_on="2015-03-01",
        ends_on="2015-06-01",
    ).press()
    clerk.go("/training/trainees/new").fill(
        name="示例学员",
        identity=factories.identity_number(int(unique, 16) % 1000, born="19930215", division="360199"),
        education="bachelor",
        school="示例大学（虚构）",
        consent_on="2015-03-01",
    )
    clerk.page.locator("[name=training_class]").select_option(index=1)
    clerk.press()
    with clerk.page.expect_navigation():
        clerk.page.locator("main a[href^='/training/enrolments/']").first.click()
    clerk.fill(
        certificate_number=f"CERT-{unique}",
        certificate_issued_on="2015-06-20",
        employer_code=factories.credit_code(int(unique, 16) % 10**9, division="360102"),
        signed_on="2015-07-01",
        contract_starts_on="2015-07-01",
        contract_ends_on="2016-07-01",
    )
    name = clerk.page.locator("main [name=employer_name]:visible")
    if name.count():
        name.fill("示例雇主（虚构）")
    clerk.press()
    if clerk.page.locator("main [name=employer_name]:visible").count() and "enrolments" in clerk.page.url:
        clerk.fill(employer_name="示例雇主（虚构）").press()


def test_an_institution_from_its_designation_to_the_award(person, unique, new_credit_code):
    clerk = register(person(), unique, new_credit_code, "institution")
    designate(person("final"), new_credit_code, unique)
    enrol_one(clerk, unique)
    clerk.go("/training/claims/new").press()
    number = clerk.page.url.rsplit("/", 1)[1]
    clerk.page.locator(
        "main table input[type=checkbox][name=enrolment], main table input[type=checkbox]"
    ).last.check()
    clerk.press(".action-bar button.btn-primary")
    assert "3,500.00" in clerk.text
    clerk.supply(number).fill(undertaking=True, signed_by="示例校长").press(
        "main form button.btn-primary:visible"
    )
    assert filed_number(clerk) == number
    expect(clerk.page.locator("#calculation .sheet-amount")).to_contain_text("3,500.00", timeout=30_000)

    decide(person("initial"), number)
    decide(person("final2"), number)
    clerk.go(f"/cases/{number}")
    expect(clerk.page.locator(".status").first).to_have_attribute("data-status", "approved")
    assert "2,000.00" in clerk.text and "1,500.00" in clerk.text
