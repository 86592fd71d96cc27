"""What the queue shows to whom, in which order and at which cost."""

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone, translation

from accounts.enums import MembershipRole
from accounts.models import Membership
from casework.desk import queue
from casework.enums import Outcome, Stage
from casework.models import Case
from casework.services.assignments import assign
from policy.workdays import WorkingDays
from tests import factories


def numbers(response) -> list[str]:
    return [case.number for case in response.context["cl"].result_list]


def claim(desk, amount="250000", **fields) -> Case:
    """A filed claim of an enterprise of its own."""
    organisation = factories.OrganisationFactory(**fields)
    return factories.filed_offshore(organisation, factories.clerk_of(organisation), amount)


def test_the_first_page_of_the_desk_is_the_queue(desk, as_user, queue_url):
    response = as_user(desk.initial).get("/admin/")
    assert (response.status_code, response.url) == (302, queue_url)


def test_each_role_finds_what_waits_for_it(desk, as_user, queue_url):
    first, second = claim(desk), claim(desk)
    factories.decide(second, desk.both, Stage.INITIAL)
    found = {
        name: numbers(as_user(getattr(desk, name)).get(queue_url)) for name in ("initial", "final", "both")
    }
    assert found == {"initial": [first.number], "final": [second.number], "both": [first.number]}


@pytest.mark.parametrize("name", ["auditor", "finance", "policy_editor"])
def test_who_reviews_nothing_sees_everything_and_no_action(desk, as_user, queue_url, case, name):
    response = as_user(getattr(desk, name)).get(queue_url)
    assert numbers(response) == [case.number]
    page = response.content.decode()
    assert "pass_selected" not in page and "queue-tabs" not in page


def test_what_i_filed_or_what_my_organisation_filed_never_waits_for_me(desk, as_user, queue_url, case):
    Membership.objects.create(user=desk.initial, organisation=desk.enterprise, role=MembershipRole.READER)
    other = factories.OrganisationFactory()
    Membership.objects.create(user=desk.both, organisation=other)
    filed_by_official = factories.filed_offshore(other, desk.both, "250000")
    Membership.objects.filter(user=desk.both).delete()
    assert numbers(as_user(desk.initial).get(queue_url)) == [filed_by_official.number]
    assert numbers(as_user(desk.both).get(queue_url)) == [case.number]


def test_the_badge_counts_what_waits_for_me_whatever_is_filtered(desk, as_user, queue_url, case):
    page = as_user(desk.initial).get(queue_url, {"queue": "all", "stage": "approved"}).content.decode()
    assert re.search(r"Waiting for me\s*<span class=\"badge\">1</span>", page)


def test_drafts_are_never_shown_not_even_an_officials_own(desk, as_user, queue_url):
    Membership.objects.create(user=desk.both, organisation=desk.enterprise)
    draft = factories.offshore_draft(desk.enterprise, desk.clerk, "250000")
    for user in (desk.both, desk.superuser, desk.auditor):
        client = as_user(user)
        assert numbers(client.get(queue_url, {"queue": "all"})) == []
        assert client.get(f"{queue_url}{draft.pk}/change/").status_code == 404


def test_waiting_cases_come_oldest_first_and_say_so_in_a_word(desk, as_user, queue_url):
    cases = [claim(desk) for _ in range(3)]
    for case, days in zip(cases, (0, 60, 30), strict=True):
        Case.objects.filter(pk=case.pk).update(stage_since=timezone.now() - timedelta(days=days))
    response = as_user(desk.initial).get(queue_url)
    assert numbers(response) == [cases[1].number, cases[2].number, cases[0].number]
    words = re.findall(r"working days?</span>\s*<span class=\"chip chip-(\w+)\">.*?</svg>\s*(.*?)</span>",
                       response.content.decode(), re.DOTALL)  # fmt: skip
    assert words == [("bad", "Late"), ("bad", "Late"), ("good", "In time")]


