"""Always know where you stand: what is missing, what waits, what the year earns, what a follow-up contract keeps."""

from datetime import date

import pytest
from django.urls import reverse

from accounts.models import Membership
from applications import contract_services, services
from applications.models import Contract
from applications.years import year_of
from casework.models import Case
from tests import factories

NEW = reverse("offshore:contract_new")


def year_url(organisation, year: int = 2015) -> str:
    return f"{reverse('offshore:year', args=[organisation.pk])}?year={year}"


def officials() -> tuple:
    return factories.official("initial_reviewer"), factories.official("final_reviewer")


# Recognition


@pytest.mark.parametrize("where", ["dashboard", "new", "claim"])
def test_an_enterprise_without_recognition_is_told_what_to_do(desk, text, where):
    urls = {"dashboard": reverse("dashboard"), "new": reverse("offshore:claim_new"), "claim": desk.url()}
    answer = desk.client.get(urls[where])
    page = answer.content.decode()
    assert f"{desk.enterprise.name} is not recorded as a recognised" in text(answer)
    assert f'href="{reverse("organisation", args=[desk.enterprise.pk])}"' in page
    assert f'href="{reverse("public:contact")}"' in page
    factories.recognise(desk.enterprise)
    assert "data-unaccredited" not in desk.client.get(urls[where]).content.decode()


# What is missing


def test_a_draft_says_on_each_page_what_it_lacks(desk, text):
    factories.supply(desk.case)
    for url in (reverse("dashboard"), desk.url(), desk.case.get_absolute_url()):
        assert 'data-missing="1"' in desk.client.get(url).content.decode()
    assert "1 thing missing" in text(desk.client.get(reverse("dashboard")))
    page = text(desk.client.get(desk.url()))
    assert "1 thing missing before you can submit Enter at least one receipt." in page
    desk.save(desk.row("R-1"), desk.row("R-2", currency="JPY"))
    assert "No exchange rate for JPY" in text(desk.client.get(desk.url()))
    desk.save(desk.row("R-1") | {"id": str(desk.claim.receipts.first().pk)})
    desk.claim.receipts.filter(bank_reference="R-2").delete()
    assert 'data-missing="0"' in desk.client.get(desk.url()).content.decode()
    desk.submit()
    for url in (reverse("dashboard"), desk.case.get_absolute_url()):
        assert "data-missing" not in desk.client.get(url).content.decode()


# The estimate's notes


def test_a_supplementary_draft_shows_what_waits_and_what_the_year_would_earn(desk, text):
    desk.save(desk.row("FIRST", "150,000.00"))
    desk.submit()
    first = desk.case.number
    draft = services.start_claim(user=desk.clerk, organisation=desk.enterprise, year=2015)
    desk.case = draft
    desk.save(desk.row("SECOND", "100,000.00"))
    answer = desk.client.get(desk.url())
    page = text(answer)
    assert f"Another claim waits for its decision: {first}, 150,000.00 USD" in page
    assert "Then the year is expected to earn 50,000.00 RMB in all." in page
    assert answer.context["estimate"].sheet["amount"] == 0, "the estimate itself counts approved claims only"


@pytest.mark.parametrize(
    ("amount", "said"), [("150,000.00", True), ("200,000.00", True), ("200,000.01", False)]
)
def test_below_the_threshold_filing_is_called_worthwhile(desk, amount, said):
    desk.save(desk.row("R-1", amount))
    assert ("data-worthwhile" in desk.client.get(desk.url("submit")).content.decode()) is said


@pytest.mark.parametrize(("day", "said"), [("2015-05-19", True), ("2015-05-20", False)])
def test_money_before_the_contract_is_noticed_at_its_row_and_saved(desk, day, said):
    Contract.objects.filter(pk=desk.contract.pk).update(signed_on=date(2015, 5, 20))
    desk.save(desk.row("R-1", received_on=day))
    assert ("data-before-contract" in desk.client.get(desk.url()).content.decode()) is said


# The year


