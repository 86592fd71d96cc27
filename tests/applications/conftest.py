"""An enterprise with a clerk, a colleague and a contract; rows and forms as a browser would post them."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import translation

from accounts.models import Organisation, User
from applications import services
from applications.models import Contract, ExchangeRate, OffshoreClaim
from casework.models import Case
from tests.clients import Client
from tests.factories import ContractFactory, OrganisationFactory, clerk_of, supply

BLANK = {
    "id": "",
    "contract": "",
    "received_on": "",
    "currency": "USD",
    "amount": "",
    "bank_reference": "",
    "declaration_number": "",
}


@pytest.fixture(autouse=True)
def english(settings):
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


@dataclass
class Desk:
    """One enterprise's draft claim of 2015 and its clerk's browser."""

    enterprise: Organisation
    clerk: User
    client: Client
    contract: Contract
    case: Case

    @property
    def claim(self) -> OffshoreClaim:
        return OffshoreClaim.objects.get(case=self.case)

    def url(self, name: str = "claim") -> str:
        return reverse(f"offshore:{name}", args=[self.case.number])

    def row(self, reference: str, amount: str = "250,000.00", **more) -> dict[str, str]:
        return {
            **BLANK,
            "contract": str(self.contract.pk),
            "received_on": "2015-05-20",
            "amount": amount,
            "bank_reference": reference,
            **more,
        }

    def form(self, *rows: dict[str, str], version: int | None = None, **more) -> dict[str, str]:
        self.case.refresh_from_db()
        data = {
            "version": str(self.case.version if version is None else version),
            "typed_seen": "",
            "note": "",
            "receipts-TOTAL_FORMS": str(len(rows)),
            "receipts-INITIAL_FORMS": "0",
        }
        for number, row in enumerate(rows):
            data |= {f"receipts-{number}-{name}": value for name, value in row.items()}
        return data | more

    def post(self, *rows: dict[str, str], **more):
        return self.client.post(self.url(), self.form(*rows, **more))

    def save(self, *rows: dict[str, str], **more) -> None:
        response = self.post(*rows, **more)
        assert response.status_code == 302, response.context["formset"].errors
        self.case.refresh_from_db()
        supply(self.case)

    def receipts(self) -> list[tuple[str, Decimal]]:
        return list(self.claim.receipts.values_list("bank_reference", "amount"))

    def submit(self, **more):
        supply(self.case)
        self.case.refresh_from_db()
        data = {"version": str(self.case.version), "undertaking": "on", "name": "Li Wei"} | more
        return self.client.post(self.url("submit"), data)


def open_desk(year: int = 2015, enterprise: Organisation | None = None) -> Desk:
    enterprise = enterprise or OrganisationFactory()
    clerk = clerk_of(enterprise)
    client = Client()
    client.force_login(clerk)
    contract = enterprise.contracts.first() or ContractFactory(organisation=enterprise)
    case = services.start_claim(user=clerk, organisation=enterprise, year=year)
    return Desk(enterprise, clerk, client, contract, case)


@pytest.fixture
def desk(db) -> Desk:
    return open_desk()


@pytest.fixture
def other_desk(db) -> Desk:
    return open_desk()


@pytest.fixture
def colleague(desk) -> Desk:
    """The same claim in another person's browser."""
    client = Client()
    user = clerk_of(desk.enterprise, display_name="Chen Li")
    client.force_login(user)
    return Desk(desk.enterprise, user, client, desk.contract, Case.objects.get(pk=desk.case.pk))


@pytest.fixture
def euro(db) -> ExchangeRate:
    return ExchangeRate.objects.create(
        currency="EUR",
        valid_from=date(2015, 1, 1),
        valid_to=date(2015, 6, 30),
        usd_per_unit=Decimal("1.12"),
        source="SAFE, table of 2015",
    )


@pytest.fixture
def text():
    """The words of a page without its tags."""

    def words(response) -> str:
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))

    return words
