"""The applicant's verbs, and what they refuse."""

import pytest
from django.db import IntegrityError, transaction

from accounts.enums import MembershipRole
from applications.models import OffshoreClaim, Receipt
from audit.models import Record
from casework.enums import Outcome, RunState, Stage, Status
from casework.models import CalculationRun, Case, Submission
from casework.services import filing
from casework.transitions import Refused
from tests import factories


def test_submit_freezes_logs_and_asks_for_a_calculation_at_once(people):
    case = factories.offshore_draft(people.enterprise, people.clerk, "150000", "100000")
    submission = filing.submit(case_id=case.pk, user=people.clerk)
    case.refresh_from_db()
    assert (case.status, case.submitted_by) == (Status.INITIAL_REVIEW, people.clerk)
    assert submission.snapshot["usd"] == "250000.00"
    assert [line["amount"] for line in submission.snapshot["lines"]] == ["150000.00", "100000.00"]
    assert CalculationRun.objects.get(case=case).state == RunState.QUEUED
    actions = Record.objects.filter(object_type="casework.case", object_id=case.pk).order_by("number")
    assert [record.action for record in actions] == [
        "case.draft",
        "case.initial_review",
        "case.inputs_frozen",
    ]


def test_a_claim_its_record_and_its_work_are_written_together_or_not_at_all(people, monkeypatch):
    """Nobody reads "received" of a claim that a worker will never calculate."""
    case = factories.offshore_draft(people.enterprise, people.clerk, "250000")
    before = Record.objects.count()

    def dies(**_):
        raise OSError("the machine went away")

    monkeypatch.setattr(filing, "request_run", dies)
    with pytest.raises(OSError, match="went away"):
        filing.submit(case_id=case.pk, user=people.clerk)
    case.refresh_from_db()
    assert (case.status, case.submissions.count()) == (Status.DRAFT, 0)
    assert Record.objects.count() == before and not CalculationRun.objects.filter(case=case).exists()


def test_a_second_submit_changes_nothing(people):
    case = factories.offshore_draft(people.enterprise, people.clerk, "250000")
    filing.submit(case_id=case.pk, user=people.clerk)
    with pytest.raises(Refused):
        filing.submit(case_id=case.pk, user=people.clerk)
    assert Submission.objects.filter(case=case).count() == 1
    assert CalculationRun.objects.filter(case=case).count() == 1


def test_submit_without_undertaking_names_it_and_changes_nothing(people):
    case = factories.offshore_draft(people.enterprise, people.clerk, "250000")
    OffshoreClaim.objects.filter(case=case).update(undertaking_at=None)
    with pytest.raises(filing.Incomplete) as caught:
        filing.submit(case_id=case.pk, user=people.clerk)
    assert [problem.code for problem in caught.value.problems] == ["undertaking"]
    case.refresh_from_db()
    assert (case.status, case.submissions.count()) == (Status.DRAFT, 0)


def test_a_stale_submit_is_refused_with_the_name_of_who_changed_it(people):
    case = factories.offshore_draft(people.enterprise, people.clerk, "250000")
    colleague = factories.clerk_of(people.enterprise, display_name="Colleague")
    seen = case.version
    with transaction.atomic():
        filing.record_edit(case=case, user=colleague, action="offshore.claim_saved", data={})
    with pytest.raises(Refused, match="Colleague") as caught:
        filing.submit(case_id=case.pk, user=people.clerk, expected_version=seen)
    assert caught.value.code == "stale"
    assert case.submissions.count() == 0


@pytest.mark.parametrize("who", ["reader", "stranger"])
def test_who_may_not_file_is_told_why(people, who):
    case = factories.offshore_draft(people.enterprise, people.clerk, "250000")
    user = (
        factories.clerk_of(people.enterprise, role=MembershipRole.READER)
        if who == "reader"
        else factories.UserFactory()
    )
    with pytest.raises(Refused) as caught:
        filing.submit(case_id=case.pk, user=user)
    assert caught.value.code == "permission"
    assert case.submissions.count() == 0


def test_one_open_draft_for_each_year(people):
    first = filing.start_case(
        user=people.clerk, organisation=people.enterprise, programme_code="offshore", year=2015
    )
    again = filing.start_case(
        user=people.clerk, organisation=people.enterprise, programme_code="offshore", year=2015
    )
    assert again == first
    with pytest.raises(IntegrityError, match="case_one_draft_a_year"), transaction.atomic():
        Case.objects.create(
            number="X-2",
            programme="offshore",
            organisation=people.enterprise,
            year=2015,
            created_by=people.clerk,
            changed_by=people.clerk,
        )


def test_withdrawing_frees_the_bank_references_for_a_new_claim(people):
    case = factories.filed_offshore(people.enterprise, people.clerk, "250000")
    reference = Receipt.objects.get(claim__case=case).bank_reference
    filing.withdraw(case_id=case.pk, user=people.clerk)
    again = factories.offshore_draft(people.enterprise, people.clerk)
    contract = people.enterprise.contracts.get()
    factories.ReceiptFactory(claim=again.offshore_claim, contract=contract, bank_reference=reference)
    case.refresh_from_db()
    assert case.status == Status.WITHDRAWN


def test_a_bank_reference_is_claimed_once_in_the_whole_system(people):
    factories.offshore_draft(people.enterprise, people.clerk, "250000")
    reference = Receipt.objects.get().bank_reference
    other = factories.OrganisationFactory()
    draft = factories.offshore_draft(other, factories.clerk_of(other))
    with pytest.raises(IntegrityError, match="receipt_bank_reference_once"), transaction.atomic():
        factories.ReceiptFactory(
            claim=draft.offshore_claim,
            contract=factories.ContractFactory(organisation=other),
            bank_reference=reference,
        )


def test_a_decided_claim_cannot_be_withdrawn(people):
    case = factories.approve(
        factories.filed_offshore(people.enterprise, people.clerk, "250000"), people.initial, people.final
    )
    with pytest.raises(Refused):
        filing.withdraw(case_id=case.pk, user=people.clerk)
    case.refresh_from_db()
    assert case.status == Status.APPROVED


def test_a_returned_claim_is_corrected_and_filed_again_beside_the_first_version(people):
    case = factories.filed_offshore(people.enterprise, people.clerk, "150000")
    factories.decide(case, people.initial, Stage.INITIAL, Outcome.RETURN, reason="Add the missing receipt.")
    assert case.status == Status.RETURNED
    factories.ReceiptFactory(
        claim=case.offshore_claim, contract=people.enterprise.contracts.get(), amount="100000.00"
    )
    filing.submit(case_id=factories.supply(case).pk, user=people.clerk)
    factories.calculate(case)
    assert [s.snapshot["usd"] for s in case.submissions.all()] == ["150000.00", "250000.00"]
    assert str(case.amount_rmb) == "50000.00"
    factories.approve(case, people.initial, people.final)
    assert case.status == Status.APPROVED
