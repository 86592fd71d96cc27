"""The register of organisations and the awards: found by two characters, paged by id, as CSV that is inert."""

import csv
import io
from datetime import date, datetime
from xml.etree import ElementTree

import pytest
from django.urls import reverse

from accounts.enums import OfficialRole
from accounts.models import Accreditation, Organisation
from notices.services import publishing
from reports.public.lists import PAGE_SIZE
from tests import factories

pytestmark = pytest.mark.django_db
ATOM = "{http://www.w3.org/2005/Atom}"
REGISTER, AWARDS = "public:organisations", "public:awards"


def names(response) -> list[str]:
    return [row[0].organisation for row in response.context["rows"]]


def table(response) -> list[list[str]]:
    return list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))


@pytest.fixture
def soft(db) -> Organisation:
    organisation = factories.OrganisationFactory(name="南昌示例软件有限公司")
    factories.recognise(organisation)
    return organisation


@pytest.fixture
def school(db) -> Organisation:
    organisation = factories.OrganisationFactory(institution=True, name="江西示例培训学校")
    factories.recognise(organisation, start=date(2013, 1, 1), end=date(2014, 12, 31))
    return organisation


def test_two_characters_find_an_organisation(client, soft, school):
    assert names(client.get(reverse(REGISTER), {"q": "软件"})) == [soft.name]
    assert names(client.get(reverse(REGISTER), {"q": soft.credit_code.lower()})) == [soft.name]
    assert names(client.get(reverse(REGISTER), {"q": f"DOC-{soft.pk}-2013-01-01"})) == [soft.name]
    assert names(client.get(reverse(REGISTER), {"q": "没有"})) == []


def test_what_has_ended_is_shown_on_demand(client, soft, school):
    assert names(client.get(reverse(REGISTER))) == [soft.name]
    assert set(names(client.get(reverse(REGISTER), {"state": "all"}))) == {soft.name, school.name}
    ended = client.get(reverse(REGISTER), {"state": "all", "kind": "designation"})
    assert names(ended) == [school.name] and ended.context["rows"][0][2] is False


def test_whoever_was_never_recognised_is_not_named(client, soft):
    factories.OrganisationFactory(name="从未认定的公司")
    assert names(client.get(reverse(REGISTER), {"state": "all"})) == [soft.name]


def test_nothing_of_people_is_in_the_lists(client, soft):
    soft.contact_name, soft.contact_phone = "联系人甲", "0791-7777777"
    soft.save()
    for name in (REGISTER, "public:organisations_csv"):
        response = client.get(reverse(name))
        text = (b"".join(response.streaming_content) if response.streaming else response.content).decode()
        assert soft.name in text and "联系人甲" not in text and "7777777" not in text


def test_pages_follow_each_other_and_cost_the_same(client, soft, django_assert_num_queries):
    Accreditation.objects.bulk_create(
        Accreditation(
            kind="recognition", organisation=soft, document_number=f"N-{number}", valid_from=date(2015, 1, 1)
        )
        for number in range(2 * PAGE_SIZE)
    )
    seen, before = [], None
    for _page in range(3):
        with django_assert_num_queries(2):
            response = client.get(reverse(REGISTER), {"before": before} if before else {})
        seen += [row[0].id for row in response.context["rows"]]
        before = response.context["next_before"]
    assert before is None and len(seen) == len(set(seen)) == 2 * PAGE_SIZE + 1
    assert response.context["count"] == 2 * PAGE_SIZE + 1


@pytest.mark.parametrize(
    ("name", "query", "field"),
    [
        (REGISTER, {"kind": "nothing"}, "kind"),
        (REGISTER, {"before": "-1"}, "before"),
        (REGISTER, {"before": "9" * 40}, "before"),
        (REGISTER, {"q": "名" * 61}, "q"),
        (REGISTER, {"q": "a\x00b"}, "q"),
        (AWARDS, {"year": "1066"}, "year"),
        (AWARDS, {"programme": "third"}, "programme"),
        ("public:awards_csv", {"year": "soon"}, "year"),
        ("public:organisations_csv", {"kind": "x"}, "kind"),
    ],
)
def test_a_wrong_filter_is_said_at_its_field_and_shows_no_rows(client, soft, name, query, field):
    response = client.get(reverse(name), query)
    assert response.status_code == 422 and field in response.context["form"].errors
    assert not response.context["rows"]


