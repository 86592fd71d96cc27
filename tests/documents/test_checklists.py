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


def test_what_proves_the_money_is_required():
    found = {(item.programme, item.code) for item in checklists.load() if item.is_required}
    assert found == {
        ("offshore", "undertaking"),
        ("offshore", "contract_copy"),
        ("offshore", "bank_receipt"),
        ("training", "undertaking"),
        ("training", "certificate_copy"),
        ("training", "contract_pages"),
    }


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
def test_what_is_required_blocks_a_filing_with_a_link_to_its_place(draft, clerk, receipt, send):
    with translation.override("en"), pytest.raises(Incomplete) as caught:
        filing.submit(case_id=draft.pk, user=clerk)
    assert [problem.code for problem in caught.value.problems] == ["document_missing"] * 3
    problem = caught.value.problems[-1]
    assert "the paper “Bank receipt” is missing. Upload it." in problem.message
    assert problem.url == f"/documents/of/receipt-{receipt.pk}#paper-receipt-{receipt.pk}-bank_receipt"
    assert not draft.submissions.exists()
    send("claim", draft.pk, "undertaking")
    send("contract", receipt.contract_id)
    send("receipt", receipt.pk)
    assert len(filing.submit(case_id=draft.pk, user=clerk).snapshot["documents"]) == 3


@pytest.mark.django_db
def test_one_word_of_the_list_decides(draft, changed):
    changed(TEXT.replace('"required"', '"recommended"'))
    assert programme_of(draft).problems(draft) == []


@pytest.mark.django_db
def test_a_certificate_that_is_not_recorded_has_no_copy():
    institution = factories.OrganisationFactory(institution=True)
    training_class = factories.TrainingClassFactory(institution=institution)
    one = factories.hired_trainee(training_class)
    other = factories.hired_trainee(training_class, certified=False)
    case = factories.training_draft(institution, factories.clerk_of(institution), one, other, papers=False)
    missing = [problem.url.rpartition("#")[2] for problem in programme_of(case).problems(case)]
    assert missing == [
        f"paper-claim-{case.pk}-undertaking",
        f"paper-enrolment-{one.pk}-certificate_copy",
        f"paper-enrolment-{one.pk}-contract_pages",
        f"paper-enrolment-{other.pk}-contract_pages",
    ]


@pytest.mark.django_db
def test_many_missing_papers_are_summed_up(enterprise, clerk, changed):
    case = factories.offshore_draft(enterprise, clerk, *["9000"] * 30, papers=False)
    changed(TEXT.replace('"recommended"', '"required"'))
    with translation.override("en"):
        problems = [p for p in programme_of(case).problems(case) if p.code.startswith("document")]
    assert len(problems) == 21
    assert problems[-1].message == "And 14 more papers."
