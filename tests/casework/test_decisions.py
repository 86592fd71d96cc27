"""Decisions by two different people, bound to what they saw."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.enums import OfficialRole
from accounts.models import Membership
from applications.models import Receipt
from casework.enums import Outcome, Stage, Status
from casework.models import Award, Case, Review
from casework.services import decisions, filing
from casework.services.decisions import GroundDraft
from casework.transitions import Refused
from ledger.models import Balance, Entry, Reservation
from tests import factories


def decide(
    case: Case, user, stage=Stage.INITIAL, outcome=Outcome.PASS, reason="", assessment_hash=None, ground=None
):
    case.refresh_from_db()
    return decisions.decide(
        case_id=case.pk,
        user=user,
        stage=stage,
        outcome=outcome,
        reason=reason,
        assessment_hash=assessment_hash or case.current_assessment.hash,
        ground=ground or (factories.ground(case) if outcome == Outcome.REJECT else None),
    )


@pytest.fixture
def case(people) -> Case:
    return factories.filed_offshore(people.enterprise, people.clerk, "250000")


def unchanged(case: Case, status: Status) -> bool:
    case.refresh_from_db()
    return case.status == status and not Award.objects.exists() and not Entry.objects.exists()


def test_two_officials_approve_and_the_award_is_in_the_ledger(people, case):
    factories.approve(case, people.initial, people.final)
    assert (case.status, case.initial_reviewer, case.final_reviewer) == (
        Status.APPROVED,
        people.initial,
        people.final,
    )
    assert str(case.award.amount_rmb) == "50000.00"
    balance = Balance.objects.get(organisation=people.enterprise, year=2015)
    assert (str(balance.granted_rmb), str(balance.limit_rmb)) == ("50000.00", "500000.00")
    # No budget was brought in yet: the award is made all the same, and waits.
    place = Reservation.objects.get(key=f"award:{case.number}")
    assert (str(place.amount_rmb), place.state) == ("50000.00", "waiting")


def test_cumulative_claims_of_a_year(people):
    first = factories.filed_offshore(people.enterprise, people.clerk, "2400000")
    factories.approve(first, people.initial, people.final)
    second = factories.filed_offshore(people.enterprise, people.clerk, "300000")
    factories.approve(second, people.initial, people.final)
    assert [str(c.award.amount_rmb) for c in (first, second)] == ["480000.00", "20000.00"]
    assert str(Balance.objects.get(kind="allowance").granted_rmb) == "500000.00"


def test_the_submitter_and_members_of_the_organisation_do_not_review(people, case):
    insider = factories.official(OfficialRole.INITIAL_REVIEWER)
    Membership.objects.create(user=insider, organisation=people.enterprise)
    with pytest.raises(Refused) as caught:
        decide(case, insider)
    assert caught.value.code == "four_eyes"
    assert unchanged(case, Status.INITIAL_REVIEW)


@pytest.mark.parametrize("role", [OfficialRole.AUDITOR, OfficialRole.FINANCE, OfficialRole.POLICY_EDITOR])
def test_other_roles_decide_nothing(people, case, role):
    with pytest.raises(Refused) as caught:
        decide(case, factories.official(role))
    assert caught.value.code == "four_eyes"
    assert unchanged(case, Status.INITIAL_REVIEW)


def test_a_stale_page_decides_nothing(people, case):
    with pytest.raises(Refused) as caught:
        decide(case, people.initial, assessment_hash="0" * 64)
    assert caught.value.code == "stale"
    decide(case, people.initial)
    with pytest.raises(Refused) as caught:
        decide(case, people.final, Stage.INITIAL)
    assert caught.value.code == "moved"
    assert unchanged(case, Status.FINAL_REVIEW)


@pytest.mark.parametrize("outcome", [Outcome.RETURN, Outcome.PROPOSE_REJECTION])
def test_a_refusal_needs_its_reason(people, case, outcome):
    with pytest.raises(Refused) as caught:
        decide(case, people.initial, outcome=outcome, reason="  ")
    assert caught.value.code == "reason"
    assert unchanged(case, Status.INITIAL_REVIEW) and not Review.objects.exists()


def test_a_rejection_is_seen_by_two_people_and_frees_the_receipts(people, case):
    decide(case, people.initial, outcome=Outcome.PROPOSE_REJECTION, reason="Client is domestic.")
    decide(case, people.final, Stage.FINAL, Outcome.REJECT, "The client is not overseas.")
    case.refresh_from_db()
    assert case.status == Status.REJECTED
    assert Receipt.objects.get(claim__case=case).released
    assert not Award.objects.exists()


def test_a_rejection_names_its_ground_and_a_clause_of_the_policy(people, case):
    decide(case, people.initial, outcome=Outcome.PROPOSE_REJECTION, reason="Client is domestic.")
    good = factories.ground(case)
    for wrong in (GroundDraft("whatever", good.clause), GroundDraft(good.code, "No clause of ours")):
        with pytest.raises(Refused) as caught:
            decide(case, people.final, Stage.FINAL, Outcome.REJECT, "No.", ground=wrong)
        assert caught.value.code == "ground"
    with pytest.raises(Refused) as caught:
        decisions.decide(
            case_id=case.pk,
            user=people.final,
            stage=Stage.FINAL,
            outcome=Outcome.REJECT,
            reason="No.",
            assessment_hash=case.current_assessment.hash,
        )
    assert caught.value.code == "ground"
    assert unchanged(case, Status.FINAL_REVIEW) and Review.objects.count() == 1
    decide(case, people.final, Stage.FINAL, Outcome.REJECT, "No.")
    kept = Review.objects.get(stage=Stage.FINAL).ground
    assert (kept.code, kept.clause) == (good.code, good.clause) and kept.quotation


def test_sql_rejects_no_case_without_a_ground(people, case):
    decide(case, people.initial, outcome=Outcome.PROPOSE_REJECTION, reason="Client is domestic.")
    with pytest.raises(IntegrityError, match="case_rejection_needs_ground"), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(
            status=Status.REJECTED, final_reviewer=people.final, decided_at=timezone.now()
        )
    assert unchanged(case, Status.FINAL_REVIEW)


def test_an_initial_reviewer_cannot_reject_alone(people, case):
    with pytest.raises(Refused) as caught:
        decide(case, people.initial, outcome=Outcome.REJECT, reason="No.")
    assert caught.value.code == "outcome"
    assert unchanged(case, Status.INITIAL_REVIEW)


def test_nobody_decides_while_the_calculation_is_running(people):
    case = factories.offshore_draft(people.enterprise, people.clerk, "250000")
    filing.submit(case_id=case.pk, user=people.clerk)
    with pytest.raises(Refused) as caught:
        decide(case, people.initial, assessment_hash="0" * 64)
    assert caught.value.code == "calculating"


def test_a_grant_between_calculation_and_approval_asks_for_a_new_calculation(people):
    first = factories.filed_offshore(people.enterprise, people.clerk, "150000")
    second = factories.filed_offshore(people.enterprise, people.clerk, "100000")
    for case in (first, second):
        decide(case, people.initial)
    decide(first, people.final, Stage.FINAL)
    # Lose the run that the approval asked for, as if it had failed: the check at approval must still catch it.
    second.runs.filter(state="queued").update(state="failed")
    with pytest.raises(Refused) as caught:
        decide(second, people.final, Stage.FINAL)
    assert caught.value.code == "basis_changed"
    second.refresh_from_db()
    assert second.status == Status.FINAL_REVIEW
    factories.calculate(second)
    assert (second.status, str(second.amount_rmb)) == (Status.INITIAL_REVIEW, "50000.00")


def locked_in_order(queries) -> list[str]:
    """The tables that a transaction locks or posts to, each at its first place."""
    found = []
    for query in queries:
        text = query["sql"]
        if "UPDATE OF " in text:
            found.append(text.split("UPDATE OF ")[1].split('"')[1])
        elif text.replace('"', "").strip().startswith("INSERT INTO ledger_entry"):
            found.append("ledger_entry")  # its trigger locks the balance
    return [
        name
        for name in dict.fromkeys(found)
        if name in ("accounts_organisation", "casework_case", "ledger_entry")
    ]


@pytest.mark.parametrize("verb", ["submit", "calculate", "approve", "withdraw"])
def test_every_verb_locks_enterprise_then_case_then_balance(people, verb):
    """Else two of them wait for each other."""
    case = factories.offshore_draft(people.enterprise, people.clerk, "250000")
    if verb != "submit":
        filing.submit(case_id=case.pk, user=people.clerk)
    if verb == "approve":
        factories.calculate(case)
        factories.decide(case, people.initial, Stage.INITIAL)
    with CaptureQueriesContext(connection) as queries:
        if verb == "submit":
            filing.submit(case_id=case.pk, user=people.clerk)
        elif verb == "calculate":
            factories.calculate(case)
        elif verb == "approve":
            factories.decide(case, people.final, Stage.FINAL)
        else:
            filing.withdraw(case_id=case.pk, user=people.clerk)
    expected = ["accounts_organisation", "casework_case"] + ["ledger_entry"] * (verb == "approve")
    assert locked_in_order(queries.captured_queries) == expected
