"""People in browsers of their own, against the whole portal with its sample data."""

import io
import uuid

import pytest
from pypdf import PdfReader

from nanchang_portal.sample import paper
from nanchang_portal.sample.people import PASSWORD
from tests import factories


class Person:
    """Somebody with a browser window: signs in, fills in forms by their field names, presses buttons."""

    def __init__(self, page):
        self.page = page

    def sign_in(self, username: str, password: str = PASSWORD) -> "Person":
        self.page.goto("/accounts/login/")
        self.fill(login=username, password=password)
        self.press()
        return self.show_second_factor() if "/accounts/2fa/" in self.page.url else self

    def show_second_factor(self) -> "Person":
        """Type the code that a fictional official's page shows; both of a minute used, wait for the next."""
        shown = self.page.locator("[data-sample-code]")
        for _ in range(40):
            if shown.count():
                break
            self.page.wait_for_timeout(1000)
            self.page.reload()
        return self.fill(code=shown.get_attribute("data-sample-code")).press(
            "main form button[type=submit]:visible:not([form])"
        )

    def go(self, path: str) -> "Person":
        # A page that was just reloading itself may take the answer's place; then it is asked for again.
        answer = self.page.goto(path) or self.page.goto(path)
        assert answer.status == 200, f"{path}: {answer.status}"
        return self

    def fill(self, **fields: str | bool) -> "Person":
        """Type, choose or tick by name; `__` stands for `-` (formsets)."""
        for name, value in fields.items():
            field = self.page.locator(f"main [name='{name.replace('__', '-')}']").locator("visible=true")
            if isinstance(value, bool):
                field.set_checked(value)
            elif field.first.evaluate("field => field.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)
        return self

    def press(self, selector: str = "main form button[type=submit]:visible") -> "Person":
        """Press a button that leads to another page."""
        with self.page.expect_navigation():
            self.page.locator(selector).last.click()
        return self

    def contract_form(self, unique: str) -> "Person":
        """The form of a new contract, filled in and not sent."""
        return self.go("/offshore/contracts/new").fill(
            registration_number=f"REG-{unique}",
            contract_number=f"C-{unique}",
            name="软件开发",
            client_name="Example Client Ltd (fictional)",
            client_country="US",
            service_type="ito",
            sector="software",
            value="3,000,000.00",
            signed_on="2015-01-05",
            starts_on="2015-01-05",
        )

    def supply(self, number: str) -> "Person":
        """Upload what a claim still requires, the way its forms do, and wait until it is checked."""
        page = self.page.context.request
        address, shown = f"/documents/cases/{number}?missing=1", self.page.context.new_page()
        shown.goto(address)
        for form in shown.locator(".paper:has(.chip-bad) form.upload").element_handles():
            fields = form.evaluate(
                "form => Object.fromEntries([...new FormData(form)].filter(([n]) => n != 'file'))"
            )
            data = paper.pdf(fields["item"], [number])
            file = {"name": f"{fields['item']}.pdf", "mimeType": "application/pdf", "buffer": data}
            answer = page.post(form.get_attribute("action"), multipart=fields | {"file": file})
            assert answer.ok, answer.status
        for _ in range(60):
            shown.goto(address)
            if not shown.locator(".paper .chip-info, .paper .chip-bad").count():
                break
            shown.wait_for_timeout(500)
        shown.close()
        return self

    def printed(self, number: str) -> str:
        """The words of a claim's papers as the PDF has them; the page has each amount in capitals too."""
        self.go(f"/cases/{number}/print")
        answer = self.page.context.request.get(f"/cases/{number}/print.pdf")
        assert answer.headers["content-type"] == "application/pdf", answer.headers
        return "".join(
            "".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(answer.body())).pages
        )

    @property
    def text(self) -> str:
        return self.page.locator("body").inner_text()


@pytest.fixture
def person(new_context):
    """`person("initial")` is signed in; `person()` is a visitor. Each has a browser context of their own."""

    def make(username: str | None = None) -> Person:
        someone = Person(new_context().new_page())
        problems: list[str] = []
        someone.page.on("pageerror", lambda error: problems.append(str(error)))
        someone.problems = problems
        return someone.sign_in(username) if username else someone

    made: list[Person] = []

    def remember(username: str | None = None) -> Person:
        made.append(make(username))
        return made[-1]

    yield remember
    assert [problem for someone in made for problem in someone.problems] == []


@pytest.fixture
def unique() -> str:
    """A few letters and digits that no other test uses, also when the portal keeps its data."""
    return uuid.uuid4().hex[:8]


@pytest.fixture
def new_credit_code() -> str:
    return factories.credit_code(uuid.uuid4().int % 10**9)
