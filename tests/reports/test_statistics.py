"""Statistics: recomputed from raw rows by other SQL, hidden where few are behind, the same on page, file and API."""

import csv
import io
import re
from datetime import date
from decimal import Decimal

import openpyxl
import pytest
from django.core.cache import cache
from django.db import connection
from django.urls import reverse

from accounts.enums import OfficialRole
from reports.statistics.report import path, report, years
from tests import factories
from tests.clients import Client

pytestmark = pytest.mark.django_db
LINES = """
    FROM applications_businessline line
    JOIN applications_businessreturn filed ON filed.id = line.business_return_id
    WHERE filed.state = 'accepted' AND filed.month = 0 AND filed.year = %s
"""
#: table: SQL that gives (code, USD) from the raw rows.
BY_SQL = {
    "market": f"""
        SELECT CASE WHEN client_country = 'CN' THEN 'onshore' ELSE 'offshore' END, sum(amount_usd) {LINES} GROUP BY 1
        UNION ALL SELECT 'total', sum(amount_usd) {LINES}""",
    "sector": f"SELECT sector, sum(amount_usd) {LINES} GROUP BY 1",
    "tier": f"""
        SELECT CASE WHEN sector IN ('software', 'information_technology', 'call_centres', 'animation_games')
            THEN 'consolidate' WHEN sector IN ('finance', 'cultural_creation', 'internet_plus') THEN 'rapidly_develop'
            WHEN sector IN ('biomedicine', 'logistics') THEN 'break_through'
            WHEN sector IN ('medical', 'wholesale_retail') THEN 'cultivate' ELSE 'none' END,
            sum(amount_usd) {LINES} GROUP BY 1""",
    "service": f"SELECT service_type, sum(amount_usd) {LINES} GROUP BY 1",
    "country": f"SELECT client_country, sum(amount_usd) {LINES} AND client_country <> 'CN' GROUP BY 1",
    "district": f"SELECT division, sum(amount_usd) {LINES} GROUP BY 1",
    "park": f"SELECT coalesce(nullif(park, ''), 'none'), sum(amount_usd) {LINES} GROUP BY 1",
}


def raw(sql: str, *values) -> dict[str, Decimal]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [*values] * sql.count("%s"))
        return dict(cursor.fetchall())


@pytest.fixture
def official():
    return factories.official(OfficialRole.INITIAL_REVIEWER)


@pytest.fixture
def economy(official):
    """Seven enterprises in 2016, five of them in 2015; software many times, biomedicine once."""
    divisions = ("360102", "360102", "360102", "360102", "360113", "360113", "360113")
    for number, division in enumerate(divisions, start=1):
        enterprise = factories.OrganisationFactory(name=f"Firm {number}", division=division)
        clerk = factories.clerk_of(enterprise)
        extra = ("CH", "880000", "biomedicine", "kpo") if number == 3 else ("JP", "1000", "finance", "bpo")
        business = (("US", f"{number}00000.25"), ("CN", f"{number}0000"), extra)
        park = "high_tech" if number in (1, 2, 5, 6) else ""
        for year in (2015, 2016) if number < 6 else (2016,):
            factories.accepted_return(enterprise, clerk, *business, year=year, park=park, by=official)
    # Neither a draft, nor what only waits, nor a month counts.
    waiting = factories.OrganisationFactory(name="Waiting")
    clerk = factories.clerk_of(waiting)
    factories.filed_return(waiting, clerk, ("US", "999"), year=2016)
    factories.return_draft(waiting, clerk, ("US", "999"), year=2015)
    factories.accepted_return(waiting, clerk, ("US", "999"), year=2016, month=3, by=official)


def test_every_figure_is_what_other_sql_says_of_the_raw_rows(economy):
    assert years() == [2016, 2015]
    for year in years():
        found = report(year, finer=True)
        for table, sql in BY_SQL.items():
            shown = {row.code: row.values["usd"] for row in found[table].rows if row.values["usd"]}
            assert shown == raw(sql, year), (table, year)


def test_what_few_are_behind_is_hidden_and_a_neighbour_with_it(economy):
    shown = {row.code: row.values["usd"] for row in report(2016)["sector"].rows}
    assert shown["biomedicine"] is None and shown["software"] is not None
    tiers = {row.code: row.values["usd"] for row in report(2016)["tier"].rows}
    # The tier of biomedicine alone; and finance's, or the whole less the others would give it away.
    assert [code for code, value in tiers.items() if value is None] == ["rapidly_develop", "break_through"]
    countries = {row.code: row.values["usd"] for row in report(2016)["country"].rows}
    assert countries["CH"] is None and sum(value is None for value in countries.values()) >= 2
    assert report(2016)["market"].value("total", "usd") == raw(BY_SQL["market"], 2016)["total"]


