"""From an empty desk to the award: start, check, undertake, submit; cumulative claims, refunds, rates."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.enums import MembershipRole
from applications import contract_services, services
from applications.models import ExchangeRate, OffshoreClaim
from audit.models import Record
from casework.enums import Status
from casework.models import Case, Submission
from casework.services import filing
from casework.transitions import Refused
from tests.clients import Client
from tests.factories import OrganisationFactory, approve, calculate, clerk_of, official

NEW = reverse("offshore:claim_new")


def start(desk, **data):
    return desk.client.post(NEW, {"organisation": str(desk.enterprise.pk), "year": "2014"} | data)


# Starting


def test_a_claim_is_started_once_however_often_the_button_is_pressed(desk):
    first, second = start(desk), start(desk)
    assert first.status_code == 302
    assert first["Location"] == second["Location"]
    case = Case.objects.get(year=2014)
    assert first["Location"] == reverse("offshore:claim", args=[case.number])
    assert OffshoreClaim.objects.filter(case=case).count() == 1


def test_a_supplementary_claim_begins_beside_the_filed_one(desk):
    desk.save(desk.row("R-1"))
    desk.submit()
    response = start(desk, year="2015")
    assert response["Location"] != desk.url()
    assert Case.objects.filter(year=2015).count() == 2


@pytest.mark.parametrize(
    ("data", "field", "message"),
    [
        ({"year": "2012"}, "year", "no policy covers another"),
        ({"year": "2999"}, "year", "no policy covers another"),
        ({"year": "x"}, "year", "no policy covers another"),
        ({"year": ""}, "year", "required"),
        ({"organisation": "0"}, "organisation", "Choose one of your own enterprises."),
    ],
)
def test_a_wrong_start_is_said_at_its_field(desk, data, field, message):
    response = start(desk, **data)
    assert message in response.context["form"].errors[field][0]
    assert Case.objects.count() == 1


def test_nobody_starts_a_claim_for_another_enterprise(desk, other_desk):
    response = start(desk, organisation=str(other_desk.enterprise.pk))
    assert response.context["form"].errors["organisation"] == ["Choose one of your own enterprises."]
    assert other_desk.enterprise.name not in response.content.decode()
    with pytest.raises(Refused):
        services.start_claim(user=desk.clerk, organisation=other_desk.enterprise, year=2014)
    assert Case.objects.filter(year=2014).count() == 0


def test_readers_and_institutions_have_no_enterprise_to_choose(db, text):
    for user in (
        clerk_of(OrganisationFactory(), MembershipRole.READER),
        clerk_of(OrganisationFactory(institution=True)),
    ):
        browser = Client()
        browser.force_login(user)
        assert "You act for no enterprise that may file" in text(browser.get(NEW))


def test_the_years_begin_with_the_policy(desk):
    years = [year for year, _label in desk.client.get(NEW).context["form"].fields["year"].choices]
    assert years[-1] == 2013
    assert years == sorted(years, reverse=True)


# The page before submission


def test_the_page_shows_what_will_be_filed(desk, euro, text):
    desk.save(desk.row("R-1"), desk.row("R-2", "100,000", currency="EUR"), note="See letter")
    page = text(desk.client.get(desk.url("submit")))
    for words in (
        "R-1",
        "112,000.00",
        "1.12 SAFE, table of 2015",
        "362,000.00 USD",
        "72,400.00",
        "United States",
        "See letter",
        "repays everything",
        "3 years",
    ):
        assert words in page


def test_problems_are_listed_with_links(desk, euro, text):
    response = desk.client.get(desk.url("submit"))
    assert [problem.code for problem in response.context["problems"]] == ["no_receipts", "document_missing"]
    desk.save(desk.row("R-1", currency="EUR", received_on="2015-07-01"))
    desk.client.post(desk.url("autosave"), desk.form(desk.row("R-9")))
    response = desk.client.get(desk.url("submit"))
    page = response.content.decode()
    assert [problem.code for problem in response.context["problems"]] == ["typed", "rate_missing"]
    assert f'href="{desk.url()}"' in page
    assert f'href="{desk.url()}#receipts"' in page
    assert "No exchange rate for EUR" in page


def test_without_the_undertaking_nothing_is_filed_and_nothing_lost(desk):
    desk.save(desk.row("R-1"), note="My note")
    response = desk.submit(undertaking="")
    assert "Accept the undertaking" in response.context["form"].errors["undertaking"][0]
    assert 'href="#id_undertaking"' in response.content.decode()
    assert response.context["form"]["name"].value() == "Li Wei"
    desk.case.refresh_from_db()
    claim = desk.claim
    assert (desk.case.status, claim.undertaking_at, claim.note) == (Status.DRAFT, None, "My note")
    assert len(desk.receipts()) == 1


def test_without_a_name_nothing_is_filed(desk):
    desk.save(desk.row("R-1"))
    assert "Write the name" in desk.submit(name=" ").context["form"].errors["name"][0]
    assert not Submission.objects.exists()


def test_an_incomplete_claim_takes_the_undertaking_back(desk):
    response = desk.submit()
    assert [problem.code for problem in response.context["problems"]] == ["no_receipts"]
    claim = desk.claim
    assert (claim.undertaking_by, claim.undertaking_at) == ("", None)
    assert not Record.objects.filter(action="offshore.undertaking").exists()
    assert not Submission.objects.exists()


def test_a_missing_rate_blocks_filing(desk):
    desk.save(desk.row("R-1", currency="GBP"))
    with pytest.raises(filing.Incomplete) as incomplete:
        services.give_undertaking_and_submit(case_id=desk.case.pk, user=desk.clerk, name="Li Wei")
    assert [problem.code for problem in incomplete.value.problems] == ["rate_missing"]
    assert not Submission.objects.exists()


def test_typing_that_is_not_saved_blocks_filing(desk):
    desk.save(desk.row("R-1"))
    desk.client.post(desk.url("autosave"), desk.form(desk.row("R-1", "999")))
    response = desk.submit()
    assert [problem.code for problem in response.context["problems"]] == ["typed"]
    assert not Submission.objects.exists()


def test_submission_is_received_once(desk, text):
    desk.save(desk.row("R-1"))
    version = str(desk.case.version)
    first = desk.client.post(
        desk.url("submit"), {"version": version, "undertaking": "on", "name": "Li Wei"}, follow=True
    )
    assert first.redirect_chain[-1][0] == desk.case.get_absolute_url()
    assert f"Received. Your case number is {desk.case.number}." in text(first)
    second = desk.client.post(
        desk.url("submit"), {"version": version, "undertaking": "on", "name": "Li Wei"}, follow=True
    )
    assert f"{desk.case.number} was received already; nothing was sent twice." in text(second)
    assert Submission.objects.count() == 1
    claim = desk.claim
    assert claim.undertaking_by == "Li Wei"
    assert desk.case.runs.count() == 1
    # An old page of the form is no way in either.
    assert "This claim was filed" in text(desk.client.get(desk.url(), follow=True))
    assert desk.post(desk.row("R-2")).status_code == 302
    assert len(desk.receipts()) == 1


def test_a_submit_of_an_old_page_shows_what_changed(desk, colleague, text):
    desk.save(desk.row("R-1"))
    version = str(desk.case.version)
    (receipt,) = desk.claim.receipts.all()
    colleague.save(colleague.row("R-1", "1", id=str(receipt.pk)))
    response = desk.submit(version=version)
    page = text(response)
    assert "Chen Li changed this claim at" in page
    assert "it is now 1.00 USD" in page
    assert response.context["form"]["name"].value() == "Li Wei"
    assert desk.claim.undertaking_at is None
    assert not Submission.objects.exists()


# What it earns


def approved(desk, *amounts) -> Case:
    """One claim of the year through the pages to its approval."""
    desk.save(*(desk.row(f"{desk.case.number}-{n}", amount) for n, amount in enumerate(amounts)))
    assert desk.submit().status_code == 302
    initial, final = official("initial_reviewer"), official("final_reviewer")
    return approve(calculate(desk.case), initial, final)


def test_the_golden_path_of_two_claims(desk, text):
    first = approved(desk, "150,000")
    assert (first.status, first.amount_rmb) == (Status.APPROVED, Decimal("0.00"))
    start(desk, year="2015")
    desk.case = Case.objects.get(status=Status.DRAFT)
    second = approved(desk, "100,000")
    assert second.amount_rmb == Decimal("50000.00")
    page = text(desk.client.get(second.get_absolute_url()))
    assert "50,000.00" in page
    assert f"{second.number}-0" in page


def test_a_refund_lowers_the_year(desk):
    assert approved(desk, "300,000", "-100,000.00").amount_rmb == Decimal("0.00")
    assert desk.case.submissions.get().snapshot["usd"] == "200000.00"


def test_the_rate_is_frozen_at_submission(desk, euro, text):
    desk.save(desk.row("R-1", "200,000", currency="EUR"))
    desk.submit()
    ExchangeRate.objects.create(
        currency="EUR",
        valid_from=date(2015, 5, 1),
        valid_to=date(2015, 5, 31),
        usd_per_unit=Decimal("0.5"),
        source="Later correction",
    )
    calculate(desk.case)
    assert desk.case.amount_rmb == Decimal("44800.00")
    (line,) = desk.case.submissions.get().snapshot["lines"]
    assert (Decimal(line["usd_per_unit"]), line["rate_source"]) == (Decimal("1.12"), "SAFE, table of 2015")
    page = text(desk.client.get(desk.case.get_absolute_url()))
    assert "1.12 SAFE, table of 2015" in page
    assert "Later correction" not in page


def test_the_rate_that_begins_last_counts(desk, euro):
    ExchangeRate.objects.create(
        currency="EUR",
        valid_from=date(2015, 5, 1),
        valid_to=date(2015, 5, 31),
        usd_per_unit=Decimal("1.10"),
        source="May",
    )
    desk.save(
        desk.row("MAY", "100,000", currency="EUR"),
        desk.row("JUNE", "100,000", currency="EUR", received_on="2015-06-01"),
    )
    desk.submit()
    assert desk.case.submissions.get().snapshot["usd"] == "222000.000000000000"


def test_a_later_change_of_the_contract_does_not_reach_the_filed_claim(desk, text):
    desk.save(desk.row("R-1"))
    desk.submit()
    data = {name: getattr(desk.contract, name) for name in contract_services.CONTRACT_FIELDS} | {
        "client_name": "Renamed Corp"
    }
    contract_services.save_contract(
        user=desk.clerk,
        organisation=desk.enterprise,
        data=data,
        contract_id=desk.contract.pk,
        expected_version=1,
    )
    page = text(desk.client.get(desk.case.get_absolute_url()))
    assert "Overseas Client Inc." in page
    assert "Renamed Corp" not in page


# Lists


def test_starting_a_claim_asks_a_constant_number_of_questions(desk, django_assert_num_queries):
    desk.client.get(NEW)
    with django_assert_num_queries(11):
        desk.client.get(NEW)
    for year in (2013, 2014, 2016):
        services.start_claim(user=desk.clerk, organisation=desk.enterprise, year=year)
    with django_assert_num_queries(11):
        desk.client.get(NEW)


def test_the_form_and_the_check_ask_a_constant_number_of_questions(desk, euro, django_assert_num_queries):
    desk.save(desk.row("R-1", currency="EUR"))
    counts = {"claim": 23, "submit": 22}
    for name, count in counts.items():
        with django_assert_num_queries(count):
            desk.client.get(desk.url(name))
    desk.save(*(desk.row(f"S-{n}", currency="EUR") for n in range(12)))
    for name, count in counts.items():
        with django_assert_num_queries(count):
            desk.client.get(desk.url(name))


def test_a_name_that_nobody_sees_signs_nothing(desk):
    desk.save(desk.row("REF-1"))
    for name in ("\u200b", "\u202e\ufeff", "...", "123"):
        response = desk.submit(name=name)
        assert response.status_code == 200
        assert response.context["form"].errors["name"] == [
            "Write the name of the person who gives the undertaking."
        ]
    assert desk.submit(name="李伟").status_code == 302
