"""Last year's contracts taken over in one step: what stays, what differs, once each."""

from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.enums import MembershipRole
from applications import follow_ups as service
from applications.models import Contract
from audit.models import Record
from casework.transitions import Refused
from tests import factories
from tests.clients import Client

URL = reverse("offshore:follow_ups")


@pytest.fixture
def enterprise(db):
    return factories.OrganisationFactory()


@pytest.fixture
def browser(enterprise):
    client = Client()
    client.force_login(factories.clerk_of(enterprise))
    client.cookies["language"] = "en"
    return client


def contracts(enterprise, count: int, start: int = 1) -> list[Contract]:
    return [
        factories.ContractFactory(
            organisation=enterprise,
            contract_number=f"NC-2015-{number}",
            registration_number=f"REG-{number}",
            signed_on=date(2015, 2, 1),
            starts_on=date(2015, 2, 28),
            ends_on=date(2016, 2, 29),
        )
        for number in range(start, start + count)
    ]


def posted(found: list[Contract], **changes) -> dict[str, str]:
    data = {}
    for contract in found:
        own = {
            "take": "on",
            "contract_number": contract.contract_number.replace("2015", "2016"),
            "registration_number": f"{contract.registration_number}-2",
            "signed_on": "2016-01-05",
            "starts_on": "2016-02-01",
            "ends_on": "",
            **changes,
        }
        data |= {f"c{contract.pk}-{name}": value for name, value in own.items() if value is not None}
    return data


def test_the_page_shows_what_differs(browser, enterprise):
    (contract,) = contracts(enterprise, 1)
    page = browser.get(URL, {"year": "2015"})
    text = page.content.decode()
    assert 'value="NC-2016-1"' in text and "Before: NC-2015-1" in text and "Before: REG-1" in text
    assert 'value="2016-02-28"' in text and 'value="2017-02-28"' in text, "29 February becomes the 28th"
    assert "checked" not in text and "checked" in browser.get(URL, {"tick": "all"}).content.decode()
    page = browser.get(reverse("offshore:contracts")).content.decode()
    assert URL in page


def test_several_are_taken_over_in_one_step_and_once(browser, enterprise):
    found = contracts(enterprise, 3)
    data = posted(found[:2]) | posted(found[2:], take=None)
    assert browser.post(URL, data).status_code == 302
    new = Contract.objects.get(follows=found[0])
    assert (new.contract_number, new.registration_number) == ("NC-2016-1", "REG-1-2")
    assert (new.client_name, new.value, new.ends_on) == (found[0].client_name, found[0].value, None)
    assert Contract.objects.count() == 5
    record = Record.objects.get(action="offshore.contracts_taken_over")
    assert [pair[0] for pair in record.data["contracts"]] == [found[0].pk, found[1].pk]
    answer = browser.post(URL, data, follow=True)
    assert "nothing was registered twice" in answer.content.decode()
    assert Contract.objects.count() == 5
    assert Record.objects.filter(action="offshore.contracts_taken_over").count() == 1
    shown = browser.get(URL, {"year": "2015"}).content.decode()
    assert "NC-2015-3" in shown and "NC-2015-1" not in shown
    assert "NC-2015-1" in browser.get(reverse("offshore:contract", args=[new.pk])).content.decode()


def test_the_database_holds_that_a_contract_is_followed_once(enterprise):
    (contract,) = contracts(enterprise, 1)
    factories.ContractFactory(organisation=enterprise, follows=contract)
    with pytest.raises(IntegrityError, match="follows_id"), transaction.atomic():
        factories.ContractFactory(organisation=enterprise, follows=contract)