@pytest.mark.parametrize(
    ("since", "today", "text", "word"),
    [
        ((2024, 2, 2), (2024, 2, 2), "0 working days", "In time"),
        # A Sunday before the Spring Festival on which people work.
        ((2024, 2, 2), (2024, 2, 4), "1 working day", "In time"),
        ((2024, 9, 30), (2024, 10, 7), "0 working days", "In time"),
        ((2024, 9, 30), (2024, 10, 10), "3 working days", "Due soon"),
        ((2024, 9, 30), (2024, 10, 12), "5 working days", "Late"),
    ],
)
def test_the_age_of_a_case_counts_working_days(since, today, text, word):
    at = datetime(*since, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
    case = Case(status="initial_review", stage_since=at)
    with translation.override("en"):
        found = queue.age(case, date(*today), WorkingDays())
    assert (found.text, found.word) == (text, word)


def test_all_cases_latest_step_first_and_what_waits_for_colleagues_in_a_tab_of_its_own(
    desk, as_user, queue_url
):
    closed, others, mine = claim(desk), claim(desk), claim(desk)
    factories.approve(closed, desk.both, desk.final)
    factories.decide(others, desk.both, Stage.INITIAL)
    client = as_user(desk.initial)
    assert numbers(client.get(queue_url, {"queue": "all"})) == [others.number, closed.number, mine.number]
    assert numbers(client.get(queue_url, {"queue": "others"})) == [others.number]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"stage": "initial_review"}, {"plain", "warned"}),
        ({"stage": "returned"}, {"returned"}),
        ({"warning": "recognition"}, {"warned", "returned"}),
        ({"warning": "any"}, {"warned", "returned"}),
        ({"warning": "related_party"}, set()),
        ({"year": "2015"}, {"plain", "warned", "returned"}),
        ({"year": "2014"}, set()),
        ({"programme": "training"}, set()),
        ({"programme": "offshore", "stage": "returned"}, {"returned"}),
        ({"stage": "no-such-stage"}, {"plain", "warned", "returned"}),
        ({"q": "Blue Harbour"}, {"plain"}),
    ],
)
def test_filters_and_search(desk, as_user, queue_url, filters, expected):
    plain = factories.filed_offshore(desk.enterprise, desk.clerk, "250000")
    cases = {"plain": plain, "warned": claim(desk), "returned": claim(desk)}
    factories.decide(cases["returned"], desk.both, Stage.INITIAL, Outcome.RETURN, "Correct it.")
    response = as_user(desk.initial).get(queue_url, {"queue": "all", **filters})
    assert set(numbers(response)) == {cases[name].number for name in expected}


def test_search_by_number_and_by_credit_code(desk, as_user, queue_url, case):
    claim(desk)
    client = as_user(desk.auditor)
    for words in (case.number, desk.enterprise.credit_code, desk.enterprise.name):
        assert numbers(client.get(queue_url, {"q": words})) == [case.number]


def test_a_row_says_amount_status_next_step_and_warnings(desk, as_user, queue_url):
    organisation = factories.OrganisationFactory()
    factories.filed_offshore(organisation, factories.clerk_of(organisation), "200000")
    page = as_user(desk.initial).get(queue_url).content.decode()
    for text in ("0.00", "Awaiting initial review", "Recognition incomplete",
                 "Exactly at the boundary", organisation.credit_code, "2015"):  # fmt: skip
        assert text in page
    assert "status-next" not in page, "the status says the step already"
    assert "2,015" not in page


def test_a_case_without_calculation_says_so(desk, as_user, queue_url):
    from casework.services import filing

    draft = factories.offshore_draft(desk.enterprise, desk.clerk, "250000")
    filing.submit(case_id=draft.pk, user=desk.clerk)
    assert "Being calculated" in as_user(desk.initial).get(queue_url).content.decode()
    draft.runs.update(state="failed")
    assert "Calculation failed" in as_user(desk.initial).get(queue_url).content.decode()


def test_an_empty_queue_says_what_to_do(desk, as_user, queue_url):
    page = as_user(desk.initial).get(queue_url).content.decode()
    assert "Nothing waits for you." in page and "queue=all" in page
    page = as_user(desk.initial).get(queue_url, {"q": "nobody"}).content.decode()
    assert "No case here matches." in page and "Search in all cases" in page
    assert "No claim has been filed yet." in as_user(desk.auditor).get(queue_url).content.decode()


@pytest.mark.parametrize("number", [3, 30])
@pytest.mark.parametrize("tab", ["mine", "all"])
def test_the_list_costs_the_same_however_long(
    desk, as_user, queue_url, django_assert_num_queries, number, tab
):
    organisation = factories.OrganisationFactory()
    clerk = factories.clerk_of(organisation)
    for n in range(number):
        case = factories.filed_offshore(organisation, clerk, "200000")
        if n % 2 and tab == "all":
            assign(case_id=case.pk, user=desk.initial, assignee=desk.initial, seen=None)
    client = as_user(desk.both)
    client.get(queue_url)
    # The user, their roles and standing (4), what waits for them, saved views, count, page, calendar and inbox;
    # the session is in the cache.
    with django_assert_num_queries(12):
        response = client.get(queue_url, {"queue": tab})
    assert len(numbers(response)) == number


def test_a_clerk_gets_no_admin(desk, as_user, queue_url, case):
    client = as_user(desk.clerk)
    for url in ("/admin/", queue_url, f"{queue_url}{case.pk}/change/", "/admin/registers/"):
        response = client.get(url)
        assert response.status_code in (302, 403)
        assert case.number not in response.content.decode()
