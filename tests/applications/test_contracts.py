"""Contracts: registered once, wrong input at its field, nobody's change overwritten."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.enums import MembershipRole
from accounts.models import Membership
from applications import contract_services
from applications.models import Contract
from audit.models import Record
from casework.transitions import Refused
from tests.clients import Client
from tests.factories import ContractFactory, OrganisationFactory, clerk_of

LIST, NEW = reverse("offshore:contracts"), reverse("offshore:contract_new")
GOOD = {
    "registration_number": "REG-2015-1",
    "contract_number": "C-2015-1",
    "name": "Mobile banking",
    "client_name": "Acme Ltd",
    "client_country": "JP",
    "service_type": "ito",
    "sector": "finance",
    "currency": "JPY",
    "value": "1,200,000.00",
    "signed_on": "2015-01-05",
    "starts_on": "2015-02-01",
    "ends_on": "",
}


def url(contract: Contract) -> str:
    return reverse("offshore:contract", args=[contract.pk])


def values(contract: Contract, **changes) -> dict:
    return {name: getattr(contract, name) for name in contract_services.CONTRACT_FIELDS} | changes


def form(contract: Contract, **changes) -> dict:
    data = {name: "" if value in (None, False) else str(value) for name, value in values(contract).items()}
    return (
        {name: value for name, value in data.items() if name != "is_related_party"}
        | {"version": str(contract.version)}
        | changes
    )


def test_a_contract_is_registered_and_audited(desk, text):
    response = desk.client.post(NEW, GOOD, follow=True)
    contract = Contract.objects.get(contract_number="C-2015-1")
    assert (contract.organisation, contract.value, contract.ends_on) == (
        desk.enterprise,
        Decimal("1200000.00"),
        None,
    )
    assert contract.changed_by == desk.clerk
    assert "The contract C-2015-1 is registered." in text(response)
    record = Record.objects.get(action="offshore.contract_saved")
    assert record.stream.key == f"accounts.organisation:{desk.enterprise.pk}"


TOMORROW = (timezone.localdate() + timedelta(days=2)).isoformat()


@pytest.mark.parametrize(
    ("field", "typed", "message"),
    [
        ("signed_on", {"signed_on": TOMORROW}, "This day is in the future"),
        ("signed_on", {"signed_on": "5 January"}, "year-month-day"),
        ("ends_on", {"ends_on": "2015-01-31"}, "cannot end before it starts"),
        ("value", {"value": "-1"}, "cannot be negative"),
        ("value", {"value": "a lot"}, "Write the amount in digits"),
        ("value", {"value": "1.234,56"}, "Write the amount in digits"),
        ("value", {"value": "1.999"}, "At most two decimals"),
        ("contract_number", {"contract_number": " "}, "required"),
        ("client_country", {"client_country": "XX"}, "not one of the available choices"),
        ("sector", {"sector": ""}, "required"),
    ],
)
def test_bad_input_is_said_at_its_field_and_kept(desk, field, typed, message):
    response = desk.client.post(NEW, GOOD | typed)
    shown = response.context["form"]
    assert list(shown.errors) == [field]
    assert message in shown.errors[field][0]
    for name, value in (GOOD | typed).items():
        assert (shown[name].value() or "") == value
    assert f'href="#id_{field}"' in response.content.decode()
    assert Contract.objects.count() == 1


def test_a_sign_that_nobody_sees_is_not_kept_in_a_name(desk):
    """One that turns the words around it would show an official another client."""
    desk.client.post(NEW, GOOD | {"client_name": "\u202eABC\u202c Ltd\u200b", "name": "\ufeff软件"})
    contract = Contract.objects.latest("pk")
    assert (contract.client_name, contract.name) == ("ABC Ltd", "软件")


def test_a_number_is_registered_once_in_an_enterprise(desk):
    response = desk.client.post(NEW, GOOD | {"contract_number": desk.contract.contract_number})
    assert response.context["form"].errors == {
        "contract_number": ["You have registered a contract with this number already."]
    }
    assert Contract.objects.count() == 1


def test_two_enterprises_may_have_the_same_number(desk, other_desk):
    other_desk.client.post(NEW, GOOD)
    assert desk.client.post(NEW, GOOD).status_code == 302
    assert Contract.objects.filter(contract_number="C-2015-1").count() == 2


def test_the_service_names_the_field_when_the_database_refuses_the_number(desk):
    with pytest.raises(ValidationError) as error:
        contract_services.save_contract(
            user=desk.clerk, organisation=desk.enterprise, data=values(desk.contract)
        )
    assert error.value.message_dict == {
        "contract_number": ["You have registered a contract with this number already."]
    }
    assert Contract.objects.count() == 1


def test_the_database_refuses_a_contract_that_ends_before_it_starts(desk):
    with pytest.raises(IntegrityError, match="contract_ends_after_start"), transaction.atomic():
        Contract.objects.filter(pk=desk.contract.pk).update(ends_on="2013-05-31")


def test_a_contract_is_changed(desk):
    response = desk.client.post(url(desk.contract), form(desk.contract, name="New name", value="7"))
    assert response.status_code == 302
    desk.contract.refresh_from_db()
    assert (desk.contract.name, desk.contract.value, desk.contract.version) == ("New name", Decimal(7), 2)
    assert Record.objects.get(action="offshore.contract_saved").data["changed"] == {
        "name": ["Software development", "New name"],
        "value": ["5000000.00", "7"],
    }


def test_a_stale_form_names_the_change_and_keeps_the_typing(desk, colleague, text):
    old = form(desk.contract, name="Mine")
    colleague.client.post(
        url(desk.contract), form(desk.contract, client_name="Theirs Inc", client_country="JP")
    )
    response = desk.client.post(url(desk.contract), old)
    page = text(response)
    assert "Chen Li changed this contract at" in page
    assert "client: Overseas Client Inc. → Theirs Inc" in page
    assert "United States → Japan" in page
    assert response.context["form"]["name"].value() == "Mine"
    desk.contract.refresh_from_db()
    assert (desk.contract.name, desk.contract.client_name) == ("Software development", "Theirs Inc")
    again = old | {"version": str(response.context["version"])}
    assert desk.client.post(url(desk.contract), again).status_code == 302
    desk.contract.refresh_from_db()
    assert (desk.contract.name, desk.contract.client_name) == ("Mine", "Overseas Client Inc.")


@pytest.mark.parametrize("version", ["", "x", "0", "-1", "٣"])
def test_a_form_without_its_version_is_stale(desk, version):
    response = desk.client.post(url(desk.contract), form(desk.contract, name="Mine", version=version))
    assert response.context["conflict"]
    desk.contract.refresh_from_db()
    assert desk.contract.name == "Software development"


def test_a_foreign_contract_is_not_found(desk, other_desk):
    assert desk.client.get(url(other_desk.contract)).status_code == 404
    assert desk.client.post(url(other_desk.contract), form(other_desk.contract, name="X")).status_code == 404
    other_desk.contract.refresh_from_db()
    assert other_desk.contract.name == "Software development"
    assert other_desk.contract.contract_number not in desk.client.get(LIST).content.decode()


def test_a_reader_reads(desk, text):
    reader = clerk_of(desk.enterprise, MembershipRole.READER)
    browser = Client()
    browser.force_login(reader)
    assert "read-only" in text(browser.get(url(desk.contract)))
    browser.post(url(desk.contract), form(desk.contract, name="X"))
    assert browser.get(NEW).status_code == 302
    desk.contract.refresh_from_db()
    assert desk.contract.name == "Software development"
    with pytest.raises(Refused):
        contract_services.save_contract(
            user=reader, organisation=desk.enterprise, data=values(desk.contract, contract_number="N")
        )
    assert Contract.objects.count() == 1


def test_with_several_enterprises_one_is_chosen(desk, other_desk):
    second = OrganisationFactory(name="Second Ltd")
    Membership.objects.create(user=desk.clerk, organisation=second, role=MembershipRole.OWNER)
    assert desk.client.post(NEW, GOOD).context["form"].errors["organisation"] == ["This field is required."]
    foreign = desk.client.post(NEW, GOOD | {"organisation": str(other_desk.enterprise.pk)})
    assert foreign.context["form"].errors["organisation"] == ["Choose one of your own enterprises."]
    assert desk.client.post(NEW, GOOD | {"organisation": str(second.pk)}).status_code == 302
    assert Contract.objects.get(contract_number="C-2015-1").organisation == second


def test_a_contract_of_a_filed_claim_says_so(desk, text):
    assert "have been filed" not in text(desk.client.get(url(desk.contract)))
    desk.save(desk.row("R-1"))
    desk.submit()
    assert "claims that were filed keep the contract as it was" in text(desk.client.get(url(desk.contract)))


def test_the_list_searches_and_asks_a_constant_number_of_questions(desk, django_assert_num_queries):
    desk.client.get(LIST)
    with django_assert_num_queries(6):
        desk.client.get(LIST)
    for number in range(30):
        ContractFactory(organisation=desk.enterprise, client_name=f"Client {number}")
    with django_assert_num_queries(6):
        response = desk.client.get(LIST)
    assert len(response.context["page"]) == 25
    assert [c.client_name for c in desk.client.get(LIST, {"q": "client 29"}).context["page"]] == ["Client 29"]
    assert "No contract contains" in desk.client.get(LIST, {"q": "\x00nothing"}).content.decode()