@pytest.mark.parametrize(
    "changes",
    [
        {"contract_number": ""},
        {"contract_number": "NC-2015-2"},
        {"contract_number": "SAME"},
        {"signed_on": "2999-01-01"},
        {"starts_on": "30 February"},
        {"starts_on": "2016-02-01", "ends_on": "2016-01-01"},
        {"registration_number": "x" * 61},
    ],
)
def test_one_that_is_wrong_stops_all_and_what_was_typed_stays(browser, enterprise, changes):
    found = contracts(enterprise, 2)
    data = posted(found, **changes)
    answer = browser.post(URL, data)
    text = answer.content.decode()
    assert (
        answer.status_code == 200 and "error-summary" in text and "REG-1-2" in text + str(changes) + "REG-1-2"
    )
    assert Contract.objects.count() == 2 and not Record.objects.filter(action__startswith="offshore").exists()
    assert any(form.errors for form in answer.context["rows"])


def test_nothing_ticked(browser, enterprise):
    answer = browser.post(URL, posted(contracts(enterprise, 1), take=None))
    assert "Tick at least one contract." in answer.content.decode() and Contract.objects.count() == 1


def test_what_is_not_the_persons_is_not_taken_over(browser, enterprise):
    (foreign,) = contracts(factories.OrganisationFactory(), 1)
    browser.post(URL, posted([foreign]))
    assert Contract.objects.count() == 1
    assert foreign.contract_number not in browser.get(URL).content.decode()
    own = dict.fromkeys(("contract_number", "registration_number"), "X") | {"signed_on": date(2016, 1, 1)}
    follow_up = service.FollowUp(foreign.pk, own | {"starts_on": date(2016, 1, 1), "ends_on": None})
    for user, code in (
        (factories.clerk_of(enterprise), "gone"),
        (factories.clerk_of(enterprise, MembershipRole.READER), "permission"),
    ):
        with pytest.raises(Refused) as refused:
            service.take_over(user=user, organisation=enterprise, follow_ups=[follow_up])
        assert refused.value.code == code
    with pytest.raises(Refused) as refused:
        service.take_over(
            user=factories.clerk_of(enterprise), organisation=enterprise, follow_ups=[follow_up] * 101
        )
    assert refused.value.code == "many" and Contract.objects.count() == 1


def test_a_reader_is_sent_away(enterprise):
    client = Client()
    client.force_login(factories.clerk_of(enterprise, MembershipRole.READER))
    assert client.get(URL).status_code == 302


def test_the_same_queries_for_one_and_for_many(browser, enterprise):
    counts = []
    for number in (2, 1, 12):  # the first opens the enterprise's audit stream and is not compared
        found = contracts(enterprise, number, start=100 * number)
        with CaptureQueriesContext(connection) as reading:
            browser.get(URL, {"year": "2015"})
        with CaptureQueriesContext(connection) as writing:
            assert browser.post(f"{URL}?year=2015", posted(found)).status_code == 302
        counts.append((len(reading), len(writing)))
        browser.get(reverse("offshore:contracts"))  # shows the message of the take-over
    assert counts[1] == counts[2]


def test_one_taken_over_on_its_own_page_is_not_offered_again(browser, enterprise):
    first, second = contracts(enterprise, 2)
    url = f"{reverse('offshore:contract_new')}?from={first.pk}"
    shown = browser.get(url).context["form"]
    data = {name: shown[name].value() for name in shown.fields} | {
        "contract_number": "NC-2016-1",
        "registration_number": "REG-1-2",
        "signed_on": "2016-01-05",
        "starts_on": "2016-02-01",
        "ends_on": "",
    }
    data = {name: value for name, value in data.items() if value is not None}
    assert browser.post(url, data).status_code == 302
    assert browser.post(url, data | {"contract_number": "NC-2016-1b"}).status_code == 302
    followers = Contract.objects.order_by("pk").values_list("contract_number", "follows_id")
    assert list(followers)[2:] == [("NC-2016-1", first.pk), ("NC-2016-1b", None)]
    offered = browser.get(URL, {"year": "2015"}).context["rows"]
    assert [form.earlier for form in offered] == [second]
