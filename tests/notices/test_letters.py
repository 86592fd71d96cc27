"""Decision letters: written with the decision, drawn once, verified by anybody; a changed one is not genuine."""

import hashlib
import io
import json
import re

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from pypdf import PdfReader

from casework.enums import Outcome, Stage
from casework.prints import pdf
from notices.enums import LetterState
from notices.letters import signing, verifying
from notices.models import Letter
from notices.services import letters
from tests import factories
from tests.clients import Client
from tests.prints import archival

pytestmark = pytest.mark.django_db
needs_pango = pytest.mark.skipif(not pdf.is_available(), reason="no pango on this machine")


@pytest.fixture
def rejected(enterprise, clerk, initial, final):
    case = factories.filed_offshore(enterprise, clerk, "250000")
    factories.decide(case, initial, Stage.INITIAL, Outcome.PROPOSE_REJECTION, "发包方为境内企业")
    return factories.decide(case, final, Stage.FINAL, Outcome.REJECT, "发包方为境内企业，不属于离岸业务。")


def text_of(content: bytes) -> str:
    return re.sub(r"\s", "", "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages))


def drawn(case) -> Letter:
    letter = case.letters.get()
    letters.draw(letter.pk)
    letter.refresh_from_db()
    return letter


def verify(code: str, **data):
    return (
        Client().post(reverse("notices:letter", args=[code]), data)
        if data
        else Client().get(reverse("notices:letter", args=[code]))
    )


@needs_pango
def test_an_award_letter_is_drawn_once_and_downloaded_byte_for_byte(approved, clerk, final):
    letter = drawn(approved)
    assert letter.state == LetterState.MADE, letter.error
    first = bytes(letter.file.content)
    letters.draw(letter.pk)
    client, official = Client(), Client()
    client.force_login(clerk)
    official.force_login(final)
    url = reverse("notices:letter_pdf", args=[letter.number])
    answers = [client.get(url), client.get(url), official.get(url)]
    assert [answer.content == first for answer in answers] == [True] * 3
    stranger = Client()
    stranger.force_login(factories.UserFactory())
    assert stranger.get(url).status_code == 404
    text = text_of(first)
    for expected in (
        "50,000.00",
        "人民币伍万元整",
        approved.organisation.name,
        approved.number,
        letter.number,
        signing.shown(letter.code),
        "60日内",
        "Summary",
    ):
        assert re.sub(r"\s", "", expected) in text, expected
    reader = PdfReader(io.BytesIO(first))
    assert archival.faults(first) == []
    inside = json.loads(reader.attachments[f"{letter.number}.json"][0])
    assert inside["data"] == letter.data and inside["signature"] == letter.signature


@needs_pango
def test_the_letter_verifies_and_a_changed_file_does_not(approved):
    letter = drawn(approved)
    page = verify(letter.code)
    assert page.context["found"].genuine and page.context["found"].in_force
    assert approved.organisation.name not in page.content.decode()
    content = bytes(letter.file.content)
    same = verify(letter.code, file=io.BytesIO(content))
    assert same.context["same"] is True
    changed = bytearray(content)
    changed[len(changed) // 2] ^= 1
    for other in (bytes(changed), content + b" ", b"%PDF-1.7 something else"):
        assert verify(letter.code, file=io.BytesIO(other)).context["same"] is False


def test_a_changed_code_is_no_letter(approved):
    letter = approved.letters.get()
    for n in range(0, signing.CODE_LENGTH, 5):
        other = signing.ALPHABET[(signing.ALPHABET.index(letter.code[n]) + 1) % 32]
        assert verify(letter.code[:n] + other + letter.code[n + 1 :]).status_code == 404
    assert verify(signing.shown(letter.code).lower()).status_code == 200


@needs_pango
@pytest.mark.parametrize("change", ["amount", "name", "signature", "file", "number"])
def test_what_a_table_owner_changes_is_not_genuine(approved, change):
    letter = drawn(approved)
    data = dict(letter.data)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        if change == "amount":
            Letter.objects.update(data=data | {"amount_rmb": "500000.00"})
        elif change == "name":
            data["organisation"] = {"name": "Another", "credit_code": "X"}
            Letter.objects.update(data=data, data_hash=letters.sha256(data))
        elif change == "signature":
            Letter.objects.update(signature=letter.signature[:-1] + "0" * (letter.signature[-1] != "0") + "1")
        elif change == "number":
            Letter.objects.update(number="JD-2015-999999")
        else:
            content = bytes(letter.file.content) + b" "
            cursor.execute(
                "UPDATE notices_letterfile SET content = %s, sha256 = %s",
                [content, hashlib.sha256(content).hexdigest()],
            )
        cursor.execute("SET session_replication_role = origin")
    assert not verifying.find(letter.code).genuine
    assert "50,000.00" not in verify(letter.code).content.decode()


@needs_pango
def test_a_rejection_names_reason_ground_and_remedies(rejected):
    letter = drawn(rejected)
    assert letter.state == LetterState.MADE, letter.error
    text = text_of(bytes(letter.file.content))
    assert "发包方为境内企业，不属于离岸业务。" in text and "不符合政策条件" in text
    assert letter.data["remedies"] == {"reconsideration_days": 60, "litigation_months": 6}
    assert letter.data["clauses"][0]["quotation"]
    shown = verify(letter.code).content.decode()
    assert "发包方为境内企业" not in shown, "the reason is between the bureau and the applicant"


def test_a_letter_never_changes_and_is_written_once(approved, final):
    letter = approved.letters.get()
    for change in ({"data": {}}, {"signature": "x"}, {"number": "X"}):
        with pytest.raises(Exception, match="Cannot update"), transaction.atomic():
            Letter.objects.filter(pk=letter.pk).update(**change)
    with pytest.raises(Exception, match="Cannot delete"), transaction.atomic():
        Letter.objects.filter(pk=letter.pk)._raw_delete("default")
    with pytest.raises(IntegrityError, match="letter_once"), transaction.atomic():
        letters.write(case=approved, kind=letter.kind, source=letter.source, content={}, user=final)


def test_a_letter_of_a_reopened_case_is_no_longer_in_force(approved, initial, second):
    from casework.services import second_look

    letter = approved.letters.get()
    approved.refresh_from_db()
    proposal = second_look.propose(
        case_id=approved.pk, user=initial, cause="error", reason="X", version=approved.version
    )
    approved.refresh_from_db()
    second_look.confirm(reopening_id=proposal.pk, user=second, version=approved.version)
    found = verifying.find(letter.code)
    assert found.genuine and not found.in_force


def test_a_letter_that_cannot_be_drawn_is_tried_again_and_then_given_up(approved, monkeypatch):
    letter = approved.letters.get()

    def broken(_letter):
        raise RuntimeError("no fonts")

    monkeypatch.setattr(letters.drawing, "drawn", broken)
    for _n in range(letters.MAX_ATTEMPTS):
        letters.draw(letter.pk)
        letter.refresh_from_db()
        assert letter.state == LetterState.QUEUED and "no fonts" in letter.error
    letters.draw(letter.pk)
    letter.refresh_from_db()
    assert letter.state == LetterState.FAILED