def test_the_path_grows_from_the_base_year_as_the_policy_says(economy):
    first, second = path(finer=True)
    assert (first.year, second.year) == (2015, 2016)
    assert first.target == first.total and second.target == first.total * Decimal("1.2")


def test_page_file_and_interface_say_the_same(client, economy):
    page = client.get(reverse("public:statistics"), {"year": 2016})
    text = page.content.decode()
    assert page.status_code == 200 and text.count('<svg class="chart-drawing"') >= 8
    assert "880,000" not in text
    rows = list(
        csv.DictReader(io.StringIO(client.get("/statistics.csv?year=2016").getvalue().decode("utf-8-sig")))
    )
    answer = client.get("/api/v1/statistics?year=2016").json()
    book = openpyxl.load_workbook(io.BytesIO(client.get("/statistics.xlsx?year=2016").content))
    assert len(book.sheetnames) == len(answer["tables"])
    by_file = {(r["table"], r["code"], r["measure"]): r["value"] for r in rows}
    by_api = {
        (table["code"], row["code"], figure["measure"]): figure["value"]
        for table in answer["tables"]
        for row in table["rows"]
        for figure in row["figures"]
    }
    assert by_file.keys() == by_api.keys()
    for key, value in by_api.items():
        shown = by_file[key]
        assert (value is None) == (shown == "suppressed")
        assert value is None or Decimal(value) == Decimal(shown), key
    assert by_api["sector", "biomedicine", "usd"] is None
    assert answer["years"] == [2016, 2015] and answer["smallest_count"] == 3


def test_a_wrong_year_is_answered_in_words(client, economy):
    for year in ("1066", "9999", "abc", "2015;DROP", "2014"):
        page = client.get(reverse("public:statistics"), {"year": year})
        assert page.status_code == 422 and "There are no statistics of this year" in page.content.decode()
    assert client.get("/api/v1/statistics?year=2014").json()["message"] == (
        "There are no statistics of 2014; there are some of 2016, 2015."
    )
    assert client.get("/api/v1/statistics?year=abc").status_code == 422


def test_without_returns_the_page_says_so(client):
    assert "No statistics yet" in client.get(reverse("public:statistics")).content.decode()
    answer = client.get("/api/v1/statistics").json()
    assert (answer["year"], answer["years"], answer["tables"]) == (None, [], [])
    assert client.get("/api/v1/statistics?year=2015").status_code == 404


def test_the_interface_may_be_kept_and_asked_again(client, economy):
    first = client.get("/api/v1/statistics")
    assert first["Cache-Control"] == "public, max-age=60"
    assert client.get("/api/v1/statistics", headers={"If-None-Match": first["ETag"]}).status_code == 304


def test_what_officials_asked_for_is_not_what_everybody_gets(client, economy, official):
    desk = Client()
    desk.force_login(official)
    assert "880,000" in desk.get(reverse("admin:statistics"), {"year": 2016}).content.decode()
    for place in ("/statistics", "/statistics.csv", "/statistics.xlsx", "/api/v1/statistics"):
        for query in ("year=2016", "year=2016&finer=1", "year=2016&least=0", "year=2016&year=2015"):
            answer = client.get(f"{place}?{query}")
            content = answer.getvalue() if answer.streaming else answer.content
            assert b"880000" not in content and b"880,000" not in content
            assert answer.status_code in (200, 422)


def test_an_official_s_statistics_are_for_officials_alone(client, economy):
    outsider = Client()
    outsider.force_login(factories.clerk_of(factories.OrganisationFactory()))
    for who in (client, outsider):
        for name in ("admin:statistics", "admin:statistics_csv"):
            answer = who.get(reverse(name), {"year": 2016})
            assert answer.status_code in (302, 403) and b"880" not in answer.content


def test_a_file_is_kept_for_each_language_apart_and_asks_no_host(client, economy):
    english = client.get("/statistics.csv?year=2016")
    client.cookies["language"] = "zh-hans"
    chinese = client.get(
        "/statistics.csv?year=2016", headers={"accept-language": "en", "x-forwarded-host": "evil"}
    )
    assert "Whole business" in english.getvalue().decode() and "业务总额" in chinese.getvalue().decode()
    for answer in (english, chinese, client.get("/notices.atom")):
        assert "public" in answer["Cache-Control"] and "Cookie" in answer["Vary"]
    assert client.get("/statistics", headers={"host": "evil.example"}).status_code == 400


