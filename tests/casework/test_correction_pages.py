"""The pages of a correction: pinning, the claim's form with its closed fields, answers, comparison, the clock."""

import html
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from casework.enums import Outcome, Stage, Status
from casework.models import Case
from casework.services import decisions, filing
from casework.services.deadlines import watch_corrections
from casework.services.decisions import RemarkDraft
from tests import factories
from tests.clients import Client


@pytest.fixture(autouse=True)
def english(settings):
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


def browser(user) -> Client:
    client = Client()
    client.force_login(user)
    client.cookies["language"] = "en"
    return client


def words(response) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode())))


@pytest.fixture
def case(people) -> Case:
    factories.recognise(people.enterprise)
    return factories.filed_offshore(people.enterprise, people.clerk, "100000", "150000")


@pytest.fixture
def receipts(case):
    return list(case.offshore_claim.receipts.order_by("pk"))


def decision(case: Case, outcome=Outcome.RETURN, *remarks: dict, reason="See the remarks", **more) -> dict:
    data = {
        "stage": Stage.INITIAL,
        "assessment_hash": case.current_assessment.hash,
        "outcome": outcome,
        "reason": reason,
        "remarks-TOTAL_FORMS": str(len(remarks)),
        "remarks-INITIAL_FORMS": "0",
    }
    for number, remark in enumerate(remarks):
        data |= {f"remarks-{number}-{name}": value for name, value in remark.items()}
    return data | more


def give_back(case: Case, official, *remarks: RemarkDraft) -> Case:
    case.refresh_from_db()
    decisions.decide(
        case_id=case.pk,
        user=official,
        stage=Stage.INITIAL,
        outcome=Outcome.RETURN,
        assessment_hash=case.current_assessment.hash,
        reason="See the remarks",
        remarks=remarks,
    )
    case.refresh_from_db()
    return case


# The official


def test_the_review_page_offers_a_place_for_every_remark(people, case, receipts):
    page = browser(people.initial).get(reverse("admin:casework_case_change", args=[case.pk]))
    text = page.content.decode()
    assert text.count("data-remark ") + text.count("data-remark>") == 3
    for place in (f"lines/{receipts[0].pk}", f"lines/{receipts[1].pk}", "lines/+", "note"):
        assert f'<option value="{place}">' in text
    for part in ("contract", "amount", "received_on", "bank_reference"):
        assert f'<option value="{part}">' in text
    assert f'data-pin="lines/{receipts[0].pk}"' in text and 'data-pin-part="amount"' in text
    # Applicants see the same evidence without pins.
    assert "data-pin" not in browser(people.clerk).get(case.get_absolute_url()).content.decode()


def test_remarks_are_saved_with_the_return(people, case, receipts):
    client = browser(people.initial)
    place = f"lines/{receipts[0].pk}"
    data = decision(
        case,
        Outcome.RETURN,
        {"place": place, "part": "amount", "code": "differs", "text": "The slip says 110,000"},
        {"place": "", "part": "", "code": "", "text": ""},
        {"place": "note", "part": "amount", "code": "", "text": "Explain"},
    )
    assert client.post(reverse("admin:casework_case_decide", args=[case.pk]), data).status_code == 302
    assert list(case.remarks.values_list("path", "text", "code")) == [
        (f"{place}/amount", "The slip says 110,000", "differs"),
        ("note", "Explain", ""),
    ]
    page = client.get(reverse("admin:casework_case_change", args=[case.pk]))
    assert "Remarks that the applicant is to answer" in words(page) and "The slip says 110,000" in words(page)


@pytest.mark.parametrize(
    ("outcome", "remark", "message"),
    [
        (Outcome.RETURN, {"place": "", "text": "Kept words"}, "Choose what the remark is about."),
        (Outcome.RETURN, {"place": "lines/0", "text": "Kept words"}, "Select a valid choice"),
        (Outcome.RETURN, {"place": "note", "text": ""}, "Write what is to be corrected."),
        (Outcome.PASS, {"place": "note", "text": "Kept words"}, "only with a return"),
        (Outcome.RETURN, {"place": "note", "text": "x" * 1001}, "at most 1000"),
    ],
)
def test_a_refused_remark_keeps_what_was_typed(people, case, outcome, remark, message):
    url = reverse("admin:casework_case_decide", args=[case.pk])
    page = browser(people.initial).post(url, decision(case, outcome, remark))
    assert page.status_code == 409 and message in words(page)
    assert remark["text"] in page.content.decode() and "See the remarks" in page.content.decode()
    case.refresh_from_db()
    assert case.status == Status.INITIAL_REVIEW and not case.remarks.exists()


def test_a_stale_page_returns_nothing_and_keeps_the_remarks(people, case):
    data = decision(case, Outcome.RETURN, {"place": "note", "text": "Kept words"})
    data["assessment_hash"] = "0" * 64
    page = browser(people.initial).post(reverse("admin:casework_case_decide", args=[case.pk]), data)
    assert page.status_code == 409 and "Kept words" in page.content.decode()
    assert not case.remarks.exists()


