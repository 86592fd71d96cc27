"""Returns by workbook: the page's judgement at the row and column, all or nothing, what is filed stays as it is."""

import pytest

from applications.models import BusinessReturn
from tests import factories
from tests.clients import Client
from tests.workbooks.conftest import Desk, filled_template, said, xlsx
from workbooks.models import SourceRow

PERIOD = {"year": 2015, "month": "", "headcount": 120, "graduates_hired": 15, "park": "", "note": ""}
LINE = {
    "year": 2015,
    "month": "",
    "sector": "Software",
    "service_type": "ITO · information technology",
    "client_country": "United States",
    "amount_usd": 1250000.5,
}


@pytest.fixture
def reporter(db) -> Desk:
    organisation = factories.OrganisationFactory()
    factories.recognise(organisation)
    clerk = factories.clerk_of(organisation)
    client = Client()
    client.force_login(clerk)
    client.cookies["language"] = "en"
    return Desk("returns", organisation, clerk, client)


def rows(*lines: dict, **period) -> dict:
    return {"periods": [PERIOD | period], "lines": [LINE | line for line in lines]}


def picture() -> list[tuple]:
    return [
        (
            r.year,
            r.month,
            r.state,
            r.headcount,
            sorted((x.client_country, str(x.amount_usd)) for x in r.lines.all()),
        )
        for r in BusinessReturn.objects.order_by("year", "month")
    ]


def test_the_filled_template_is_taken_over_and_the_same_file_again_changes_nothing(reporter):
    content = filled_template(
        "returns", rows({}, {"client_country": "China (mainland)", "amount_usd": 400000})
    )
    reporter.take_over(content)
    assert picture() == [(2015, 0, "draft", 120, [("CN", "400000.00"), ("US", "1250000.50")])]
    assert SourceRow.objects.count() == 3
    again = reporter.take_over(content)
    assert again.summary["lines"] == {"added": 0, "changed": 0, "unchanged": 2}
    reporter.take_over(xlsx("returns", rows({"amount_usd": 7}, headcount=130)))
    assert picture() == [(2015, 0, "draft", 130, [("CN", "400000.00"), ("US", "7.00")])]
    assert BusinessReturn.objects.get().version == 3


@pytest.mark.parametrize(
    "sheet, change, column, words",
    [
        ("periods", {"year": 1066}, "year", "Returns begin with 2013"),
        ("periods", {"year": 9999}, "year", "has not begun"),
        ("periods", {"month": 13}, "month", "a month from 1 to 12"),
        ("periods", {"headcount": -1}, "headcount", "cannot be negative"),
        ("periods", {"headcount": "many"}, "headcount", "whole number"),
        ("periods", {"park": "Moon"}, "park", "from the list"),
        ("lines", {"amount_usd": -5}, "amount_usd", "cannot be negative"),
        ("lines", {"sector": "Mining"}, "sector", "from the list"),
        ("lines", {"year": 2014}, "year", "neither on the sheet Periods"),
    ],
)
def test_what_is_wrong_is_said_at_row_and_column_and_nothing_is_written(
    reporter, sheet, change, column, words
):
    content = rows({}) if sheet == "periods" else rows({}, {"client_country": "Japan"} | change)
    if sheet == "periods":
        content["periods"].append(PERIOD | {"year": 2016} | change)
    job = reporter.upload(xlsx("returns", content))
    ((_sheet, row, where, message),) = said(job)
    assert (row, where) == (3, column) and words in message
    assert not job.is_ready and not BusinessReturn.objects.exists()


def test_twice_the_same_line_names_the_first(reporter):
    job = reporter.upload(xlsx("returns", rows({}, {"amount_usd": 1})))
    assert said(job)[0][1:3] == (3, "sector") and "Row 2" in said(job)[0][3]


def test_a_filed_return_stays_as_it_is(reporter):
    found = factories.filed_return(reporter.organisation, reporter.clerk, ("US", "1250000.50"))
    job = reporter.upload(xlsx("returns", rows({}, {"client_country": "Japan"})))
    assert {(row, column) for _sheet, row, column, _words in said(job)} == {(2, "year"), (3, "year")}
    assert "This return is filed" in said(job)[0][3]
    found.refresh_from_db()
    assert found.lines.count() == 1
