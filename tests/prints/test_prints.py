"""The papers of a claim: what a page and a PDF say, who may have them, what a draft lacks."""

import io
import re
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import translation
from pypdf import PdfReader

from accounts.enums import OfficialRole
from casework.prints import pdf
from casework.prints.capitals import in_capitals
from tests import factories
from tests.clients import Client

pytestmark = pytest.mark.django_db
needs_pango = pytest.mark.skipif(
    not pdf.is_available(), reason="no pango on this machine (Debian: libpango-1.0-0 libpangoft2-1.0-0)"
)


@pytest.mark.parametrize(
    ("amount", "unit", "words"),
    [
        ("500000", "RMB", "人民币伍拾万元整"),
        ("0", "RMB", "人民币零元整"),
        ("0.05", "RMB", "人民币伍分"),
        ("0.50", "RMB", "人民币伍角"),
        ("10.05", "RMB", "人民币壹拾元零伍分"),
        ("1234.56", "RMB", "人民币壹仟贰佰叁拾肆元伍角陆分"),
        ("100000.00", "RMB", "人民币壹拾万元整"),
        ("300500.00", "RMB", "人民币叁拾万零伍佰元整"),
        ("-1000.00", "RMB", "人民币负壹仟元整"),
        ("0.004", "RMB", "人民币零元整"),
        ("0.005", "RMB", "人民币壹分"),
        ("199999.995", "RMB", "人民币贰拾万元整"),
        ("2700000", "USD", "美元贰佰柒拾万元整"),
        (
            "99999999999999.99",
            "RMB",
            "人民币玖拾玖万玖仟玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分",
        ),
    ],
)
def test_amounts_in_capital_numerals(amount, unit, words):
    assert in_capitals(Decimal(amount), unit) == words


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "1E16"])
def test_what_is_no_amount_has_no_numerals(amount):
    with pytest.raises(ValueError, match="no amount of money"):
        in_capitals(Decimal(amount))


@pytest.fixture(autouse=True)
def _chinese():
    with translation.override("zh-hans"):
        yield


@pytest.fixture
def enterprise():
    return factories.OrganisationFactory(name="示例云图（虚构）")


@pytest.fixture
def clerk(enterprise):
    return factories.clerk_of(enterprise)


@pytest.fixture
def browser_of():
    def signed_in(user) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return signed_in


@pytest.fixture
def school():
    return factories.OrganisationFactory(institution=True)


@pytest.fixture
def roster(school):
    """A filed training claim of two trainees, one of them not eligible."""
    factories.recognise(school)
    training_class = factories.TrainingClassFactory(institution=school)
    people = [
        factories.hired_trainee(training_class),
        factories.hired_trainee(training_class, certified=False),
    ]
    return factories.filed_training(school, factories.clerk_of(school), *people)


def words_of(answer) -> str:
    """The text of a PDF without the white space that drawing puts between glyphs."""
    assert answer["Content-Type"] == "application/pdf"
    return re.sub(
        r"\s", "", "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)
    )


def url(case, name: str = "print", paper: str = "") -> str:
    return reverse(f"casework:{name}", args=[case.number]) + (f"?paper={paper}" if paper else "")


@needs_pango
def test_the_papers_of_a_filed_claim_as_pdf(enterprise, clerk, browser_of):
    case = factories.filed_offshore(enterprise, clerk, "1500000", "1200000")
    answer = browser_of(clerk).get(url(case, "print_pdf"))
    text, submission = words_of(answer), case.submissions.get()
    for expected in (
        case.number,
        submission.snapshot_hash,
        "2,700,000.00",
        "美元贰佰柒拾万元整",
        "500,000.00",
        "人民币伍拾万元整",
        enterprise.name,
        enterprise.credit_code,
        "江西省南昌市东湖区",
        "第1页共4页",
        "第4页共4页",
        *(line["bank_reference"] for line in submission.snapshot["lines"]),
    ):
        assert re.sub(r"\s", "", expected) in text
    assert "草稿" not in text
    assert f'filename="{case.number}.pdf"' in answer["Content-Disposition"]


@needs_pango
def test_one_paper_is_printed_alone_and_across_the_page(enterprise, clerk, browser_of):
    case = factories.filed_offshore(enterprise, clerk, *["10000.01"] * 60)
    answer = browser_of(clerk).get(url(case, "print_pdf", "receipts"))
    pages = PdfReader(io.BytesIO(answer.content)).pages
    assert len(pages) > 1
    assert {page.mediabox.width > page.mediabox.height for page in pages} == {True}
    hashes = [
        case.submissions.get().snapshot_hash in re.sub(r"\s", "", page.extract_text()) for page in pages
    ]
    assert all(hashes), "every page carries the hash"
    heads = [re.sub(r"\s", "", page.extract_text()).count("银行流水号") for page in pages]
    assert all(heads), "every page repeats the table's head"
    assert f'filename="{case.number}-receipts.pdf"' in answer["Content-Disposition"]


