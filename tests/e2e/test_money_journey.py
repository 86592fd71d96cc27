"""The whole life of an award in browsers: decided, noticed, paid, looked at again, recovered, set off.

Every step is taken by the person who may take it and by nobody else: two reviewers, a second final reviewer who
publishes the notice, a finance officer, a releaser; on the other side two people of an enterprise of this test alone.
"""

import hashlib
import json
import re
from decimal import Decimal

from playwright.sync_api import expect

from casework.prints import pdf
from nanchang_portal.sample.bank import answered
from nanchang_portal.sample.people import PASSWORD
from payments import treasury
from tests.e2e.test_journeys import decide

YEAR = 2021  # no claim of the sample is about it
#: What the portal's own services write before the journey begins; a worker calculates each claim.
PEOPLE = """
from accounts.enums import MembershipRole
from tests import factories
organisation = factories.OrganisationFactory(name="示例{unique}软件（虚构）", credit_code="{code}")
factories.recognise(organisation)
for login, role in (("clerk", MembershipRole.CLERK), ("owner", MembershipRole.OWNER)):
    factories.clerk_of(
        organisation, role, username=login + "-{unique}", display_name="示例" + login, password="{password}"
    )
"""
CLAIM = """
import json
from accounts.models import User
from casework.services import filing
from tests import factories
factories.ReceiptFactory.reset_sequence({sequence})
clerk = User.objects.get(username="clerk-{unique}")
case = factories.offshore_draft(clerk.memberships.get().organisation, clerk, "{usd}", year={year})
filing.submit(case_id=case.pk, user=clerk)
print(json.dumps(case.number))
"""


def unknown_number(rows, first, column) -> None:
    rows[first][column[treasury.NUMBER]] = "NC2015-000123-9"


