"""Passing several cases at once: a page that says what would happen, then one decision after the other."""

import re

import pytest
from django.urls import reverse

from accounts.models import Membership
from casework.enums import Stage, Status
from casework.models import Award, Review
from tests import factories

PASS = "admin:casework_case_pass"


def preview(client, queue_url, *cases):
    return client.post(
        f"{queue_url}?queue=all",
        {"action": "pass_selected", "index": "0", "_selected_action": [case.pk for case in cases]},
    )


def tokens(response) -> list[str]:
    return re.findall(r'name="case"\s+value="([^"]+)"', response.content.decode())


def confirm(client, response):
    return client.post(reverse(PASS), {"case": tokens(response)}, follow=True)


def told(response) -> list[str]:
    return [str(message) for message in response.context["messages"]]


@pytest.fixture
def three(desk):
    made = []
    for amount in ("250000", "2700000", "200000"):
        organisation = factories.OrganisationFactory()
        made.append(factories.filed_offshore(organisation, factories.clerk_of(organisation), amount))
    return made


def test_the_confirmation_lists_what_happens_and_changes_nothing(desk, as_user, queue_url, three, unchanged):
    with unchanged(three[0]):
        response = preview(as_user(desk.initial), queue_url, *three)
    page = response.content.decode()
    assert response.status_code == 200 and len(tokens(response)) == 3
    assert page.count("Pass initial review, on to final review") == 3
    assert "550,000.00" in page and "Exactly at the boundary" in page


def test_confirmed_cases_pass_both_stages(desk, as_user, queue_url, three):
    initial, final = as_user(desk.initial), as_user(desk.final)
    response = confirm(initial, preview(initial, queue_url, *three))
    assert told(response).count("3 cases passed.") == 1
    shown = preview(final, queue_url, *three)
    assert "Approve, award 500,000.00 RMB" in shown.content.decode()
    confirm(final, shown)
    assert {case.pk: str(case.award.amount_rmb) for case in map(refreshed, three)} == dict(
        zip([case.pk for case in three], ["50000.00", "500000.00", "0.00"], strict=True)
    )


def refreshed(case):
    case.refresh_from_db()
    assert case.status == Status.APPROVED
    return case


def test_the_same_official_is_refused_as_second_reviewer_through_the_action(
    desk, as_user, queue_url, three, unchanged
):
    for case in three[:2]:
        factories.decide(case, desk.both, Stage.INITIAL)
    factories.decide(three[2], desk.initial, Stage.INITIAL)
    client = as_user(desk.both)
    response = preview(client, queue_url, *three)
    page = response.content.decode()
    assert len(tokens(response)) == 1 and "2 cases will not go" in page
    assert page.count("the final review needs another person") == 2
    forged = [f"{case.pk}:final:{case.current_assessment.hash}" for case in three[:2]]
    with unchanged(three[0]), unchanged(three[1]):
        answer = client.post(reverse(PASS), {"case": forged}, follow=True)
    assert sum("the final review needs another person" in text for text in told(answer)) == 2
    assert "0 cases passed." in told(answer)


def test_one_that_moved_meanwhile_stays_and_the_others_go(desk, as_user, queue_url, three, unchanged):
    client = as_user(desk.initial)
    response = preview(client, queue_url, *three)
    factories.decide(three[1], desk.both, Stage.INITIAL)
    with unchanged(three[1]):
        three[1].refresh_from_db()
    answer = confirm(client, response)
    assert "2 cases passed." in told(answer)
    assert any(three[1].number in text and "moved on" in text for text in told(answer))
    assert Review.objects.filter(case=three[1]).count() == 1


def test_a_changed_calculation_is_refused_through_the_action(desk, as_user, case, unchanged):
    client = as_user(desk.initial)
    with unchanged(case):
        answer = client.post(reverse(PASS), {"case": [f"{case.pk}:initial:{'0' * 64}"]}, follow=True)
    assert any("The calculation changed" in text for text in told(answer))


def test_members_are_told_why_it_will_not_go(desk, as_user, queue_url, case):
    Membership.objects.create(user=desk.initial, organisation=desk.enterprise)
    response = preview(as_user(desk.initial), queue_url, case)
    assert not tokens(response) and "You are a member of this organisation" in response.content.decode()


def test_a_case_without_calculation_will_not_go(desk, as_user, queue_url, case):
    case.runs.update(state="failed")
    response = preview(as_user(desk.initial), queue_url, case)
    assert not tokens(response) and "Calculation failed" in response.content.decode()


@pytest.mark.parametrize("name", ["auditor", "finance", "policy_editor", "clerk"])
def test_others_have_no_such_action(desk, as_user, queue_url, case, unchanged, name):
    client = as_user(getattr(desk, name))
    with unchanged(case):
        assert not tokens(preview(client, queue_url, case))
        answer = client.post(reverse(PASS), {"case": [f"{case.pk}:initial:{case.current_assessment.hash}"]})
    assert answer.status_code in (302, 403)
    assert not Award.objects.exists()


@pytest.mark.parametrize(
    "token", ["", "x", "1", "1:third:abc", "999999999999999999999:initial:a", "²:initial:a"]
)
def test_tokens_that_no_page_of_ours_wrote_do_nothing(desk, as_user, case, unchanged, token):
    with unchanged(case):
        answer = as_user(desk.initial).post(reverse(PASS), {"case": [token]}, follow=True)
    assert "0 cases passed." in told(answer)