def test_the_register_as_csv_is_inert(client, soft):
    evil = factories.OrganisationFactory(name="=HYPERLINK(1)")
    factories.recognise(evil)
    response = client.get(reverse("public:organisations_csv"))
    assert response["Content-Type"].startswith("text/csv") and "public" in response["Cache-Control"]
    head, *rows = table(response)
    assert head[:3] == ["kind", "organisation", "credit_code"]
    assert {row[1] for row in rows} == {soft.name, "'=HYPERLINK(1)"}


def test_awards_name_organisation_year_and_amount(client, award, notice):
    response = client.get(reverse(AWARDS), {"q": "外包", "year": "2015", "programme": "offshore"})
    row = response.context["rows"][0][0]
    assert (row.organisation, row.year, str(row.amount_rmb)) == ("南昌示例外包公司", 2015, "50000.00")
    assert award.case.number in response.content.decode()
    assert names(client.get(reverse(AWARDS), {"year": "2014"})) == []
    head, line = table(client.get(reverse("public:awards_csv")))
    assert dict(zip(head, line, strict=True))["amount_rmb"] == "50000.00"
    assert names(client.get(reverse(AWARDS), {"notice": notice.number})) == ["南昌示例外包公司"]
    assert names(client.get(reverse(AWARDS), {"notice": "GS-2015-999"})) == []


def test_what_no_notice_names_yet_is_nobodys_business(client, award):
    assert names(client.get(reverse(AWARDS))) == []
    assert len(table(client.get(reverse("public:awards_csv")))) == 1


def test_a_withdrawn_notice_takes_its_awards_off_the_list_and_says_so_in_the_feed(client, award, notice):
    feed = client.get(reverse("public:feed"))
    assert feed["Content-Type"].startswith("application/atom+xml") and "public" in feed["Cache-Control"]
    root = ElementTree.fromstring(feed.content)
    entry = root.find(f"{ATOM}entry")
    assert (
        notice.number in entry.find(f"{ATOM}title").text and "50,000.00" in entry.find(f"{ATOM}summary").text
    )
    link = entry.find(f"{ATOM}link").get("href")
    host = root.find(f"{ATOM}link").get("href").split("/awards")[0]
    assert notice.number in client.get(link.removeprefix(host)).content.decode()
    publishing.withdraw_notice(
        user=factories.official(OfficialRole.FINAL_REVIEWER),
        notice_id=notice.pk,
        version=notice.version,
        reason="A wrong sum",
    )
    assert names(client.get(reverse(AWARDS))) == []
    assert "A wrong sum" in client.get(reverse("public:feed")).content.decode()


def test_the_feed_has_what_the_standard_asks_for(client, award, notice):
    """RFC 4287: a feed and each entry have one id, title and day of change; the feed an author; addresses are whole."""
    root = ElementTree.fromstring(client.get(reverse("public:feed")).content)
    entries = root.findall(f"{ATOM}entry")
    assert root.tag == f"{ATOM}feed" and len(entries) == 1
    assert root.find(f"{ATOM}author/{ATOM}name").text
    for element in (root, *entries):
        for name in ("id", "title", "updated"):
            (found,) = element.findall(f"{ATOM}{name}")
            assert found.text.strip()
        assert datetime.fromisoformat(element.find(f"{ATOM}updated").text).utcoffset() is not None
        assert element.find(f"{ATOM}id").text.startswith("http")
        assert all(link.get("href").startswith("http") for link in element.findall(f"{ATOM}link"))
    selves = [link for link in root.findall(f"{ATOM}link") if link.get("rel") == "self"]
    assert len(selves) == 1 and selves[0].get("href").endswith(reverse("public:feed"))
    changed = datetime.fromisoformat(entries[0].find(f"{ATOM}updated").text)
    assert abs((changed - notice.published_at).total_seconds()) < 1


# Beyond the limit


def test_who_leafs_faster_than_any_reader_is_asked_to_wait(client, soft, settings):
    settings.PUBLIC_PAGES_PER_MINUTE = 3
    answers = [client.get(reverse(REGISTER), {"q": str(number)}) for number in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert 0 < int(answers[-1]["Retry-After"]) <= 60
    assert answers[-1].templates[0].name == "public/too_many.html"
    assert answers[-1]["X-Request-ID"] in answers[-1].content.decode()
    assert client.get("/").status_code == 200 and client.get("/guide/students").status_code == 200
    other = client.get(reverse(REGISTER), REMOTE_ADDR="192.0.2.7")
    assert other.status_code == 200


def test_a_notice_that_is_none_lists_nothing(client, notice):
    answer = client.get("/awards", {"notice": "no/such notice"})
    assert answer.status_code == 200 and b'data-count="0"' in answer.content
    assert f'href="/notices/{notice.number}/"' in client.get("/awards").content.decode()
