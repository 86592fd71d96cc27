"""Reopening decided cases: two people, the award reversed, a new assessment; never once money is on its way."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.enums import OfficialRole
from casework import holds
from casework.enums import Outcome, ReopeningCause, Stage, Status
from casework.models import Award, AwardLine, Case, CaseEvent, Reopening
from casework.services import second_look
from casework.services.lines import LineDraft, decide_lines
from casework.transitions import Refused
from ledger.models import Balance, Entry, Reservation
from tests import factories
from tests.clients import Client

pytestmark = pytest.mark.django_db


def refused(code: str):
    return pytest.raises(Refused, check=lambda error: error.code == code)


@pytest.fixture
def other(db):
    """A final reviewer who decided nothing here."""
    return factories.official(OfficialRole.FINAL_REVIEWER)


@pytest.fixture
def approved(people) -> Case:
    case = factories.filed_offshore(people.enterprise, people.clerk, "250000")
    return factories.approve(case, people.initial, people.final)


@pytest.fixture
def rejected(people) -> Case:
    case = factories.filed_offshore(people.enterprise, people.clerk, "250000")
    factories.decide(case, people.initial, Stage.INITIAL, Outcome.PROPOSE_REJECTION, "No.")
    return factories.decide(case, people.final, Stage.FINAL, Outcome.REJECT, "No.")


def propose(case: Case, user, **fields) -> Reopening:
    case.refresh_from_db()
    given = {"cause": ReopeningCause.ERROR, "reason": "合同认定有误", "version": case.version} | fields
    return second_look.propose(case_id=case.pk, user=user, **given)


def confirm(proposal: Reopening, user) -> Case:
    case = Case.objects.get(pk=proposal.case_id)
    second_look.confirm(reopening_id=proposal.pk, user=user, version=case.version)
    case.refresh_from_db()
    return case


def test_an_approved_case_is_reopened_and_awarded_anew(people, approved, other):
    before = approved.award
    case = confirm(propose(approved, people.initial), other)
    assert case.status == Status.INITIAL_REVIEW and case.award is None
    assert (case.initial_reviewer, case.final_reviewer, case.decided_at, case.amount_rmb) == (None,) * 4
    before.refresh_from_db()
    assert before.reversed_at and AwardLine.objects.get().reversed_at == before.reversed_at
    assert Balance.objects.get(kind="allowance").granted_rmb == 0
    assert {part.state for part in Reservation.objects.all()} == {"released"}
    assert CaseEvent.objects.get(case=case).kind == "reopened"
    case = factories.calculate(case)
    assert case.current_assessment != before.assessment, "the same inputs make a new assessment"
    assert str(case.amount_rmb) == "50000.00"
    case = factories.approve(case, people.initial, people.final)
    assert case.award.number == 2 and case.awards.count() == 2
    assert case.award.key == f"award:{case.number}:2"
    assert str(Balance.objects.get(kind="allowance").granted_rmb) == "50000.00"


def test_the_page_of_a_reopening_shows_what_changed(people, approved, other):
    proposal = propose(approved, people.initial)
    case = factories.calculate(confirm(proposal, other))
    client, address = Client(), reverse("admin:casework_reopening_change", args=[proposal.pk])
    client.force_login(other)
    assert client.get(address).context["changes"] == [], "the same data come to the same"
    line = LineDraft(
        str(case.submissions.last().snapshot["lines"][0]["receipt"]),
        "reduce",
        Decimal("220000"),
        "amount_differs",
        "The slip shows less.",
    )
    decide_lines(
        case_id=case.pk,
        user=people.initial,
        submission_id=case.submissions.last().pk,
        seen=0,
        drafts=[line],
    )
    factories.calculate(case)
    shown = client.get(address)
    amounts = [(one.before, one.after) for one in shown.context["changes"]][:2]
    assert amounts == [("50,000.00", "44,000.00")] * 2, "the amount, and the payee's line"
    assert "44,000.00" in shown.content.decode()


def test_a_rejected_case_is_reopened_and_holds_its_receipts_again(people, rejected, other):
    from applications.models import Receipt

    assert Receipt.objects.get(claim__case=rejected).released
    case = factories.calculate(confirm(propose(rejected, people.initial), other))
    assert case.status == Status.INITIAL_REVIEW and not Receipt.objects.get(claim__case=case).released
    assert factories.approve(case, people.initial, people.final).status == Status.APPROVED


def test_receipts_that_were_claimed_again_keep_a_case_closed(people, rejected, other):
    receipt = rejected.offshore_claim.receipts.get()
    draft = factories.offshore_draft(people.enterprise, people.clerk)
    factories.ReceiptFactory(
        claim=draft.offshore_claim, contract=receipt.contract, bank_reference=receipt.bank_reference
    )
    proposal = propose(rejected, people.initial)
    with refused("claimed_again"):
        confirm(proposal, other)
    rejected.refresh_from_db()
    assert rejected.status == Status.REJECTED


def test_two_people_and_not_who_decided(people, approved, other):
    proposal = propose(approved, other)
    for person in (other, people.final, people.clerk):
        with refused("four_eyes"):
            confirm(proposal, person)
    for person in (other, people.final):
        with pytest.raises(IntegrityError, match="reopening_two_people|reopening_not_by_who_decided"):
            with transaction.atomic():
                Reopening.objects.filter(pk=proposal.pk).update(
                    state="confirmed", confirmed_by=person, confirmed_at=timezone.now()
                )
    approved.refresh_from_db()
    assert approved.status == Status.APPROVED and approved.award.reversed_at is None


@pytest.mark.parametrize("role", ["finance", "policy_editor", "auditor"])
def test_other_roles_propose_nothing(approved, role):
    with refused("permission"):
        propose(approved, factories.official(role))


def test_a_reason_one_proposal_at_a_time_and_a_fresh_page(people, approved, other):
    with refused("reason"):
        propose(approved, people.initial, reason=" ")
    with refused("stale"):
        propose(approved, people.initial, version=approved.version - 1)
    proposal = propose(approved, people.initial)
    with refused("permission"):
        propose(approved, other)
    with refused("stale"):
        second_look.confirm(reopening_id=proposal.pk, user=other, version=1)
    approved.refresh_from_db()
    with refused("reason"):
        second_look.turn_down(reopening_id=proposal.pk, user=other, version=approved.version, why=" ")
    second_look.turn_down(reopening_id=proposal.pk, user=other, version=approved.version, why="无误")
    approved.refresh_from_db()
    with refused("four_eyes"):
        second_look.confirm(reopening_id=proposal.pk, user=other, version=approved.version)
    assert propose(approved, people.initial).state == "proposed"


def test_only_decided_cases_are_reopened(people):
    case = factories.filed_offshore(people.enterprise, people.clerk, "250000")
    with refused("permission"):
        propose(case, people.initial)
    assert not Reopening.objects.exists()


def test_a_hold_of_another_room_keeps_it_closed(people, approved, other, monkeypatch):
    monkeypatch.setattr(holds, "_registry", [lambda award: "in payment"])
    with refused("held"):
        propose(approved, people.initial)


def test_money_in_payment_keeps_it_closed(people, approved, other):
    from ledger import funds

    for_money = [factories.official(OfficialRole.FINANCE) for _n in range(2)]
    proposal = propose(approved, people.initial)
    if not Reservation.objects.filter(state="reserved").exists():
        factories.fund_change(*for_money, amount_rmb="100000")
    funds.commit(
        key=approved.award.key, posting="payment:1", amount_rmb=approved.award.amount_rmb, user=for_money[0]
    )
    with refused("in_payment"):
        confirm(proposal, other)
    approved.refresh_from_db()
    assert (
        approved.status == Status.APPROVED
        and approved.award
        and Entry.objects.filter(kind="reversal").count() == 0
    )


def test_sql_goes_no_other_way(people, approved, rejected, other):
    for case in (approved, rejected):
        with pytest.raises(IntegrityError, match="case_reopened_by_two"), transaction.atomic():
            Case.objects.filter(pk=case.pk).update(status=Status.INITIAL_REVIEW)
    for rows in (Award.objects.all(), AwardLine.objects.all()):
        with (
            pytest.raises(IntegrityError, match="award_reversed_by|award_line_reversed"),
            transaction.atomic(),
        ):
            rows.update(reversed_at=timezone.now())
    propose(approved, people.initial)
    with pytest.raises(IntegrityError, match="award_reversed_by_reopening"), transaction.atomic():
        Award.objects.update(reversed_at=timezone.now() + timedelta(days=1))


def test_other_claims_of_the_year_are_calculated_anew(people, approved, other):
    second = factories.filed_offshore(people.enterprise, people.clerk, "300000")
    assert str(second.amount_rmb) == "60000.00"
    confirm(propose(approved, people.initial), other)
    second = factories.calculate(second)
    assert second.current_assessment.inputs["basis"]["granted_rmb"] == "0.00"
