"""Objections and appeals: received once, heard, examined and answered by two people; payment waits meanwhile."""

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from audit.models import Record
from casework.enums import Outcome, Stage
from casework.models import CaseEvent
from casework.transitions import Refused
from notices.enums import Clearance, Finding, ObjectionState
from notices.models import Objection
from notices.selectors import award_clearance
from notices.services import objections
from tests import factories
from tests.clients import Client

pytestmark = pytest.mark.django_db
WORDS = {"objector": "王五（虚构）", "contact": "138-0000-1111", "grounds": "该企业合同系伪造。"}


def refused(code: str):
    return pytest.raises(Refused, check=lambda error: error.code == code)


def clearance(case) -> str:
    award = case.award
    return award_clearance([award.pk])[award.pk]


@pytest.fixture
def entry(approved, publish):
    return publish(approved).entries.get()


def file(entry, **fields):
    return objections.object_to(entry_id=entry.pk, **({"token": uuid.uuid4()} | WORDS | fields))


def answered(objection, initial, second, finding=Finding.DISMISSED):
    if objection.hearing_until and not objection.statement_at:
        clerk = factories.clerk_of(objection.case.organisation)
        objections.state_view(objection_id=objection.pk, user=clerk, version=1, statement="合同真实。")
    objection.refresh_from_db()
    objections.examine(
        objection_id=objection.pk,
        user=initial,
        version=objection.version,
        proposal=finding,
        examination="已核查。",
    )
    objection.refresh_from_db()
    objections.answer(
        objection_id=objection.pk, user=second, version=objection.version, finding=finding, reason="理由。"
    )
    objection.refresh_from_db()
    return objection


def test_an_open_objection_blocks_its_entry_alone(entry, approved, initial, second, final, publish):
    other_org = factories.OrganisationFactory()
    other = factories.approve(
        factories.filed_offshore(other_org, factories.clerk_of(other_org), "300000"), initial, final
    )
    publish(other, now=timezone.now() - timedelta(days=40))
    filed = file(entry)
    assert clearance(approved) == Clearance.OBJECTION_OPEN and clearance(other) == Clearance.CLEARED
    assert CaseEvent.objects.filter(case=approved, kind="objection_received").count() == 1
    answered(filed.objection, initial, second)
    assert clearance(approved) == Clearance.RUNNING
    found = objections.find_by_code(filed.code.lower())
    assert found == filed.objection and found.answer == "理由。"


def test_an_upheld_objection_blocks_until_the_case_is_reopened(entry, approved, initial, second):
    answered(file(entry).objection, initial, second, Finding.UPHELD)
    assert clearance(approved) == Clearance.UPHELD


def test_who_objects_is_encrypted_and_in_no_record(entry):
    filed = file(entry)
    row = Objection.objects.filter(pk=filed.objection.pk).values().get()
    told = str(row) + str(list(Record.objects.values())) + str(list(CaseEvent.objects.values()))
    assert not any(word in told for word in (*WORDS.values(), filed.code))
    assert (filed.objection.objector, filed.objection.grounds) == (WORDS["objector"], WORDS["grounds"])


def test_the_same_form_twice_is_one_objection_with_one_code(entry):
    token = uuid.uuid4()
    first, again = file(entry, token=token), file(entry, token=token)
    assert first.objection == again.objection and first.code == again.code
    assert Objection.objects.count() == 1


def test_after_the_term_nobody_objects(approved, publish):
    entry = publish(approved, now=timezone.now() - timedelta(days=40)).entries.get()
    with refused("ended"):
        file(entry)
    assert not Objection.objects.exists() and clearance(approved) == Clearance.CLEARED


def test_the_organisation_is_heard_first_and_once(entry, clerk, initial):
    objection = file(entry).objection
    with refused("four_eyes"):
        objections.examine(
            objection_id=objection.pk, user=initial, version=1, proposal=Finding.DISMISSED, examination="X"
        )
    with refused("permission"):
        objections.state_view(
            objection_id=objection.pk, user=factories.UserFactory(), version=1, statement="X"
        )
    objections.state_view(objection_id=objection.pk, user=clerk, version=1, statement="合同真实。")
    with refused("permission"):
        objections.state_view(objection_id=objection.pk, user=clerk, version=2, statement="again")
    with refused("stale"):
        objections.examine(
            objection_id=objection.pk, user=initial, version=1, proposal=Finding.DISMISSED, examination="X"
        )


