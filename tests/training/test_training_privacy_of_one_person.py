"""One person's data: the number for a reason, everything handed out, erasure that keeps the money's record."""

import json
from datetime import date

import pytest
from django.db import DatabaseError, IntegrityError, ProgrammingError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.enums import MembershipRole, OfficialRole
from accounts.models import Membership
from audit.models import Record
from audit.services import breaks
from casework.enums import Stage
from casework.models import AwardLine
from casework.transitions import Refused
from documents import storage
from documents.models import NO_NAME, Document
from tests import factories
from tests.clients import Client
from tests.training.conftest import words
from training.claim_models import ClaimLine
from training.models import Certificate, Erasure, LabourContract, Trainee
from training.services import privacy
from training.services.claims import choose_trainees, start_claim

NUMBER = factories.identity_number(555)
REASON = "Compare with the bank's list"
REQUEST = {"requested_on": "2016-05-04", "reason": "Letter of the trainee"}


@pytest.fixture
def enrolment(school):
    return school.hired(name="Zhang San", identity=NUMBER)


@pytest.fixture
def owner(school):
    """The institution's owner in a browser of their own."""
    user = factories.clerk_of(school.institution, MembershipRole.OWNER, display_name="Owner Wu")
    return browser(user)


def browser(user) -> Client:
    client = Client()
    client.user = user
    client.force_login(user)
    return client


def at(name: str, trainee: Trainee) -> str:
    return reverse(f"training:trainee_{name}", args=[trainee.pk])


def disclosures() -> list[Record]:
    return list(Record.objects.filter(action__in=privacy.DISCLOSURES).order_by("pk"))


def snapshot(trainee: Trainee) -> dict:
    return Trainee.objects.filter(pk=trainee.pk).values().get()


# The number


def test_the_number_is_shown_once_for_a_reason_that_is_recorded(school, enrolment):
    trainee, url = enrolment.trainee, at("reveal", enrolment.trainee)
    assert NUMBER not in school.client.get(url).content.decode() and disclosures() == []
    response = school.client.post(url, {"reason": REASON})
    assert NUMBER in response.content.decode()
    assert "no-store" in response["Cache-Control"] and "private" in response["Cache-Control"]
    (record,) = disclosures()
    assert (record.actor, record.object_id) == (school.clerk, str(trainee.pk))
    assert record.stream.key == f"accounts.organisation:{school.institution.pk}"
    assert record.data == {"identity": trainee.identity_masked, "reason": REASON, "as": "member"}
    assert list(breaks()) == []
    for page in (url, trainee.get_absolute_url(), at("data", trainee)):
        assert NUMBER not in school.client.get(page).content.decode()


@pytest.mark.parametrize("reason", ["", "   ", "abc", f"is it {NUMBER}?", "x" * 301])
def test_without_a_proper_reason_nothing_is_shown_or_recorded(school, enrolment, reason):
    response = school.client.post(at("reveal", enrolment.trainee), {"reason": reason})
    shown = response.content.decode().replace(f"is it {NUMBER}?", "")
    assert response.context["form"].errors["reason"] and NUMBER not in shown
    assert disclosures() == []


def test_a_reader_and_a_stranger_never_see_it(school, rival, enrolment):
    url = at("reveal", enrolment.trainee)
    reader = browser(factories.clerk_of(school.institution, MembershipRole.READER))
    response = reader.post(url, {"reason": REASON}, follow=True)
    assert "read-only" in words(response) and NUMBER not in response.content.decode()
    for name in ("reveal", "data", "export", "erase"):
        for method in (rival.client.get, rival.client.post):
            assert method(at(name, enrolment.trainee), {"reason": REASON}).status_code in (404, 405)
    assert disclosures() == []


def test_reviewers_see_it_once_the_claim_is_filed(school, enrolment, officials, owner):
    url = at("reveal", enrolment.trainee)
    reviewer = browser(officials[0])
    assert reviewer.post(url, {"reason": REASON}).status_code == 404
    school.filed(enrolment)
    assert NUMBER in reviewer.post(url, {"reason": REASON}).content.decode()
    for role in (OfficialRole.FINANCE, OfficialRole.AUDITOR, OfficialRole.POLICY_EDITOR):
        assert browser(factories.official(role)).post(url, {"reason": REASON}).status_code == 404
    (record,) = disclosures()
    assert record.data["as"] == "official" and record.actor == officials[0]
    # The owner reads the office, not the official.
    page = words(owner.get(at("data", enrolment.trainee)))
    assert "Commerce Bureau" in page and REASON in page and str(officials[0]) not in page


