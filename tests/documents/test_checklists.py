"""The checklist is data: what it may say, and what one word in it changes."""

import pytest
from django.utils import translation

from casework.programmes import programme_of
from casework.services import filing
from casework.services.filing import Incomplete
from policy import checklists
from policy.checklists import ChecklistError
from tests import factories

TEXT = checklists.DEFAULT_PATH.read_text("utf-8")


@pytest.fixture
def changed(monkeypatch, tmp_path):
    """`changed(text)` makes another text the checklist."""

    def change(text: str) -> None:
        path = tmp_path / "checklists.toml"
        path.write_text(text, "utf-8")
        items = checklists.load(path)
        monkeypatch.setattr(checklists, "load", lambda: items)

    return change


def test_every_paper_of_the_practice_is_on_a_list():
    found = {(item.programme, item.subject, item.code) for item in checklists.load()}
    assert found == {
        ("offshore", "claim", "business_licence"),
        ("offshore", "claim", "undertaking"),
        ("offshore", "claim", "audit_report"),
        ("offshore", "contract", "contract_copy"),
        ("offshore", "receipt", "bank_receipt"),
        ("training", "claim", "undertaking"),
        ("training", "class", "class_plan"),
        ("training", "enrolment", "certificate_copy"),
        ("training", "enrolment", "contract_pages"),
        ("training", "trainee", "identity_proof"),
        ("training", "trainee", "student_proof"),
        ("training", "trainee", "consent"),
    }


def test_nothing_is_required_at_first():
    assert {item.need for item in checklists.load()} == {"recommended"}


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('need = "recommended"', 'need = "wanted"', "need must be one of required, recommended, optional"),
        ('programme = "offshore"', 'programme = "onshore"', "programme must be one of"),
        ('subject = "claim"', 'subject = "person"', "subject must be one of"),
        ("max_mb = 20", "max_mb = 2000", "max_mb must be a whole number from 1 to 50"),
        ("max_mb = 20", "max_mb = true", "max_mb must be a whole number"),
        ("max_files = 3\n", "", "max_files is missing"),
        ('kinds = ["pdf"', 'kinds = ["docx"', "kinds must be a list of pdf, png, jpeg"),
        ('clause = "Practice"', 'clause = "Practice"\ncolour = "red"', "colour is not known here"),
        ('code = "undertaking"', 'code = "business_licence"', "stated twice"),
        ("[[item]]", "[[items]]", "holds [[item]] tables and nothing else"),
        ("[[item]]", "[item", "is not a TOML file"),
    ],
)
def test_a_wrong_list_is_refused_by_name(tmp_path, old, new, sentence):
    path = tmp_path / "checklists.toml"
    path.write_text(TEXT.replace(old, new, 1), "utf-8")
    with pytest.raises(ChecklistError) as caught:
        checklists.load(path)
    assert sentence in str(caught.value)


@pytest.mark.django_db
def test_the_word_required_blocks_a_filing(draft, clerk, receipt, send, changed):
    with translation.override("en"):
        assert programme_of(draft).problems(draft) == []
        before, after = TEXT.split('code = "bank_receipt"')
        changed(before + 'code = "bank_receipt"' + after.replace('"recommended"', '"required"', 1))
        with pytest.raises(Incomplete) as caught:
            filing.submit(case_id=draft.pk, user=clerk)
    (problem,) = caught.value.problems
    assert problem.code == "document_missing"
    assert "the paper “Bank receipt” is missing. Upload it." in problem.message
    assert problem.url == f"/documents/of/receipt-{receipt.pk}#paper-receipt-{receipt.pk}-bank_receipt"
    assert not draft.submissions.exists()
    send("receipt", receipt.pk)
    assert filing.submit(case_id=draft.pk, user=clerk).snapshot["documents"]


@pytest.mark.django_db
def test_many_missing_papers_are_summed_up(enterprise, clerk, changed):
    case = factories.offshore_draft(enterprise, clerk, *["9000"] * 30)
    changed(TEXT.replace('"recommended"', '"required"'))
    with translation.override("en"):
        problems = [p for p in programme_of(case).problems(case) if p.code.startswith("document")]
    assert len(problems) == 21
    assert problems[-1].message == "And 14 more papers."