@needs_pango
def test_the_roster_shows_masked_identity_numbers_only(roster, browser_of):
    clerk = roster.submitted_by
    text = words_of(browser_of(clerk).get(url(roster, "print_pdf", "roster")))
    lines = roster.submissions.get().snapshot["lines"]
    for line in lines:
        assert line["identity_masked"] in text
    assert not re.search(r"\d{17}[0-9X]", text.replace(roster.submissions.get().snapshot_hash, ""))
    assert "人民币叁仟伍佰元整" in text


@needs_pango
def test_a_draft_is_marked_and_has_no_hash(enterprise, clerk, browser_of):
    case = factories.offshore_draft(enterprise, clerk, "2700000")
    client = browser_of(clerk)
    text = words_of(client.get(url(case, "print_pdf", "application")))
    assert "草稿" in text and "SHA-256" not in text
    assert "人民币伍拾万元整" in text, "the estimate"
    page = client.get(url(case)).content.decode()
    assert 'class="watermark"' in page and "SHA-256" not in page


def test_a_draft_without_anything_prints_all_its_papers(enterprise, clerk, school, browser_of):
    for case in (
        factories.offshore_draft(enterprise, clerk),
        factories.training_draft(school, factories.clerk_of(school)),
    ):
        answer = browser_of(case.created_by).get(url(case))
        assert answer.content.decode().count('<article class="paper') == len(answer.context["all_papers"])


def test_a_returned_claim_prints_as_a_draft_until_it_is_filed_again(enterprise, clerk, browser_of):
    from casework.enums import Outcome, Stage

    case = factories.filed_offshore(enterprise, clerk, "2700000")
    initial = factories.official(OfficialRole.INITIAL_REVIEWER)
    factories.decide(case, initial, Stage.INITIAL, Outcome.RETURN, "Please correct.")
    assert 'class="watermark"' in browser_of(clerk).get(url(case)).content.decode()


@pytest.mark.parametrize("name", ["print", "print_pdf"])
def test_only_who_may_see_the_claim_has_its_papers(enterprise, clerk, browser_of, name):
    filed, draft = (
        factories.filed_offshore(enterprise, clerk, "2700000"),
        factories.offshore_draft(enterprise, clerk, "1", year=2014),
    )
    stranger = factories.clerk_of(factories.OrganisationFactory())
    official = factories.official(OfficialRole.AUDITOR)
    assert Client().get(url(filed, name)).status_code == 302
    for case in (filed, draft):
        assert browser_of(stranger).get(url(case, name)).status_code == 404
    assert browser_of(official).get(url(filed, name)).status_code == 200
    assert browser_of(official).get(url(draft, name)).status_code == 404


def test_a_paper_that_does_not_exist_shows_all(enterprise, clerk, browser_of):
    case = factories.offshore_draft(enterprise, clerk, "1")
    answer = browser_of(clerk).get(url(case, paper="roster"))
    assert len(answer.context["papers"]) == 4


@pytest.mark.parametrize(("name", "value"), [("is_available", lambda: False), ("MOST_ROWS", 0)])
def test_where_no_pdf_can_be_drawn_the_page_explains(enterprise, clerk, browser_of, monkeypatch, name, value):
    monkeypatch.setattr(pdf, name, value)
    case = factories.filed_offshore(enterprise, clerk, "2700000")
    client = browser_of(clerk)
    answer = client.get(url(case, "print_pdf", "summary"))
    assert (answer.status_code, answer["Location"]) == (302, url(case, paper="summary"))
    page = client.get(answer["Location"]).content.decode()
    assert "print.pdf" not in page


def test_revenue_is_summed_for_each_contract(enterprise, clerk, browser_of):
    case = factories.offshore_draft(enterprise, clerk, "100", "-40")
    (row,) = browser_of(clerk).get(url(case, paper="summary")).context["rows"]
    assert (row["count"], row["usd"]) == (2, Decimal("60"))


def test_papers_ask_a_constant_number_of_questions(
    enterprise, clerk, browser_of, django_assert_max_num_queries
):
    client = browser_of(clerk)
    case = factories.filed_offshore(enterprise, clerk, *["10"] * 20)
    with django_assert_max_num_queries(12):
        client.get(url(case))