def test_without_javascript_further_rows_are_asked_for(people, case):
    data = decision(case, "", {"place": "note", "text": "Kept words"}, more_remarks="1")
    page = browser(people.initial).post(reverse("admin:casework_case_decide", args=[case.pk]), data)
    text = page.content.decode()
    assert page.status_code == 200 and "Kept words" in text and "See the remarks" in text
    assert 'name="remarks-TOTAL_FORMS" value="4"' in re.sub(r"\s+", " ", text)
    case.refresh_from_db()
    assert case.status == Status.INITIAL_REVIEW


# The applicant


def test_the_form_shows_the_words_at_the_field_and_closes_the_rest(people, case, receipts):
    first, second = receipts
    give_back(case, people.initial, RemarkDraft(f"lines/{first.pk}/amount", "The slip says 110,000"))
    client = browser(people.clerk)
    page = client.get(reverse("offshore:claim", args=[case.pk and case.number]))
    text, remark = page.content.decode(), case.remarks.get()
    field = text[
        text.index('id="div_id_receipts-0-amount"') : text.index('id="div_id_receipts-0-bank_reference"')
    ]
    assert f'id="remark-{remark.pk}"' in field and "The slip says 110,000" in field
    assert re.search(rf'aria-describedby="[^"]*remark-{remark.pk}"', field)
    assert (
        f'id="remark-{remark.pk}"' in text
        and f'href="/offshore/claims/{case.number}#remark-{remark.pk}"' in text
    )
    assert "working days are left" in words(page) and "Only what is marked can be changed" in words(page)
    formset = page.context["formset"]
    closed = {
        (form.saved_id, name) for form in formset for name, field in form.fields.items() if field.disabled
    }
    names = ("contract", "received_on", "currency", "bank_reference", "declaration_number")
    assert closed == {(first.pk, n) for n in names} | {(second.pk, n) for n in (*names, "amount")}
    assert page.context["form"].fields["note"].disabled
    assert "data-formset-add" not in text and "data-formset-remove" not in text


def posted(case: Case, receipts, *, amounts, **more) -> dict:
    data = {
        "version": str(case.version),
        "note": "",
        "receipts-TOTAL_FORMS": str(len(receipts)),
        "receipts-INITIAL_FORMS": "0",
    }
    for number, (receipt, amount) in enumerate(zip(receipts, amounts, strict=True)):
        data |= {f"receipts-{number}-id": receipt.pk, f"receipts-{number}-amount": amount}
    return data | more


def test_posting_what_is_closed_changes_nothing(people, case, receipts):
    first, second = receipts
    give_back(case, people.initial, RemarkDraft(f"lines/{first.pk}/amount", "Wrong"))
    client, url = browser(people.clerk), reverse("offshore:claim", args=[case.number])
    tampered = posted(case, receipts, amounts=("110,000.00", "999,999.00"), note="Not asked for") | {
        "receipts-0-bank_reference": "OTHER",
        "receipts-0-received_on": "2015-01-01",
        "receipts-1-DELETE": "on",
    }
    assert client.post(url, tampered).status_code == 302
    assert list(case.offshore_claim.receipts.order_by("pk").values_list("amount", "bank_reference")) == [
        (110000, first.bank_reference),
        (150000, second.bank_reference),
    ]
    case.offshore_claim.refresh_from_db()
    assert case.offshore_claim.note == ""


def test_a_new_row_that_nobody_asked_for_is_refused_with_its_words_kept(people, case, receipts):
    first, _second = receipts
    give_back(case, people.initial, RemarkDraft(f"lines/{first.pk}/amount", "Wrong"))
    data = posted(case, receipts, amounts=("110,000.00", "")) | {
        "receipts-TOTAL_FORMS": "3",
        "receipts-2-contract": str(first.contract_id),
        "receipts-2-received_on": "2015-06-01",
        "receipts-2-currency": "USD",
        "receipts-2-amount": "5,000.00",
        "receipts-2-bank_reference": "SNEAKED-IN",
    }
    page = browser(people.clerk).post(reverse("offshore:claim", args=[case.number]), data)
    assert "did not ask for further rows" in words(page) and "SNEAKED-IN" in page.content.decode()
    assert "only what the bureau marked can be changed" in words(page)
    assert case.offshore_claim.receipts.count() == 2


def test_autosave_keeps_the_open_field_and_restores_it_beside_the_closed_ones(people, case, receipts):
    first, second = receipts
    give_back(case, people.initial, RemarkDraft(f"lines/{first.pk}/amount", "Wrong"))
    client = browser(people.clerk)
    data = posted(case, receipts, amounts=("1x", ""))
    assert client.post(reverse("offshore:autosave", args=[case.number]), data).status_code == 200
    forms = list(client.get(reverse("offshore:claim", args=[case.number])).context["formset"])
    assert [str(form["amount"].value()).replace(",", "") for form in forms] == ["1x", f"{second.amount:.2f}"]
    assert [form["bank_reference"].value() for form in forms] == [r.bank_reference for r in receipts]