def test_a_year_counts_approved_pending_and_drafted_claims(desk, text, django_assert_num_queries):
    initial, final = officials()
    desk.save(desk.row("APPROVED", "1,000,000.00"))
    desk.submit()
    approved = factories.calculate(desk.case)
    factories.approve(approved, initial, final)
    filed = factories.filed_offshore(desk.enterprise, desk.clerk, "1000000")
    draft = services.start_claim(user=desk.clerk, organisation=desk.enterprise, year=2015)
    desk.case = draft
    desk.save(desk.row("DRAFT", "700,000.00"))
    found = year_of(desk.enterprise, 2015)
    assert [claim.case for claim in found.claims] == [approved, filed, draft]
    assert (found.approved_usd, found.pending_usd, found.draft_usd) == (1_000_000, 1_000_000, 700_000)
    assert found.granted_rmb == 200_000 and found.left_rmb == 300_000
    assert found.assessment.year_total_rmb == 500_000, "capped, over all three"
    answer = desk.client.get(year_url(desk.enterprise))
    page = text(answer)
    for words in (
        "2,700,000.00 USD",
        "500,000.00 RMB",
        "300,000.00 RMB",
        approved.number,
        filed.number,
        draft.number,
    ):
        assert words in page
    with django_assert_num_queries(12):
        desk.client.get(year_url(desk.enterprise))
    assert year_url(desk.enterprise) in desk.client.get(reverse("dashboard")).content.decode()
    assert year_url(desk.enterprise) in desk.client.get(desk.url()).content.decode()


def test_withdrawn_claims_do_not_count_and_an_empty_year_says_what_to_do(desk, text):
    from casework.services import filing

    filing.withdraw(case_id=desk.case.pk, user=desk.clerk, reason="")
    assert year_of(desk.enterprise, 2015).claims == []
    assert "No claim of this year yet" in text(desk.client.get(year_url(desk.enterprise)))
    assert "No single policy version covers this year" in text(
        desk.client.get(year_url(desk.enterprise, 1999))
    )


def test_the_year_of_others_does_not_exist(desk, other_desk):
    assert desk.client.get(year_url(other_desk.enterprise)).status_code == 404
    institution = factories.OrganisationFactory(institution=True)
    Membership.objects.create(user=desk.clerk, organisation=institution, role="owner")
    assert desk.client.get(year_url(institution)).status_code == 404


@pytest.mark.parametrize("typed", ["", "x", "2015'", "٢٠١٥", "99999999"])
def test_a_year_that_is_none_shows_the_newest(desk, typed):
    answer = desk.client.get(reverse("offshore:year", args=[desk.enterprise.pk]), {"year": typed})
    assert answer.context["found"].year == answer.context["years"][0]


# Contracts that go on


def test_a_follow_up_contract_takes_over_everything_but_its_own_numbers_and_days(desk):
    form = desk.client.get(NEW, {"from": desk.contract.pk}).context["form"]
    taken = {name: form[name].value() for name in contract_services.CONTRACT_FIELDS}
    for name in contract_services.OWN_OF_A_CONTRACT:
        assert not taken[name], name
    assert taken["client_name"] == desk.contract.client_name and taken["client_country"] == "US"
    assert (
        f"{NEW}?from={desk.contract.pk}"
        in desk.client.get(reverse("offshore:contract", args=[desk.contract.pk])).content.decode()
    )


def test_a_follow_up_contract_with_the_old_number_is_refused(desk):
    data = {name: str(value) for name, value in contract_services.taken_over(desk.contract).items()}
    data |= {"registration_number": "REG-NEW", "signed_on": "2015-01-05", "starts_on": "2015-01-05"}
    data |= {"is_related_party": "", "ends_on": ""}
    where = f"{NEW}?from={desk.contract.pk}"
    answer = desk.client.post(where, data | {"contract_number": desk.contract.contract_number})
    assert answer.context["form"].errors["contract_number"] == [
        "You have registered a contract with this number already."
    ]
    assert Contract.objects.count() == 1
    assert desk.client.post(where, data | {"contract_number": "C-NEW"}).status_code == 302
    assert Contract.objects.get(contract_number="C-NEW").client_name == desk.contract.client_name


@pytest.mark.parametrize("wanted", ["0", "x", "９", "1" * 30])
def test_a_foreign_contract_is_not_taken_over(desk, other_desk, wanted):
    assert desk.client.get(NEW, {"from": other_desk.contract.pk}).status_code == 404
    assert desk.client.get(NEW, {"from": wanted}).status_code == 404
    assert Case.objects.count() == 2
