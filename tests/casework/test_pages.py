"""What applicants see of their claims: the list, the case, its history, the way back."""

import re

import pytest
from django.urls import reverse
from django.utils import translation

from accounts.enums import MembershipRole, OfficialRole
from casework import presentation
from casework.enums import Outcome, Stage, Status
from casework.models import Case
from casework.services import filing
from tests import factories


@pytest.fixture(autouse=True)
def _english(client, settings):
    settings.LANGUAGE_CODE = "en"
    client.cookies["language"] = "en"
    with translation.override("en"):
        yield


def text(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_the_case_page_shows_award_reasons_and_history(people, client):
    case = factories.approve(
        factories.filed_offshore(people.enterprise, people.clerk, "200000.01"), people.initial, people.final
    )
    client.force_login(people.clerk)
    page = text(client.get(case.get_absolute_url()))
    assert "40,000.00" in page and "200,000.01" in page
    assert "Approved" in page and "Initial review finished" in page
    assert people.initial.display_name not in page, "officials' names are not for applicants"


def test_a_returned_claim_shows_the_reason_and_the_way_on(people, client):
    case = factories.filed_offshore(people.enterprise, people.clerk, "150000")
    factories.decide(
        case, people.initial, Stage.INITIAL, Outcome.RETURN, reason="The second receipt is missing."
    )
    client.force_login(people.clerk)
    response = client.get(case.get_absolute_url())
    assert "The second receipt is missing." in text(response)
    assert reverse("offshore:claim", args=[case.number]) in response.content.decode()


def test_a_note_between_officials_is_not_shown_to_the_applicant(people, client):
    case = factories.filed_offshore(people.enterprise, people.clerk, "250000")
    factories.decide(
        case, people.initial, Stage.INITIAL, Outcome.PROPOSE_REJECTION, reason="Smells of a shell company."
    )
    client.force_login(people.clerk)
    assert "shell company" not in text(client.get(case.get_absolute_url()))


def test_a_case_that_waits_for_its_calculation_says_so_and_asks_again(people, client):
    case = factories.offshore_draft(people.enterprise, people.clerk, "250000")
    filing.submit(case_id=case.pk, user=people.clerk)
    client.force_login(people.clerk)
    url = reverse("casework:calculation", args=[case.number])
    page = client.get(case.get_absolute_url()).content.decode()
    assert f'hx-get="{url}"' in page
    factories.calculate(case)
    fragment = client.get(url).content.decode()
    assert "hx-get" not in fragment and "50,000.00" in fragment


def test_a_case_read_just_before_its_calculation_was_written_goes_on_asking(people):
    case = factories.offshore_draft(people.enterprise, people.clerk, "250000")
    filing.submit(case_id=case.pk, user=people.clerk)
    read_before = Case.objects.get(pk=case.pk)
    factories.calculate(case)
    assert presentation.calculation_state(read_before) == "waiting"
    assert presentation.calculation_state(case) == "done"


@pytest.mark.parametrize("name", ["casework:case", "casework:calculation", "casework:withdraw"])
def test_a_foreign_case_does_not_exist(people, client, name):
    case = factories.filed_offshore(people.enterprise, people.clerk, "250000")
    other = factories.OrganisationFactory()
    client.force_login(factories.clerk_of(other))
    url = reverse(name, args=[case.number])
    assert client.get(url).status_code == 404
    assert client.post(url).status_code in (404, 405)
    case.refresh_from_db()
    assert case.status == Status.INITIAL_REVIEW


def test_officials_do_not_see_drafts(people, client):
    draft = factories.offshore_draft(people.enterprise, people.clerk, "250000")
    client.force_login(factories.official(OfficialRole.INITIAL_REVIEWER))
    assert client.get(draft.get_absolute_url()).status_code == 404


def test_withdrawing_asks_once_and_refuses_a_stale_answer(people, client):
    case = factories.filed_offshore(people.enterprise, people.clerk, "250000")
    client.force_login(people.clerk)
    url = reverse("casework:withdraw", args=[case.number])
    assert "cannot be taken up again" in text(client.get(url))
    client.post(url, {"version": case.version - 1})
    case.refresh_from_db()
    assert case.status == Status.INITIAL_REVIEW
    client.post(url, {"version": case.version, "reason": "Filed by mistake"})
    case.refresh_from_db()
    assert (case.status, case.transitions.last().reason) == (Status.WITHDRAWN, "Filed by mistake")


def test_a_reader_sees_the_case_and_changes_nothing(people, client):
    case = factories.filed_offshore(people.enterprise, people.clerk, "250000")
    client.force_login(factories.clerk_of(people.enterprise, role=MembershipRole.READER))
    response = client.get(case.get_absolute_url())
    assert response.status_code == 200 and "Withdraw" not in text(response)
    client.post(reverse("casework:withdraw", args=[case.number]), {"version": case.version})
    case.refresh_from_db()
    assert case.status == Status.INITIAL_REVIEW


@pytest.mark.parametrize("count", [1, 12])
def test_the_list_costs_the_same_number_of_queries_at_any_length(
    people, client, django_assert_num_queries, count
):
    for year in range(2014, 2014 + count):
        factories.filed_offshore(people.enterprise, people.clerk, "250000", year=year)
    client.force_login(people.clerk)
    client.get(reverse("dashboard"))
    with django_assert_num_queries(5):
        response = client.get(reverse("dashboard"))
    assert len(response.context["rows"]) == count


def test_what_waits_for_the_applicant_comes_first(people, client):
    factories.filed_offshore(people.enterprise, people.clerk, "250000", year=2016)
    draft = factories.offshore_draft(people.enterprise, people.clerk, "250000", year=2014)
    factories.filed_offshore(people.enterprise, people.clerk, "250000", year=2015)
    client.force_login(people.clerk)
    rows = client.get(reverse("dashboard")).context["rows"]
    assert rows[0]["case"] == draft


def test_somebody_without_an_organisation_is_told_what_to_do(client, db):
    client.force_login(factories.UserFactory())
    page = client.get(reverse("dashboard"))
    assert "Register your organisation first" in text(page)
    assert reverse("organisation_new") in page.content.decode()


def test_visitors_sign_in_first(client, db):
    for name in ("dashboard", "organisations", "organisation_new"):
        response = client.get(reverse(name))
        assert response.status_code == 302 and reverse("account_login") in response.url


def test_an_approval_of_nothing_announces_no_payment(people, client):
    case = factories.approve(
        factories.filed_offshore(people.enterprise, people.clerk, "150000"), people.initial, people.final
    )
    client.force_login(people.clerk)
    for url in (reverse("dashboard"), case.get_absolute_url()):
        page = text(client.get(url))
        assert "Approved" in page and "then payment" not in page
    assert "its revenue counts for later claims" in text(client.get(case.get_absolute_url()))


def test_an_empty_list_leads_to_the_first_step_of_this_organisation(people, client):
    client.force_login(people.clerk)
    page = client.get(reverse("dashboard")).content.decode()
    assert "No claim yet" in page
    assert f'class="btn btn-primary" href="{reverse("offshore:contracts")}"' in page


def test_amounts_of_the_list_name_their_currency_on_a_narrow_screen_too(people, client):
    factories.filed_offshore(people.enterprise, people.clerk, "250000")
    client.force_login(people.clerk)
    assert 'data-label="Amount (RMB)"' in client.get(reverse("dashboard")).content.decode()


def test_the_hash_of_what_was_filed_says_what_it_is(people, client):
    case = factories.filed_offshore(people.enterprise, people.clerk, "250000")
    client.force_login(people.clerk)
    assert f"Hash of the filed data {case.submissions.last().snapshot_hash[:12]}" in text(
        client.get(case.get_absolute_url())
    )
