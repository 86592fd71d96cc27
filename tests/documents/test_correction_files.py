"""Papers of a returned claim: they come and go where an official asked for it, and nowhere else."""

from dataclasses import replace

import pytest
from django.urls import reverse
from django.utils import translation

from accounts.enums import OfficialRole
from casework.enums import Outcome, Stage
from casework.services import decisions, filing
from casework.services.decisions import RemarkDraft
from casework.transitions import Refused
from documents.services import uploads
from documents.subjects import find
from nanchang_portal.sample import paper
from policy import checklists
from tests import factories
from tests.access.world import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.fixture
def slip(send, draft, receipt, clerk):
    """The slip with which the claim was filed."""
    document = send("receipt", receipt.pk, "bank_receipt")
    filing.submit(case_id=factories.supply(draft).pk, user=clerk)
    factories.calculate(draft)
    return document


def give_back(case, *paths):
    decisions.decide(
        case_id=case.pk,
        user=factories.official(OfficialRole.INITIAL_REVIEWER),
        stage=Stage.INITIAL,
        outcome=Outcome.RETURN,
        assessment_hash=case.current_assessment.hash,
        reason="See the remarks",
        remarks=[RemarkDraft(path, "Look again") for path in paths],
    )


def test_a_marked_file_is_replaced_and_the_change_is_shown(send, draft, receipt, clerk, slip):
    give_back(draft, f"documents/{slip.pk}")
    page = client_of(clerk).get(reverse("documents:case", args=[draft.number])).content.decode()
    assert "Look again" in page and slip.name in page
    new = send("receipt", receipt.pk, "bank_receipt", data=paper.pdf("new"), replaces=slip.pk, name="new.pdf")
    filing.submit(case_id=draft.pk, user=clerk)
    slips = [d for d in draft.submissions.last().snapshot["documents"] if d["item"] == "bank_receipt"]
    assert [d["id"] for d in slips] == [new.pk]
    page = client_of(clerk).get(draft.get_absolute_url()).content.decode()
    assert f'data-change="documents/{slip.pk}"' in page and "new.pdf" in page


@pytest.mark.parametrize("mark", ["note", "lines/+"])
def test_a_file_that_was_not_marked_stays(send, draft, receipt, clerk, slip, mark):
    give_back(draft, mark)
    for attempt in (
        lambda: send("receipt", receipt.pk, "bank_receipt", data=paper.pdf("new"), replaces=slip.pk),
        lambda: uploads.remove(user=clerk, subject=find(clerk, f"receipt-{receipt.pk}"), document=slip),
    ):
        with pytest.raises(Refused, match="stays as you filed it"):
            attempt()
    slip.refresh_from_db()
    assert slip.is_current
    filing.submit(case_id=draft.pk, user=clerk)


@pytest.mark.parametrize("mark", ["lines/{pk}", "lines/{pk}/amount", "documents/+"])
def test_who_asks_about_a_receipt_asks_for_its_papers_too(send, draft, receipt, clerk, slip, mark):
    give_back(draft, mark.format(pk=receipt.pk))
    new = send("receipt", receipt.pk, "bank_receipt", data=paper.pdf("more"), name="more.pdf", replaces=(
        None if mark == "documents/+" else slip.pk
    ))  # fmt: skip
    filing.submit(case_id=draft.pk, user=clerk)
    assert new.pk in [d["id"] for d in draft.submissions.last().snapshot["documents"]]


def test_a_paper_of_a_contract_that_was_changed_elsewhere_is_named_early_and_when_filing(
    send, draft, receipt, clerk, slip
):
    give_back(draft, "note")
    extra = send("contract", receipt.contract_id, data=paper.pdf("contract"))
    listed = client_of(clerk).get(reverse("offshore:claim", args=[draft.number])).content.decode()
    assert "cannot be added: the bureau did not ask for it" in listed, "said before the clerk files"
    with pytest.raises(filing.Incomplete, match="cannot be added"):
        filing.submit(case_id=draft.pk, user=clerk)
    uploads.remove(user=clerk, subject=find(clerk, f"contract-{receipt.contract_id}"), document=extra)
    filing.submit(case_id=draft.pk, user=clerk)


def test_the_papers_of_a_row_leave_with_it(send, draft, receipt, clerk):
    second = factories.ReceiptFactory(claim=draft.offshore_claim, contract=receipt.contract, amount="90000")
    filing.submit(case_id=factories.supply(draft).pk, user=clerk)
    factories.calculate(draft)
    give_back(draft, "lines/+")
    second.delete()
    snapshot = filing.submit(case_id=draft.pk, user=clerk).snapshot
    assert f"receipt-{second.pk}" not in {entry["subject"] for entry in snapshot["documents"]}


def test_a_claim_filed_before_a_paper_was_required_is_corrected_without_it(
    draft, receipt, clerk, monkeypatch
):
    listed = checklists.load()
    monkeypatch.setattr(checklists, "load", lambda: [replace(i, need="recommended") for i in listed])
    filing.submit(case_id=draft.pk, user=clerk)
    factories.calculate(draft)
    give_back(draft, "note")
    monkeypatch.undo()
    filing.submit(case_id=draft.pk, user=clerk)
    assert draft.submissions.count() == 2