def test_the_page_says_how_many_returns_are_in_its_figures(client, economy, official):
    page = client.get("/statistics", {"year": 2016}).content.decode()
    assert "accepted so far" not in page and "So far" not in page
    for number in (1, 2, 3):
        enterprise = factories.OrganisationFactory(name=f"Recognised {number}")
        factories.recognise(enterprise, date(2016, 1, 1))
        if number < 3:
            factories.accepted_return(
                enterprise, factories.clerk_of(enterprise), ("US", "5"), year=2016, by=official
            )
    cache.clear()
    page = " ".join(client.get("/statistics", {"year": 2016}).content.decode().split())
    assert "2 of 3 returns for 2016 are accepted so far" in page and "So far: 2016:" in page
    assert client.get("/api/v1/statistics?year=2016").json()["returns"] == {"accepted": 2, "owed": 3}


def test_districts_are_named_in_the_reader_s_language(economy):
    names = {row.code: row.name for row in report(2016)["district"].rows}
    assert (names["360102"].en, names["360102"].zh) == ("Donghu District", "东湖区")


def test_talent_is_counted_by_school_and_place_and_small_schools_are_hidden(client, official, economy):
    taught = factories.TrainingClassFactory(ends_on=date(2016, 6, 1), customised_for="Firm 1")
    elsewhere = factories.EmployerFactory(division="440305")
    signed = {"contract": {"signed_on": date(2016, 7, 1)}}
    for number in range(9):
        school = "=Small School" if number == 0 else f"School {number % 2}"
        employer = {"employer": elsewhere} if number > 5 else {}
        factories.hired_trainee(taught, school=school, **employer, **signed)
    found = report(2016)
    assert found["talent"].rows[0].values == {
        "trained": 9,
        "certified": 0,  # the certificates are of 2015
        "hired_local": 6,
        "hired_elsewhere": 3,
    }
    schools = {row.code: row.values["trained"] for row in found["school"].rows}
    assert schools["=Small School"] is None and list(schools.values()).count(None) == 2
    # No two landmarks of the page with tables of schools have one name.
    labels = re.findall(
        r'<(?:section|div)\b[^>]*?aria-labelledby="([^"]+)"',
        client.get("/statistics", {"year": 2016}).content.decode(),
    )
    assert "kinds-title" in labels and len(labels) == len(set(labels))
    finer = report(2016, finer=True)
    assert raw(
        "SELECT trainee.school, count(*) FROM training_enrolment enrolment JOIN training_trainee trainee"
        " ON trainee.id = enrolment.trainee_id WHERE extract(year FROM enrolment.ends_on) = %s GROUP BY 1",
        2016,
    ) == {row.code: row.values["trained"] for row in finer["school"].rows}
    assert finer["class_type"].value("customised", "trained") == 9
    # Somebody's words stay words in a spreadsheet.
    book = openpyxl.load_workbook(io.BytesIO(client.get("/statistics.xlsx?year=2016").content))
    cells = [cell for page in book for row in page for cell in row if "Small School" in str(cell.value)]
    assert cells and all(cell.data_type == "s" and str(cell.value).startswith("'=") for cell in cells)
    assert "'=Small School" in client.get("/statistics.csv?year=2016").getvalue().decode()


def test_awards_and_payments_are_those_of_the_notices(notice, award, client, official):
    enterprise = award.case.organisation
    clerk = factories.clerk_of(enterprise)
    factories.accepted_return(enterprise, clerk, ("US", "250000"), year=2015, by=official)
    found = report(2015)["money"]
    assert (
        found.value("offshore", "awarded_rmb") == Decimal("50000.00")
        and found.value("offshore", "paid_rmb") == 0
    )
    # One enterprise is behind everything: nothing of its business is public.
    assert report(2015)["market"].value("total", "usd") is None
    assert client.get(reverse("public:statistics")).status_code == 200


def test_officials_see_what_is_hidden_and_how_many_are_behind_it(economy, official):
    desk = Client()
    desk.force_login(official)
    desk.cookies["language"] = "en"
    text = desk.get(reverse("admin:statistics"), {"year": 2016}).content.decode()
    assert "880,000" in text and "(1)" in text
    assert "1 return of the year waits to be accepted." in " ".join(text.split())
    assert "880000" in desk.get(reverse("admin:statistics_csv"), {"year": 2016}).getvalue().decode()