def test_a_reviewer_who_is_a_member_is_a_member(school, enrolment, officials):
    school.filed(enrolment)
    Membership.objects.create(user=officials[0], organisation=school.institution, role=MembershipRole.READER)
    response = browser(officials[0]).post(at("reveal", enrolment.trainee), {"reason": REASON})
    assert response.status_code == 302 and disclosures() == []


def test_the_way_to_the_number_stands_on_the_pages_of_who_may_see_it(school, rival, enrolment, officials):
    link = f'href="{at("reveal", enrolment.trainee)}"'
    page = enrolment.trainee.get_absolute_url()
    assert link in school.client.get(page).content.decode()
    reader = browser(factories.clerk_of(school.institution, MembershipRole.READER))
    assert link not in reader.get(page).content.decode()
    case = school.filed(enrolment, other := school.hired(name="Li Si"))
    review = reverse("admin:casework_case_change", args=[case.pk])
    shown = browser(officials[0]).get(review).content.decode()
    assert link in shown and f'href="{at("reveal", other.trainee)}"' in shown and NUMBER not in shown
    for role in (OfficialRole.FINANCE, OfficialRole.AUDITOR):
        assert link not in browser(factories.official(role)).get(review).content.decode()


def test_who_looked_is_for_owners_and_auditors(school, enrolment, owner):
    school.client.post(at("reveal", enrolment.trainee), {"reason": REASON})
    assert REASON in words(owner.get(at("data", enrolment.trainee)))
    assert "Who looked" not in words(school.client.get(at("data", enrolment.trainee)))
    auditor = browser(factories.official(OfficialRole.AUDITOR))
    page = words(auditor.get(reverse("admin:audit_record_changelist"), {"q": "trainee.identity_revealed"}))
    assert "Identity number shown in full" in page and school.clerk.username in page


def test_a_number_that_cannot_be_recorded_is_not_shown(school, enrolment):
    """The record comes first, in the same transaction."""
    with pytest.raises(Refused), transaction.atomic():
        privacy.reveal_identity(user=factories.UserFactory(), trainee=enrolment.trainee, reason=REASON)
    assert disclosures() == []


# Handing out


def test_the_export_is_complete_and_recorded(school, enrolment, officials):
    case = school.filed(enrolment)
    factories.approve(case, *officials)
    trainee = enrolment.trainee
    response = school.client.post(at("export", trainee), REQUEST)
    assert "no-store" in response["Cache-Control"] and "attachment" in response["Content-Disposition"]
    data = json.loads(response.content)
    assert data["person"]["identity_number"] == NUMBER and data["person"]["consent_on"] == "2015-03-01"
    # Everything that the table of trainees holds of a person is in it.
    held = {field.name for field in Trainee._meta.fields}
    ours = {"id", "institution", "version", "changed_by", "changed_at", "identity_encrypted", "identity_key"}
    assert held - ours <= set(data["person"])
    (row,) = data["enrolments"]
    assert row["certificate"]["number"] == enrolment.certificate.number
    assert row["labour_contract"]["employer"] == enrolment.labour_contract.employer.name
    (claim,) = data["claims"]
    assert claim["number"] == case.number and claim["filed"][0]["line"]["name"] == "Zhang San"
    assert {line["payee"] for line in data["awards"]} == {"trainee", "institution"}
    assert [record["action"] for record in data["records"]] == ["trainee.data_exported"]
    (record,) = disclosures()
    assert record.data["requested_on"] == "2016-05-04" and NUMBER not in str(record.data)
    page = words(school.client.get(at("data", trainee)))
    for text in (
        "Zhang San",
        case.number,
        enrolment.certificate.number,
        enrolment.labour_contract.employer.name,
    ):
        assert text in page


def test_an_export_needs_a_request_and_a_writer(school, enrolment):
    url = at("export", enrolment.trainee)
    response = school.client.post(url, {"requested_on": "2999-01-01", "reason": ""})
    assert response.status_code == 422 and set(response.context["form"].errors) == {"requested_on", "reason"}
    reader = browser(factories.clerk_of(school.institution, MembershipRole.READER))
    assert reader.post(url, REQUEST).status_code == 302
    assert school.client.get(url).status_code == 405 and disclosures() == []


