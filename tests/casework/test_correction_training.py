"""A returned training claim: the choice and the enrolment's page leave open only what was marked."""

from datetime import date

import pytest
from django.urls import reverse
from django.utils import translation

from casework.enums import Outcome, Stage, Status
from casework.services import decisions
from casework.services.decisions import RemarkDraft
from tests import factories
from tests.clients import Client
from training.web.enrolment_form import EnrolmentForm


@pytest.fixture(autouse=True)
def english(settings):
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


@pytest.fixture
def school(people):
    """A filed claim of two trainees, and a third one outside of it."""
    institution = factories.OrganisationFactory(institution=True)
    factories.recognise(institution)
    clerk = factories.clerk_of(institution)
    training_class = factories.TrainingClassFactory(institution=institution)
    enrolments = [factories.hired_trainee(training_class) for _ in range(3)]
    case = factories.filed_training(institution, clerk, *enrolments[:2])
    client = Client()
    client.force_login(clerk)
    client.cookies["language"] = "en"
    return client, case, enrolments


def give_back(case, official, *remarks):
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


def as_posted(enrolment) -> dict:
    enrolment.refresh_from_db()
    data = EnrolmentForm.initial_of(enrolment)
    return {name: value for name, value in data.items() if value not in (None, False)}


def test_the_enrolments_page_closes_what_was_not_marked(people, school):
    client, case, (first, second, free) = school
    give_back(case, people.initial, RemarkDraft(f"lines/{first.pk}/contract", "Two days short"))
    page = client.get(first.get_absolute_url())
    assert "Two days short" in page.content.decode() and case.number in page.content.decode()
    closed = {name for name, field in page.context["form"].fields.items() if field.disabled}
    assert closed == {"starts_on", "ends_on", "certificate_number", "certificate_issued_on"}
    assert client.get(second.get_absolute_url()).context["form"].fields["signed_on"].disabled
    assert not client.get(free.get_absolute_url()).context["form"].fields["starts_on"].disabled

    tampered = as_posted(first) | {"certificate_number": "OTHER", "contract_ends_on": "2016-07-03"}
    assert client.post(first.get_absolute_url(), tampered).status_code == 302
    first.certificate.refresh_from_db()
    first.labour_contract.refresh_from_db()
    assert first.certificate.number == f"CERT-{first.pk}"
    assert first.labour_contract.ends_on == date(2016, 7, 3)
    # What is closed of an unmarked trainee stays, and nothing of it is lost.
    assert client.post(second.get_absolute_url(), as_posted(second) | {"position": "x"}).status_code == 302
    second.labour_contract.refresh_from_db()
    assert second.labour_contract.position == "" and second.certificate.number


def test_a_tick_that_was_not_asked_for_is_refused(people, school):
    client, case, (first, second, free) = school
    give_back(case, people.initial, RemarkDraft(f"lines/{first.pk}", "Not yours?"))
    url = reverse("training:claim", args=[case.number])
    rows = {row["enrolment"].pk: row["is_closed"] for row in client.get(url).context["rows"]}
    assert rows == {first.pk: False, second.pk: True, free.pk: True}
    for chosen in ([first.pk], [first.pk, second.pk, free.pk]):
        data = {"version": case.version, "shown": [first.pk, second.pk, free.pk], "chosen": chosen}
        page = client.post(url, data)
        assert "did not ask for other trainees" in page.content.decode()
    assert case.training_claim.lines.count() == 2
    assert client.post(
        url, {"version": case.version, "shown": [first.pk], "chosen": []}
    ).status_code == 302  # fmt: skip
    assert list(case.training_claim.lines.values_list("enrolment", flat=True)) == [second.pk]


def test_filing_again_answers_the_remarks(people, school):
    client, case, (first, _second, _free) = school
    give_back(
        case,
        people.initial,
        RemarkDraft("note", "Explain"),
        RemarkDraft(f"lines/{first.pk}/contract", "Short"),
    )
    url, (about_note, _about_contract) = reverse("training:submit", args=[case.number]), case.remarks.all()
    page = client.get(url)
    assert not page.context["form"].fields["note"].disabled and "Explain" in page.content.decode()
    data = {
        "version": case.version,
        "undertaking": "on",
        "signed_by": "Wang Fang",
        "note": "As explained.",
        f"answer-{about_note.pk}": "See the explanation.",
    }
    assert client.post(url, data).status_code == 302
    case.refresh_from_db()
    assert case.status == Status.INITIAL_REVIEW
    assert [remark.answer for remark in case.remarks.all()] == ["See the explanation.", ""]
    assert {remark.resolved_by.number for remark in case.remarks.all()} == {2}
    page = client.get(case.get_absolute_url())
    assert 'data-change="note"' in page.content.decode()


def test_an_explanation_that_was_not_marked_stays(people, school):
    client, case, (first, _second, _free) = school
    give_back(case, people.initial, RemarkDraft(f"lines/{first.pk}", "Check"))
    data = {"version": case.version, "undertaking": "on", "signed_by": "Wang Fang", "note": "Not asked for"}
    assert client.post(reverse("training:submit", args=[case.number]), data).status_code == 302
    assert case.submissions.last().snapshot["note"] == ""