def test_answers_and_changes_are_shown_to_both_sides(people, case, receipts):
    first, _second = receipts
    give_back(case, people.initial, RemarkDraft(f"lines/{first.pk}/amount", "The slip says 110,000"))
    client, remark = browser(people.clerk), case.remarks.get()
    client.post(
        reverse("offshore:claim", args=[case.number]), posted(case, receipts, amounts=("110,000.00", ""))
    )
    case.refresh_from_db()
    url = reverse("offshore:submit", args=[case.number])
    assert "The slip says 110,000" in words(client.get(url))
    # The answer survives a refusal.
    data = {"version": case.version, "name": "Li Wei", f"answer-{remark.pk}": "We read it wrong."}
    assert "We read it wrong." in client.post(url, data).content.decode()
    assert client.post(url, data | {"undertaking": "on"}).status_code == 302
    factories.calculate(case)
    remark.refresh_from_db()
    assert (remark.answer, remark.resolved_by.number) == ("We read it wrong.", 2)
    place = f'data-change="lines/{first.pk}/amount"'
    for who, address in (
        (people.clerk, case.get_absolute_url()),
        (people.initial, reverse("admin:casework_case_change", args=[case.pk])),
    ):
        page = browser(who).get(address)
        text = re.sub(r"\s+", " ", page.content.decode())
        assert text.count("data-change=") == 1 and place in text
        assert "<del>100,000.00</del>" in text and "<ins>110,000.00</ins>" in text
        assert "We read it wrong." in text and "The slip says 110,000" in text


def test_the_first_submission_stays_readable_as_filed(people, case, receipts):
    first, _second = receipts
    give_back(case, people.initial, RemarkDraft(f"lines/{first.pk}/amount", "Wrong"))
    first.amount = 110000
    first.save()
    filing.submit(case_id=case.pk, user=people.clerk)
    factories.calculate(case)
    url = reverse("casework:submission", args=[case.number])
    for who, address, query in (
        (people.clerk, url, {"number": "1"}),
        (people.initial, reverse("admin:casework_case_change", args=[case.pk]), {"submission": "1"}),
    ):
        page = browser(who).get(address, query)
        assert "100,000.00" in words(page) and "data-pin" not in page.content.decode()
    for number in ("3", "x", "", "٣", "99999999999999999999"):
        answer = browser(people.clerk).get(url, {"number": number})
        assert answer.status_code == 302 and answer["Location"] == case.get_absolute_url()
    stranger = factories.clerk_of(factories.OrganisationFactory())
    assert browser(stranger).get(url, {"number": "1"}).status_code == 404


def test_a_page_from_before_a_colleagues_correction_is_stale(people, case, receipts):
    first, _second = receipts
    give_back(case, people.initial, RemarkDraft(f"lines/{first.pk}/amount", "Wrong"))
    url, old = reverse("offshore:claim", args=[case.number]), posted(case, receipts, amounts=("1", ""))
    colleague = factories.clerk_of(people.enterprise)
    browser(colleague).post(url, posted(case, receipts, amounts=("110,000.00", "")))
    page = browser(people.clerk).post(url, old)
    assert "somebody else was here" in words(page)
    first.refresh_from_db()
    assert first.amount == 110000


def test_a_lapsed_claim_says_why_and_offers_nothing(people, case):
    give_back(case, people.initial, RemarkDraft("note", "Explain"))
    watch_corrections(now=timezone.now() + timedelta(days=60))
    page = browser(people.clerk).get(case.get_absolute_url())
    assert "The claim lapsed: The claim was not corrected in its term." in words(page)
    assert reverse("offshore:claim", args=[case.number]) not in page.content.decode()


def test_the_pages_of_a_returned_claim_ask_the_same_however_long(people):
    asked = []
    for number in (2, 20):
        case = factories.filed_offshore(people.enterprise, people.clerk, *["10000"] * number)
        pks = list(case.offshore_claim.receipts.values_list("pk", flat=True))
        give_back(case, people.initial, *[RemarkDraft(f"lines/{pk}/amount", "Wrong") for pk in pks])
        client, official = browser(people.clerk), browser(people.initial)
        for who, url in (
            (client, reverse("offshore:claim", args=[case.number])),
            (client, case.get_absolute_url()),
            (official, reverse("admin:casework_case_change", args=[case.pk])),
        ):
            who.get(url)
            with CaptureQueriesContext(connection) as queries:
                assert who.get(url).status_code == 200
            asked.append(len(queries))
    assert asked[:3] == asked[3:]
