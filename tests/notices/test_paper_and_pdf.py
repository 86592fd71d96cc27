"""Objections on paper and who hears of them, the notice and the recovery order as PDF, a letter drawn again."""

import io
import re
import uuid
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from audit.models import Record
from casework.enums import Outcome, Stage
from casework.prints import pdf
from messaging.enums import Event
from messaging.models import Message
from messaging.services import collect
from messaging.texts import line
from notices.enums import Clearance, Finding, LetterKind, LetterState
from notices.letters import verifying
from notices.letters.content import recovery_of
from notices.models import Letter, Objection
from notices.selectors import award_clearance
from notices.services import letters, objections
from tests import factories
from tests.clients import Client
from tests.notices.test_objections import WORDS, answered, file, refused
from tests.prints import archival

pytestmark = pytest.mark.django_db
needs_pango = pytest.mark.skipif(not pdf.is_available(), reason="no pango on this machine")


def browser(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text_of(content: bytes) -> str:
    return re.sub(r"\s", "", "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages))


@pytest.fixture
def entry(approved, publish):
    """An entry of a notice that began a week ago, its last day being over."""
    return publish(approved, now=timezone.now() - timedelta(days=40)).entries.get()


def paper(entry, **fields):
    given = {"token": uuid.uuid4(), "paper_number": "收文2026-17", "received_on": entry.notice.ends_on}
    return objections.enter_paper(entry_id=entry.pk, **(WORDS | given | fields))


# On paper


def test_what_came_in_time_on_paper_is_entered_after_the_term(entry, approved, initial, second):
    award = approved.award
    assert award_clearance([award.pk])[award.pk] == Clearance.CLEARED
    filed = paper(entry, user=initial)
    objection = filed.objection
    assert (objection.entered_by, objection.filed_by) == (initial, None)
    assert timezone.localdate(objection.received_at) == entry.notice.ends_on
    assert award_clearance([award.pk])[award.pk] == Clearance.OBJECTION_OPEN
    assert objections.find_by_code(filed.code) == objection
    told = str(list(Record.objects.values()))
    assert "收文2026-17" in told and not any(word in told for word in (*WORDS.values(), filed.code))
    answered(objection, initial, second)
    assert award_clearance([award.pk])[award.pk] == Clearance.CLEARED


def test_paper_out_of_time_twice_or_by_nobody_is_refused(entry, initial):
    notice = entry.notice
    for code, fields in (
        ("ended", {"received_on": notice.ends_on + timedelta(days=1)}),
        ("ended", {"received_on": notice.starts_on - timedelta(days=1)}),
        ("received_on", {"received_on": timezone.localdate() + timedelta(days=1)}),
        ("paper_number", {"paper_number": " "}),
        ("permission", {"user": factories.official("finance")}),
    ):
        with refused(code):
            paper(entry, **({"user": initial} | fields))
    assert not Objection.objects.exists()
    token = uuid.uuid4()
    first, again = paper(entry, user=initial, token=token), paper(entry, user=initial, token=token)
    assert (first.objection, first.code) == (again.objection, again.code)
    with refused("paper_number"):
        paper(entry, user=initial)
    assert Objection.objects.count() == 1
    with pytest.raises(IntegrityError, match="objection_on_paper_is_registered"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute("UPDATE notices_objection SET paper_number = ''")


def test_the_desk_enters_paper_from_the_notice(entry, initial):
    url = reverse("admin:notices_objection_paper", args=[entry.pk])
    client = browser(initial)
    assert url in client.get(reverse("admin:notices_notice_change", args=[entry.notice_id])).content.decode()
    form = WORDS | {
        "token": client.get(url).context["form"]["token"].value(),
        "paper_number": "收文2026-18",
        "received_on": entry.notice.starts_on.isoformat(),
    }
    for wrong, status in (({"grounds": ""}, 200), ({"received_on": "2001-01-01"}, 409)):
        answer = client.post(url, form | wrong)
        assert answer.status_code == status and WORDS["objector"] in answer.content.decode()
    assert not Objection.objects.exists()
    first, again = client.post(url, form), client.post(url, form)
    assert first.context["code"] and first.context["code"] == again.context["code"]
    objection = Objection.objects.get()
    page = client.get(reverse("admin:notices_objection_change", args=[objection.pk])).content.decode()
    assert "收文2026-18" in page and first.context["code"] not in page
    assert browser(factories.official("auditor")).post(url, form).status_code == 403


# Who hears of it


def heard(user) -> list[str]:
    return [line(message).title for message in Message.objects.filter(recipient=user, event=Event.DESK)]


def test_officials_hear_of_the_step_that_they_can_take(approved, publish, clerk, initial, final, second):
    entry = publish(approved).entries.get()
    objection = file(entry).objection
    collect()
    collect()
    assert [len(heard(person)) for person in (initial, final, second, clerk)] == [1, 1, 1, 0]
    shown = browser(initial).get(reverse("messaging:inbox")).content.decode()
    assert objection.number in shown and WORDS["objector"] not in shown
    message = Message.objects.get(recipient=initial, event=Event.DESK)
    opened = browser(initial).post(reverse("messaging:open", args=[message.pk]))
    assert opened.url == reverse("admin:notices_objection_change", args=[objection.pk])
    objections.state_view(objection_id=objection.pk, user=clerk, version=1, statement="X")
    objections.examine(
        objection_id=objection.pk, user=initial, version=2, proposal=Finding.DISMISSED, examination="X"
    )
    collect()
    assert [len(heard(person)) for person in (initial, final, second)] == [1, 1, 2]


def test_an_appeal_reaches_the_desk_and_not_the_applicant(enterprise, clerk, initial, final):
    case = factories.filed_offshore(enterprise, clerk, "250000")
    factories.decide(case, initial, Stage.INITIAL, Outcome.PROPOSE_REJECTION, "No.")
    factories.decide(case, final, Stage.FINAL, Outcome.REJECT, "No.")
    collect()
    before = Message.objects.filter(recipient=clerk).count()
    objections.appeal(case_id=case.pk, token=uuid.uuid4(), contact="1", grounds="X", user=clerk)
    collect()
    assert len(heard(initial)) == 1 and Message.objects.filter(recipient=clerk).count() == before


def test_the_applicant_reads_ground_and_clause_of_a_rejection(enterprise, clerk, initial, final):
    case = factories.filed_offshore(enterprise, clerk, "250000")
    factories.decide(case, initial, Stage.INITIAL, Outcome.PROPOSE_REJECTION, "No.")
    factories.decide(case, final, Stage.FINAL, Outcome.REJECT, "No.")
    answer = browser(clerk).get(case.get_absolute_url())
    ground, page = answer.context["ground"], answer.content.decode()
    assert ground.get_code_display() in page and ground.quotation and ground.quotation in page


# PDF


@needs_pango
def test_a_notice_as_pdf_has_its_entries_and_people_masked(school_case, publish):
    notice = publish(school_case)
    answer = Client().get(reverse("notices:notice_pdf", args=[notice.number]))
    assert answer["Content-Type"] == "application/pdf"
    text = text_of(answer.content)
    for expected in (notice.number, school_case.number, "张**", "李*", notice.content_hash[:16]):
        assert re.sub(r"\s", "", expected) in text, expected
    assert "张三丰" not in text
    assert archival.faults(answer.content) == []


@needs_pango
def test_a_plain_pdf_is_not_taken_for_an_archives():
    """The check of the structure finds what a PDF without PDF/A lacks."""
    import weasyprint

    plain = weasyprint.HTML(string="<p>x</p>").write_pdf()
    assert archival.faults(plain) == [
        "no file identifier",
        "no output intent with a profile",
        "metadata name no part",
        "metadata name no conformance",
    ]


def test_a_long_notice_is_printed_from_the_browser(approved, publish, monkeypatch):
    notice = publish(approved)
    monkeypatch.setattr(pdf, "MOST_ROWS", 0)
    answer = Client().get(reverse("notices:notice_pdf", args=[notice.number]))
    assert answer.url == f"{notice.get_absolute_url()}?print=1"
    assert (
        reverse("notices:notice_pdf", args=[notice.number]) not in Client().get(answer.url).content.decode()
    )


@needs_pango
def test_a_recovery_order_is_a_letter_like_the_others(approved, final):
    content = recovery_of(
        approved.award,
        decided_on=date(2016, 9, 1),
        amount_rmb=Decimal("12000.50"),
        paid_rmb=Decimal("50000.00"),
        reason="合同在首年内终止。",
        clauses=[{"clause": "Article 9", "quotation": ""}],
        pay_by=date(2016, 10, 31),
        pay_into=["户名：示例专户（虚构）"],
    )
    letter = letters.write(
        case=approved, kind=LetterKind.RECOVERY, source="recovery:7", content=content, user=final
    )
    letters.draw(letter.pk)
    letter.refresh_from_db()
    assert letter.state == LetterState.MADE, letter.error
    text = text_of(bytes(letter.file.content))
    for expected in ("12,000.50", "人民币壹万贰仟元伍角", "2016年10月31日", "合同在首年内终止。", "示例专户"):
        assert expected in text, expected
    assert verifying.find(letter.code).in_force
    assert archival.faults(bytes(letter.file.content)) == []
    page = Client().get(reverse("notices:letter", args=[letter.code])).content.decode()
    assert "12,000.50" in page and "合同在首年内终止" not in page
    verifying.register("recovery", lambda pk: pk != 7)
    assert not verifying.find(letter.code).in_force
    verifying._stands.pop("recovery")


# Drawn again


def test_only_a_letter_that_failed_is_drawn_again(approved, initial):
    letter = approved.letters.get()
    url, client = reverse("admin:notices_letter_redraw", args=[letter.pk]), browser(initial)
    change = reverse("admin:notices_letter_change", args=[letter.pk])
    client.post(url)
    assert not Record.objects.filter(action="letter.redrawn").exists()
    assert url not in client.get(change).content.decode()
    Letter.objects.filter(pk=letter.pk).update(state=LetterState.FAILED, attempts=6, error="RuntimeError: x")
    assert url in client.get(change).content.decode()
    auditor = browser(factories.official("auditor"))
    assert url not in auditor.get(change).content.decode()
    auditor.post(url)
    letter.refresh_from_db()
    assert letter.state == LetterState.FAILED
    client.post(url)
    letter.refresh_from_db()
    assert (letter.state, letter.attempts) == (LetterState.QUEUED, 0)