class Journey:
    """The people, and what they do more than once."""

    def __init__(self, person, portal, unique: str, credit_code: str) -> None:
        self.portal, self.unique, self.sequence = portal, unique, int(unique, 16)
        script = PEOPLE.format(unique=unique, code=credit_code, password=PASSWORD)
        portal.manage("shell", "-c", script)
        for name in ("initial", "final", "final2", "finance", "release"):
            setattr(self, name, person(name))
        self.clerk, self.owner = person(f"clerk-{unique}"), person(f"owner-{unique}")

    def filed(self, usd: str) -> str:
        """A filed and calculated claim's number."""
        self.sequence += 1
        script = CLAIM.format(unique=self.unique, sequence=self.sequence, usd=usd, year=YEAR)
        number = json.loads(self.portal.manage("shell", "-c", script).stdout.splitlines()[-1])
        self.clerk.go(f"/cases/{number}")
        expect(self.clerk.page.locator("#calculation .sheet-amount")).to_be_visible(timeout=30_000)
        return number

    def approved(self, usd: str) -> str:
        number = self.filed(usd)
        decide(self.initial, number)
        decide(self.final, number)
        self.clerk.go(f"/cases/{number}")
        expect(self.clerk.page.locator(".status").first).to_have_attribute("data-status", "approved")
        return number

    def money_of(self, number: str) -> dict[str, str]:
        """What the applicant reads of the money: {station: words}."""
        self.clerk.go(f"/cases/{number}")
        stations = self.clerk.page.locator("section[aria-labelledby=money] [data-step]").all()
        return {station.get_attribute("data-step"): station.inner_text() for station in stations}

    def noticed(self, number: str) -> None:
        """One person draws the notice up, another publishes it; nothing is paid before its term has ended."""
        self.initial.go(f"/admin/notices/notice/make?programme=offshore&year={YEAR}")
        assert number in self.initial.text
        self.initial.press("main form .button:not(a)")
        address = re.sub(r"https?://[^/]+", "", self.initial.page.url)
        notice = self.initial.page.locator("h1").last.inner_text().strip()
        publish = "main form[action$='/publish'] button"
        assert not self.initial.page.locator(publish).count(), "who made it does not publish it"
        self.final2.go(address).press(publish)
        assert "结束前不拨付" in self.money_of(number)["notice"]
        self.finance.go(f"/admin/payments/batch/payable/?q={number}&show=all")
        row = self.finance.page.locator("main tbody tr")
        expect(row).to_have_count(1)
        expect(row.locator(".text-bad")).to_be_visible()
        expect(row.locator("[name=line]")).to_be_disabled()
        self.let_the_term_end(notice)

    def let_the_term_end(self, notice: str) -> None:
        """The one thing that a test cannot wait for: the tables' owner moves the notice a month into the past."""
        with self.portal.database() as database, database.transaction():
            database.execute("ALTER TABLE notices_notice DISABLE TRIGGER USER")
            moved = database.execute(
                "UPDATE notices_notice SET published_at = published_at - interval '30 days',"
                " starts_on = starts_on - 30, ends_on = ends_on - 30 WHERE number = %s AND state = 'published'",
                [notice],
            )
            assert moved.rowcount == 1
            database.execute("ALTER TABLE notices_notice ENABLE TRIGGER USER")

    def batch_of(self, number: str) -> str:
        """Finance previews, makes and submits a batch of one award; its address."""
        page = self.finance.page
        self.finance.go(f"/admin/payments/batch/payable/?q={number}")
        page.locator("[name=line]").check()
        self.finance.press("main form[action$='preview/'] button:not([name=all])")
        self.preview = self.finance.text
        self.finance.press("main form[action$='make/'] button")
        address = re.sub(r"https?://[^/]+", "", page.url)
        self.finance.press("main form[action$='submit/'] button")
        return address

    def released(self, address: str) -> None:
        """Neither its maker nor a reviewer releases it, on the page or past it; the releaser does."""
        for someone in (self.finance, self.final):
            someone.go(address)
            assert not someone.page.locator("form[action$='release/']").count()
            answer = self.post(someone, f"{address.removesuffix('change/')}release/", version="2")
            assert answer.status == 409, answer.status
        self.release.go(address).press("main form[action$='release/'] button")
        expect(self.release.page.locator(".status").first).to_have_attribute("data-status", "released")

    def post(self, someone, path: str, **fields):
        """A form sent past the page, with the page's token."""
        token = someone.page.locator("[name=csrfmiddlewaretoken]").first.get_attribute("value")
        return someone.page.request.post(
            f"{self.portal.url}{path}",
            form={"csrfmiddlewaretoken": token, **fields},
            headers={"Referer": someone.page.url},
        )

    def file_of(self, address: str) -> bytes:
        """The treasury's files, each downloaded twice and the same byte for byte; the CSV comes back."""
        self.finance.go(address)
        for kind in ("xlsx", "csv"):
            path = f"{address.removesuffix('change/')}file/"
            one, two = (self.post(self.finance, path, format=kind).body() for _n in range(2))
            assert one == two and hashlib.sha256(one).hexdigest() in self.finance.text
        return one

    def settled(self, address: str, number: str) -> None:
        """With the bank; a file with a wrong total changes nothing and says so, the right one is taken over."""
        treasury_file = self.file_of(address)
        page = self.finance.page
        self.finance.press("main form[action$='sent/'] button")
        assert "paid" not in self.money_of(number) and "in_hand" in self.money_of(number)
        for content, fault in (
            (answered(treasury_file, total="1.00"), "合计"),
            (answered(treasury_file, edit=unknown_number), "付款编号"),
        ):
            self.read_in(content)
            expect(page.locator(".status").first).to_have_attribute("data-status", "sent")
            assert fault in page.locator("main .table-box").first.inner_text()
        self.read_in(answered(treasury_file))
        expect(page.locator(".status").first).to_have_attribute("data-status", "settled")

    def read_in(self, content: bytes) -> None:
        file = {"name": "result.csv", "mimeType": "text/csv", "buffer": content}
        self.finance.page.locator("main input[type=file]").set_input_files(file)
        self.finance.press("main form[action$='result/'] button")