def test_two_people_answer_and_not_who_decided(entry, clerk, initial, final, second):
    objection = file(entry).objection
    objections.state_view(objection_id=objection.pk, user=clerk, version=1, statement="X")
    objections.examine(
        objection_id=objection.pk, user=second, version=2, proposal=Finding.UPHELD, examination="X"
    )
    for person in (second, final, initial, clerk):
        with refused("four_eyes"):
            objections.answer(
                objection_id=objection.pk, user=person, version=3, finding=Finding.UPHELD, reason="X"
            )
    for person, constraint in ((second, "objection_two_people"), (final, "objection_not_by_who_decided")):
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            Objection.objects.filter(pk=objection.pk).update(
                state="answered", finding="upheld", answer="X", answered_by=person, answered_at=timezone.now()
            )
    objection.refresh_from_db()
    assert objection.state == ObjectionState.EXAMINED


def test_an_answer_is_final_and_no_step_is_skipped(entry, initial, second):
    objection = file(entry).objection
    with pytest.raises(IntegrityError, match="objection_"), transaction.atomic():
        Objection.objects.filter(pk=objection.pk).update(
            state="answered", finding="upheld", answer="X", answered_by=second, answered_at=timezone.now()
        )
    answered(objection, initial, second)
    for change in ({"answer": "other"}, {"state": "received"}, {"finding": "upheld"}):
        with pytest.raises(IntegrityError, match="objection_"), transaction.atomic():
            Objection.objects.filter(pk=objection.pk).update(**change)


@pytest.fixture
def rejected(enterprise, clerk, initial, final):
    case = factories.filed_offshore(enterprise, clerk, "250000")
    factories.decide(case, initial, Stage.INITIAL, Outcome.PROPOSE_REJECTION, "No.")
    return factories.decide(case, final, Stage.FINAL, Outcome.REJECT, "No.")


def test_an_appeal_against_a_rejection_on_the_case_page(rejected, clerk, initial, second):
    client = Client()
    client.force_login(clerk)
    url = reverse("notices:appeal", args=[rejected.number])
    assert url in client.get(rejected.get_absolute_url()).content.decode()
    token = client.get(url).context["form"]["token"].value()
    form = {"token": token, "grounds": "合同为离岸业务。", "contact": "0791-1234"}
    answer = client.post(url, form)
    assert answer.status_code == 200 and answer.context["objection"].kind == "appeal"
    assert client.post(url, form).context["objection"] == answer.context["objection"]
    assert client.post(url, form | {"token": str(uuid.uuid4())}).status_code == 409
    answered(answer.context["objection"], initial, second, Finding.DISMISSED)
    assert client.post(url, form | {"token": str(uuid.uuid4())}).status_code == 409
    assert Objection.objects.count() == 1


def test_an_appeal_has_its_term_and_its_people(rejected, clerk, monkeypatch):
    for person in (factories.UserFactory(), factories.clerk_of(rejected.organisation, "reader")):
        with refused("permission"):
            objections.appeal(case_id=rejected.pk, token=uuid.uuid4(), contact="1", grounds="X", user=person)
    from notices import permissions

    monkeypatch.setattr(permissions, "appeal_ends", lambda case: timezone.localdate() - timedelta(days=1))
    with refused("permission"):
        objections.appeal(case_id=rejected.pk, token=uuid.uuid4(), contact="1", grounds="X", user=clerk)


# The public pages


def test_a_visitor_objects_and_reads_the_answer_by_the_code(entry, approved, initial, second):
    visitor, url = Client(), reverse("notices:object", args=[entry.pk])
    notice_page = visitor.get(entry.notice.get_absolute_url()).content.decode()
    assert url in notice_page and approved.organisation.name in notice_page
    token = visitor.get(url).context["form"]["token"].value()
    wrong = visitor.post(url, {"token": token, "objector": "", "contact": "", "grounds": "kept words"})
    assert "kept words" in wrong.content.decode() and not Objection.objects.exists()
    filed = visitor.post(url, WORDS | {"token": token})
    code = filed.context["code"]
    answered(filed.context["objection"], initial, second)
    page = visitor.post(reverse("notices:answer"), {"code": code})
    assert "理由。" in page.content.decode()
    assert WORDS["objector"] not in page.content.decode()
    assert visitor.post(reverse("notices:answer"), {"code": "0" * 16}).context["objection"] is None


def test_a_flood_from_one_address_is_slowed_down(entry):
    visitor, url = Client(), reverse("notices:object", args=[entry.pk])
    statuses = [visitor.post(url, WORDS | {"token": str(uuid.uuid4())}).status_code for _n in range(12)]
    assert statuses == [200] * 10 + [429] * 2


def test_the_organisation_reads_the_words_but_not_who_wrote_them(entry, clerk):
    objection = file(entry).objection
    member, stranger = Client(), Client()
    member.force_login(clerk)
    stranger.force_login(factories.UserFactory())
    url = reverse("notices:statement", args=[objection.pk])
    page = member.get(url).content.decode()
    assert WORDS["grounds"] in page and WORDS["objector"] not in page and WORDS["contact"] not in page
    assert stranger.get(url).status_code == 404
    assert member.post(url, {"version": 1, "statement": "合同真实。"}).status_code == 302
