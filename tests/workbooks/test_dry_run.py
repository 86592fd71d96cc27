"""The dry run says which rows change, cell by cell, before and after."""

import json
from datetime import date

import pytest
from django.urls import reverse

from applications.models import BusinessReturn, Contract
from tests import factories
from tests.workbooks.conftest import CLASS, CONTRACT, RECEIPT, heads_of, trainee, xlsx
from tests.workbooks.test_returns_workbook import reporter, rows  # noqa: F401  (a fixture)
from workbooks import changes
from workbooks.models import ImportJob


def page_of(desk, job: ImportJob) -> list[tuple]:
    """The changed rows as the page has them: (sheet, row, record, {column: (before, after)})."""
    found = desk.client.get(job.get_absolute_url()).context["changes"]
    return [
        (
            str(row["sheet"]),
            row["row"],
            [str(part) for part in row["record"]],
            {str(c["head"]): (str(c["before"]), str(c["after"])) for c in row["cells"]},
        )
        for row in found
    ]


def test_contracts_and_receipts(enterprise):
    enterprise.take_over(xlsx("offshore", {"contracts": [CONTRACT], "receipts": [RECEIPT]}))
    changed = CONTRACT | {"value": 2000000, "sector": "Finance", "is_related_party": "yes", "ends_on": ""}
    rows = {
        "contracts": [changed, CONTRACT | {"contract_number": "NC-2"}],
        "receipts": [RECEIPT | {"amount": -1, "contract": "NC-2"}],
    }
    job = enterprise.upload(xlsx("offshore", rows))
    assert page_of(enterprise, job) == [
        (
            "Contracts",
            2,
            ["NC-1"],
            {
                "Related party": ("no", "yes"),
                "Sector": ("Software", "Finance"),
                "Contract value": ("1000000.00", "2000000"),
                "Ends on": ("2016-12-31", ""),
            },
        ),
        ("Receipts", 2, ["BANK-1"], {"Contract number": ("NC-1", "NC-2"), "Amount": ("250000.50", "-1")}),
    ]
    text = enterprise.client.get(job.get_absolute_url()).content.decode()
    assert "1,000,000.00" in text and "31 Dec 2016" in text and "Registered now" in text
    enterprise.client.cookies["language"] = "zh-hans"
    assert "软件" in enterprise.client.get(job.get_absolute_url()).content.decode()
    assert Contract.objects.get().value == 1000000, "a dry run changes nothing"


def test_a_column_that_the_template_does_not_know_is_named(enterprise):
    """An optional column under another head would be lost without a word: here the contract's end."""
    heads = heads_of("offshore", "contracts") | {"ends_on": "End date"}
    job = enterprise.upload(xlsx("offshore", {"contracts": [CONTRACT]}, heads=heads))
    assert job.summary["contracts"] == {"added": 1, "changed": 0, "unchanged": 0, "unread": ["End date"]}
    page = enterprise.client.get(job.get_absolute_url())
    assert "the template does not know their heads: End date." in page.content.decode()


def test_trainees_masked(school):
    school.take_over(xlsx("training", {"classes": [CLASS], "trainees": [trainee(1), trainee(2)]}))
    changed = trainee(
        1, school="Other University", contract_ends_on="", open_ended="yes", certificate_number="C-9"
    )
    rows = {"classes": [CLASS | {"hours": 420}], "trainees": [changed, trainee(2), trainee(3)]}
    job = school.upload(xlsx("training", rows))
    number = factories.identity_number(1)
    masked = number[:6] + "*" * 8 + number[-4:]
    assert page_of(school, job) == [
        ("Classes", 2, ["K-1"], {"Hours": ("400", "420")}),
        (
            "Trainees",
            2,
            ["K-1", "Trainee 1", masked],
            {
                "College or university": ("Example University", "Other University"),
                "Certificate number": ("CERT-1", "C-9"),
                "Last day of the contract": ("2016-07-01", ""),
            },
        ),
    ]
    kept = (job.kept / "changes.json").read_text()
    assert number not in kept and (job.kept / "changes.json").stat().st_mode & 0o777 == 0o600
    assert number not in json.dumps(list(ImportJob.objects.values()), default=str)
    job = school.confirm(job)
    assert job.state == "done" and not job.kept.exists()
    assert "changes" not in school.client.get(job.get_absolute_url()).context


def test_returns(reporter):  # noqa: F811
    reporter.take_over(xlsx("returns", rows({})))
    job = reporter.upload(xlsx("returns", rows({"amount_usd": 7}, headcount=130)))
    assert page_of(reporter, job) == [
        ("Periods", 2, ["2015"], {"People employed": ("120", "130")}),
        (
            "Business",
            2,
            ["2015", "Software", "ITO · information technology", "United States"],
            {"Business in USD": ("1250000.50", "7")},
        ),
    ]
    assert BusinessReturn.objects.get().headcount == 120


@pytest.mark.parametrize("count", [changes.SHOWN, changes.SHOWN + 3])
def test_the_first_are_shown_and_all_are_counted(school, count):
    before = [trainee(n) for n in range(1, count + 1)]
    school.take_over(xlsx("training", {"classes": [CLASS], "trainees": before}))
    after = [row | {"consent_on": date(2015, 2, 28)} for row in before]
    job = school.upload(xlsx("training", {"trainees": after}))
    assert len(page_of(school, job)) == changes.SHOWN and job.summary["trainees"]["changed"] == count
    text = school.client.get(job.get_absolute_url()).content.decode()
    assert (f"The first {changes.SHOWN} of {count} changed rows." in text) == (count > changes.SHOWN)


def test_nothing_changes_nothing_is_listed(enterprise):
    content = xlsx("offshore", {"contracts": [CONTRACT]})
    assert page_of(enterprise, enterprise.upload(content)) == [], "added rows are counted"
    enterprise.take_over(content)
    assert page_of(enterprise, enterprise.upload(content)) == []
    url = reverse("workbooks:jobs")
    assert enterprise.client.get(url).status_code == 200