# Erasure


def test_a_person_without_award_leaves_nothing_personal(school, enrolment, owner):
    trainee = enrolment.trainee
    key = trainee.identity_key
    assert owner.post(at("erase", trainee), REQUEST).status_code == 302
    trainee.refresh_from_db()
    assert (trainee.name, trainee.identity_masked, bytes(trainee.identity_encrypted)) == ("***", "***", b"")
    assert trainee.identity_key == f"erased:{trainee.pk}"
    assert not (trainee.school or trainee.education or trainee.student_number)
    assert not Certificate.objects.exists() and not LabourContract.objects.exists()
    assert not AwardLine.objects.filter(person_key=key).exists()
    decision = Erasure.objects.get()
    assert (decision.decided_by, decision.award_kept) == (owner.user, False)
    assert decision.requested_on == date(2016, 5, 4) and decision.reason == REQUEST["reason"]
    record = Record.objects.get(action="trainee.erased")
    assert "Zhang" not in str(record.data) and list(breaks()) == []
    page = words(owner.get(trainee.get_absolute_url()))
    assert "The personal data were erased" in page and "Zhang San" not in page
    assert "***" not in words(school.get("trainees")) and "Zhang San" not in words(school.get("trainees"))
    assert school.get("class", school.training_class.pk).status_code == 200
    assert owner.get(at("data", trainee)).status_code == 200


def test_an_award_stays_and_the_person_is_not_subsidised_again(school, rival, enrolment, officials, owner):
    case = school.filed(enrolment)
    factories.approve(case, *officials)
    lines = list(AwardLine.objects.order_by("pk").values())
    frozen = case.submissions.get().snapshot
    owner.post(at("erase", enrolment.trainee), REQUEST)
    assert Erasure.objects.get().award_kept is True
    assert list(AwardLine.objects.order_by("pk").values()) == lines
    assert LabourContract.objects.get(enrolment=enrolment).position == ""
    assert Certificate.objects.filter(enrolment=enrolment).exists()
    case.refresh_from_db()
    assert case.submissions.get().snapshot == frozen  # what was filed stays as it was filed
    # The same person again, here and elsewhere.
    for place in (school, rival):
        again = place.hired(name="Zhang San", identity=NUMBER)
        second = place.filed(again)
        assert second.amount_rmb == 0
        (person,) = second.current_assessment.result["details"]["people"]
        assert [reason["code"] for reason in person["reasons"]] == ["training.already_subsidised"]
    trainee_line = AwardLine.objects.get(payee="trainee")
    with pytest.raises(IntegrityError, match="award_line_once_per_person"), transaction.atomic():
        trainee_line.pk = None
        trainee_line.save(force_insert=True)


@pytest.mark.parametrize("state", ["draft", "filed", "final"])
def test_erasure_waits_while_a_claim_is_open(school, enrolment, officials, owner, state):
    case = school.draft(enrolment) if state == "draft" else school.filed(enrolment)
    if state == "final":
        factories.decide(case, officials[0], Stage.INITIAL)
    before = snapshot(enrolment.trainee)
    response = owner.post(at("erase", enrolment.trainee), REQUEST)
    assert response.status_code == 200 and case.number in words(response)
    assert snapshot(enrolment.trainee) == before and not Erasure.objects.exists()


def test_only_an_owner_erases(school, enrolment):
    before = snapshot(enrolment.trainee)
    reader = browser(factories.clerk_of(school.institution, MembershipRole.READER))
    for client in (school.client, reader):
        response = client.post(at("erase", enrolment.trainee), REQUEST, follow=True)
        assert "Only an owner" in words(response)
    with pytest.raises(Refused):
        privacy.erase(user=school.clerk, trainee=enrolment.trainee, requested_on=date(2016, 1, 1), reason="x")
    assert snapshot(enrolment.trainee) == before


