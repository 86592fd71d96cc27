"""Finding cases: pages by key, search, saved views."""

import pytest
from django.urls import reverse

from accounts.models import Organisation
from casework.desk import changelist, search
from casework.desk.case_admin import CaseAdmin
from casework.models import Case, SavedView
from tests import factories


def numbers(response) -> list[str]:
    return [case.number for case in response.context["cl"].result_list]


def claim(reference: str = "", **fields) -> Case:
    organisation = factories.OrganisationFactory(**fields)
    clerk = factories.clerk_of(organisation)
    if not reference:
        return factories.filed_offshore(organisation, clerk, "250000")
    case = factories.offshore_draft(organisation, clerk, "250000")
    case.offshore_claim.receipts.update(bank_reference=reference)
    factories.filing.submit(case_id=case.pk, user=clerk)
    return factories.calculate(case)


def test_every_page_by_key_holds_each_case_once_there_and_back(desk, as_user, queue_url, monkeypatch):
    monkeypatch.setattr(CaseAdmin, "list_per_page", 2)
    cases = [factories.filed_offshore(desk.enterprise, desk.clerk, "10000") for _ in range(5)]
    # Three came to their step at the same moment: the key settles their order.
    Case.objects.filter(pk__in=[case.pk for case in cases[:3]]).update(stage_since=cases[0].stage_since)
    client = as_user(desk.both)
    # Few rows are fetched by their keys, many along the index: the pages are the same.
    for counted, told in ((changelist.COUNTED, "5"), (3, "more than 3")):
        monkeypatch.setattr(changelist, "COUNTED", counted)
        pages, url = [], "?queue=mine"
        while url:
            response = client.get(queue_url + url)
            pages.append(numbers(response))
            back, url = response.context["cl"].previous_url, response.context["cl"].following_url
        assert [number for page in pages for number in page] == [case.number for case in cases]
        assert numbers(client.get(queue_url + back)) == pages[-2]
        newest = client.get(queue_url, {"queue": "all"})
        assert numbers(newest) == [cases[4].number, cases[3].number]
        assert newest.context["cl"].count_text == told


@pytest.mark.parametrize(
    "place",
    ["x", "2015-01-01~1", "2015-01-01T00:00:00+08:00~", "2015-13-41T99:00:00+08:00~1", "~" * 40, "٣~٣"],
)
def test_a_place_that_nobody_wrote_is_the_first_page(desk, as_user, queue_url, case, place):
    for name in ("after", "before"):
        assert numbers(as_user(desk.initial).get(queue_url, {name: place})) == [case.number]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("滕王", {"teng"}),
        ("王软", {"teng"}),
        ("软件", {"teng", "gan"}),
        ("赣", {"gan"}),
        ("软件 ", {"teng", "gan"}),
        ("fn 2015/05-20 x7", {"gan"}),
        ("FN201505", {"gan"}),
        ("FN", set()),
        ("没有", set()),
        ("%", set()),
        ("' OR 1=1 --", set()),
    ],
)
def test_search_by_two_characters_and_by_a_reference_in_any_spelling(desk, as_user, queue_url, words, found):
    cases = {"teng": claim(name="滕王软件"), "gan": claim("FN-20150520.X7", name="赣江软件")}
    response = as_user(desk.auditor).get(queue_url, {"q": words})
    assert set(numbers(response)) == {cases[name].number for name in found}


def test_words_that_very_many_names_hold_are_looked_for_along_the_queue(
    desk, as_user, queue_url, monkeypatch
):
    found = claim(name="Gan River 100% Software 软件")
    claim(name="Somebody Else")
    monkeypatch.setattr(search, "MOST", 0)
    client = as_user(desk.initial)
    for words in ("软件", "100% SOFT", "gan river"):
        assert numbers(client.get(queue_url, {"q": words})) == [found.number]
    assert numbers(client.get(queue_url, {"q": "% soft_"})) == []


def test_search_by_parts_of_number_and_code(desk, as_user, queue_url, case):
    other = claim()
    tail = case.number.rsplit("-", 1)[1].lstrip("0")
    client = as_user(desk.auditor)
    for words in (case.number.lower(), tail, desk.enterprise.credit_code):
        assert case.number in numbers(client.get(queue_url, {"q": words}))
    beginning = Organisation.objects.get(pk=other.organisation_id).credit_code[:17]
    assert other.number in numbers(client.get(queue_url, {"q": beginning}))


# Saved views


def keep(client, name: str, query: str = "queue=all&year=2015", **fields):
    return client.post(reverse("admin:casework_case_save_view"), {"name": name, "query": query, **fields})


def test_a_view_is_kept_for_oneself_or_for_all(desk, as_user, queue_url, case):
    client = as_user(desk.initial)
    assert keep(client, "This year", "year=2015&queue=all&p=7&after=x&evil=1").url.endswith(
        "queue=all&year=2015"
    )
    keep(client, "Late ones", "age=late", shared="1")
    assert list(SavedView.objects.values_list("name", "query", "is_shared")) == [
        ("Late ones", "age=late", True),
        ("This year", "queue=all&year=2015", False),
    ]
    assert numbers(client.get(queue_url + "?queue=all&year=2015")) == [case.number]
    colleague = as_user(desk.both).get(queue_url).content.decode()
    assert "Late ones" in colleague and "This year" not in colleague


def test_a_view_needs_a_name_filters_and_is_its_owners(desk, as_user):
    client = as_user(desk.initial)
    (
        keep(client, "  "),
        keep(client, "Nothing", "evil=1"),
        keep(client, "Once"),
        keep(client, "Once", "year=2014"),
    )
    view = SavedView.objects.get()
    assert view.query == "queue=all&year=2015"
    url = reverse("admin:casework_case_delete_view", args=[view.pk])
    as_user(desk.both).post(url)
    assert SavedView.objects.exists(), "it is not theirs"
    assert client.get(url).status_code == 405
    assert client.post(url).status_code == client.post(url).status_code == 302
    assert not SavedView.objects.exists()