def test_from_the_queue_to_paid_and_to_recovery(person, portal, unique, new_credit_code):
    journey = Journey(person, portal, unique, new_credit_code)
    initial, final, finance, clerk = journey.initial, journey.final, journey.finance, journey.clerk

    # The fund's money: one proposes, another confirms.
    finance.go(f"/admin/ledger/fund/propose/?programme=offshore&year={YEAR}").fill(
        amount_rmb="200,000.00", document="示例财政1号", reason="示例"
    ).press("main .decision-bar button")
    fund = re.sub(r"https?://[^/]+", "", finance.page.url)
    policy = person("policy").go(fund)
    policy.press("main button[name=confirm]")
    assert "200,000.00" in policy.text

    number = journey.approved("250000")
    # Its account: one enters it, a second person confirms, the bureau verifies.
    clerk.go(f"/payments/cases/{number}/accounts").press("main a[href*='/account?']")
    clerk.fill(
        number="3600000000000000123", bank_name="示例银行（虚构）", branch="示例支行", cnaps="102421000018"
    ).press("main form button.btn-primary")
    account = re.sub(r"https?://[^/]+", "", clerk.page.url)
    assert not clerk.page.locator("[name=tail]").count(), "who entered it does not confirm it"
    journey.owner.go(account).fill(tail="0123").press("main form[action$='/confirm'] button")
    finance.go(f"/admin/payments/payeeaccount/{account.rsplit('/', 1)[1]}/change/")
    finance.press("main form[action$='/verify/'] button")

    journey.noticed(number)
    address = journey.batch_of(number)
    journey.released(address)
    journey.settled(address, number)
    assert "50,000.00" in journey.money_of(number)["paid"]

    # Paid money is looked at again: found by one, replied to, concluded by another, ordered by two.
    payment = finance.page.locator("main tbody th a[href*='/payments/payment/']")
    payment_page = payment.get_attribute("href")
    initial.go(payment_page).press("main a[href*='spotcheck/begin']")
    initial.fill(cause="audit", occasion="示例审计").press("main form button[type=submit]")
    check = re.sub(r"https?://[^/]+", "", initial.page.url)
    initial.fill(finding="irregular", evidence="示例对账单", text="其中一笔收汇已退回。").press(
        "main form[action$='find/'] button"
    )
    assert not initial.page.locator("form[action$='conclude/']").count(), "who found does not conclude"
    final.go(check).fill(conclusion="recover", text="应予追回。").press(
        "main form[action$='conclude/'] button"
    )
    assert final.page.locator("main .error-summary, main .notice-error, main .errornote").count(), (
        "nothing is concluded before the applicant was heard"
    )
    clerk.go(f"/payments/cases/{number}/after")
    clerk.page.locator("main textarea").fill("退回系客户付款有误，已重新收汇。")
    clerk.press("main form[action$='/reply'] button")
    final.go(check)
    assert "已重新收汇" in final.text
    final.fill(conclusion="recover", text="重新收汇不在本年度。").press(
        "main form[action$='conclude/'] button"
    )
    finance.go(check).fill(amount_rmb="8,000.00", reason="退回的收汇不计入执行额。").press(
        "main form[action$='order/'] button"
    )
    order = re.sub(r"https?://[^/]+", "", finance.page.url)
    assert not finance.page.locator("form[action$='confirm/']").count(), "who proposed does not confirm"
    journey.final2.go(order).press("main form[action$='confirm/'] button")
    clerk.go(f"/payments/cases/{number}/after")
    assert "8,000.00" in clerk.text
    if pdf.is_available():
        letter = clerk.page.locator("a[href$='/pdf']")
        for _n in range(60):
            if letter.count():
                break
            clerk.page.wait_for_timeout(500)
            clerk.page.reload()
        answer = clerk.page.request.get(f"{portal.url}{letter.get_attribute('href')}")
        assert answer.body().startswith(b"%PDF-")

    # What is owed stays with the city when the next award is paid, as a line of its own.
    later = journey.approved("100000")
    journey.noticed(later)
    address = journey.batch_of(later)
    for amount in ("20,000.00", "8,000.00", "12,000.00"):
        assert amount in journey.preview, amount
    journey.released(address)
    rows = journey.file_of(address).decode("utf-8-sig")
    assert '"12000.00"' in rows and "8000.00元" in rows
    journey.settled(address, later)
    assert "20,000.00" in (told := journey.money_of(later)["paid"]) and "8,000.00" in told
    finance.go(order)
    owed = finance.page.locator("main dl.facts > div", has_text="0.00").all_inner_texts()
    assert any(re.search(r"(?<![\d,])0\.00", text) for text in owed), owed

    assert "no difference" in portal.manage("reconcile").stdout
    with portal.database() as database:
        booked = database.execute(
            "SELECT sum(paid_rmb), sum(recovered_rmb), sum(committed_rmb) FROM ledger_reservation"
            " WHERE key = ANY(%s)",
            [[f"award:{number}", f"award:{later}"]],
        ).fetchone()
    assert booked == (Decimal("70000.00"), Decimal("8000.00"), Decimal("0.00"))