def test_what_was_erased_is_neither_changed_nor_claimed_again(school, enrolment, owner):
    trainee = enrolment.trainee
    owner.post(at("erase", trainee), REQUEST)
    case = start_claim(user=school.clerk, institution=school.institution)
    with pytest.raises(Exception, match="not yours|another claim"):
        choose_trainees(user=school.clerk, case_id=case.pk, enrolment_ids=[enrolment.pk])
    with pytest.raises(IntegrityError, match="claim_line_needs_consent"), transaction.atomic():
        ClaimLine.objects.create(claim=case.training_claim, enrolment=enrolment)
    with (
        pytest.raises(ProgrammingError, match="erased_is_final"),
        transaction.atomic(),
    ):
        Trainee.objects.filter(pk=trainee.pk).update(name="Back")
    for name in ("erase", "reveal"):
        assert owner.post(at(name, trainee), REQUEST | {"reason": REASON}).status_code == 302
    assert disclosures() == [] and Erasure.objects.count() == 1
    trainee.refresh_from_db()
    form = {"name": "Back", "identity_kind": "resident", "education": "bachelor", "school": "X"}
    response = school.post("trainee_edit", trainee.pk, data=form | {"consent_on": "2015-03-01", "version": 2})
    assert "were erased" in words(response)


def test_the_database_refuses_half_an_erasure(school, enrolment):
    with pytest.raises(IntegrityError, match="trainee_erased_is_blank"), transaction.atomic():
        Trainee.objects.filter(pk=enrolment.trainee_id).update(erased_at="2016-01-01T00:00Z")


def test_a_claim_needs_consent(school, enrolment):
    case = start_claim(user=school.clerk, institution=school.institution)
    Trainee.objects.filter(pk=enrolment.trainee_id).update(consent_on=date(2999, 1, 1))
    with pytest.raises(IntegrityError, match="claim_line_needs_consent"), transaction.atomic():
        ClaimLine.objects.create(claim=case.training_claim, enrolment=enrolment)
    with pytest.raises(IntegrityError, match="consent_on"), transaction.atomic():
        Trainee.objects.filter(pk=enrolment.trainee_id).update(consent_on=None)
    Trainee.objects.filter(pk=enrolment.trainee_id).update(consent_on=date(2015, 3, 1))
    choose_trainees(user=school.clerk, case_id=case.pk, enrolment_ids=[enrolment.pk])
    Trainee.objects.filter(pk=enrolment.trainee_id).update(consent_on=date(2999, 1, 1))
    response = school.submit(case)
    assert "has not consented yet" in words(response)


def test_the_consent_is_frozen_with_the_filing(school, enrolment, officials):
    """What the register says later changes neither what was filed nor what is calculated from it."""
    case = school.filed(enrolment)
    before = case.current_assessment
    Trainee.objects.filter(pk=enrolment.trainee_id).update(consent_on=date(2015, 3, 9))
    factories.calculate(case)
    case.refresh_from_db()
    (line,) = case.submissions.get().snapshot["lines"]
    assert line["consent_on"] == "2015-03-01" and case.current_assessment == before
    assert "Consent recorded 1 Mar 2015" in words(school.client.get(case.get_absolute_url()))


def test_files_that_were_never_filed_are_destroyed(
    school, enrolment, owner, settings, tmp_path, django_capture_on_commit_callbacks
):
    settings.STORAGES = settings.STORAGES | {
        "evidence": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path},
        }
    }
    key = storage.keep(b"scan of an identity card")
    Document.objects.create(
        organisation=school.institution,
        programme="training",
        subject_kind="trainee",
        subject_id=enrolment.trainee_id,
        item="identity",
        name="card.png",
        media_type="image/png",
        size=24,
        sha256="0" * 64,
        storage_key=key,
        uploaded_by=school.clerk,
        scan_after=timezone.now(),
    )
    assert (tmp_path / key).exists()
    with django_capture_on_commit_callbacks(execute=True):
        owner.post(at("erase", enrolment.trainee), REQUEST)
    assert not (tmp_path / key).exists()
    erased = Document.objects.get()
    assert Erasure.objects.get().files_erased == 1 and not erased.is_current and erased.name == NO_NAME
    assert "card.png" not in browser(school.clerk).get(at("data", enrolment.trainee)).content.decode()
    for name in ("another.png", ""):
        with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
            Document.objects.filter(pk=erased.pk).update(name=name)
    assert "card.png" not in str(list(Record.objects.values_list("data", flat=True)))
