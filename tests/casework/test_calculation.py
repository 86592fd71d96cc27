"""Calculations have one effect however often they are delivered, and none is lost."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from casework.enums import Outcome, RunState, Stage, Status
from casework.models import Assessment, CalculationRun
from casework.services import calculation, decisions, filing
from casework.transitions import Refused
from tests import factories


def test_ten_deliveries_have_one_effect(people):
    case = factories.offshore_draft(people.enterprise, people.clerk, "250000")
    filing.submit(case_id=case.pk, user=people.clerk)
    run = case.runs.get()
    for _delivery in range(10):
        calculation.run_calculation(run.pk)
    case.refresh_from_db()
    run.refresh_from_db()
    assert Assessment.objects.filter(case=case).count() == 1
    assert (str(case.amount_rmb), run.state, run.attempts) == ("50000.00", RunState.DONE, 1)


def test_an_assessment_binds_inputs_policy_amount_and_trace(people):
    case = factories.filed_offshore(people.enterprise, people.clerk, "200000.01")
    assessment = case.current_assessment
    assert (str(assessment.amount_rmb), assessment.policy_key) == ("40000.00", "2013")
    assert assessment.inputs == {
        "submission": 1,
        "snapshot": case.submissions.get().snapshot_hash,
        "basis": {"earlier": [], "earlier_usd": "0", "granted_rmb": "0.00"},
    }
    assert assessment.result["steps"] and len(assessment.hash) == 64


@pytest.mark.parametrize(
    ("usd", "amount", "flags"),
    [
        ("200000.00", "0.00", ["recognition", "boundary"]),
        ("200000.01", "40000.00", ["recognition"]),
        ("2499999.99", "500000.00", ["recognition"]),
        ("2700000", "500000.00", ["recognition"]),
    ],
)
def test_golden_amounts_and_the_flag_of_equality(people, usd, amount, flags):
    case = factories.filed_offshore(people.enterprise, people.clerk, usd)
    assert (str(case.amount_rmb), case.warnings) == (amount, flags)


def test_a_run_of_a_withdrawn_case_calculates_nothing(people):
    case = factories.offshore_draft(people.enterprise, people.clerk, "250000")
    filing.submit(case_id=case.pk, user=people.clerk)
    run = case.runs.get()
    filing.withdraw(case_id=case.pk, user=people.clerk)
    calculation.run_calculation(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.SUPERSEDED
    assert not Assessment.objects.filter(case=case).exists()


def test_the_sweeper_takes_what_the_broker_lost_once_a_minute(people):
    case = factories.offshore_draft(people.enterprise, people.clerk, "250000")
    filing.submit(case_id=case.pk, user=people.clerk)
    assert calculation.take_due_runs(limit=10) == []
    CalculationRun.objects.filter(case=case).update(created_at=timezone.now() - timedelta(minutes=1))
    assert calculation.take_due_runs(limit=10) == [case.runs.get().pk]
    assert calculation.take_due_runs(limit=10) == []


def test_an_error_is_counted_written_down_and_given_up_after_five(people, caplog):
    case = factories.offshore_draft(people.enterprise, people.clerk, "250000", year=2015)
    filing.submit(case_id=case.pk, user=people.clerk)
    run = case.runs.get()
    # No version covers this year any more: a real error of a real calculation.
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE policy_policyversion SET in_force_from = '2016-01-01' WHERE status = 'published'"
        )
        cursor.execute("SET LOCAL session_replication_role = origin")
    for _attempt in range(calculation.MAX_ATTEMPTS + 1):
        calculation.run_calculation(run.pk)
    run.refresh_from_db()
    case.refresh_from_db()
    assert (run.state, run.attempts) == (RunState.FAILED, calculation.MAX_ATTEMPTS)
    assert "2015" in run.error and "NoVersionError" in run.error
    assert (case.status, case.amount_rmb) == (Status.INITIAL_REVIEW, None)


def test_another_claim_of_the_year_voids_the_initial_review_and_recalculates(people):
    first = factories.filed_offshore(people.enterprise, people.clerk, "150000")
    second = factories.filed_offshore(people.enterprise, people.clerk, "100000")
    factories.decide(second, people.initial, Stage.INITIAL)
    factories.approve(first, people.initial, people.final)
    factories.calculate(second)
    assert (second.status, str(second.amount_rmb)) == (Status.INITIAL_REVIEW, "50000.00")
    assert second.initial_reviewer is None
    assert second.assessments.count() == 2
    assert second.transitions.last().acted_as == "system"


def test_a_review_of_an_older_calculation_does_not_count(people):
    first = factories.filed_offshore(people.enterprise, people.clerk, "150000")
    second = factories.filed_offshore(people.enterprise, people.clerk, "100000")
    stale = second.current_assessment.hash
    factories.approve(first, people.initial, people.final)
    factories.calculate(second)
    with pytest.raises(Refused) as caught:
        decisions.decide(
            case_id=second.pk,
            user=people.initial,
            stage=Stage.INITIAL,
            outcome=Outcome.PASS,
            assessment_hash=stale,
        )
    assert caught.value.code == "stale"
    assert second.reviews.count() == 0


def test_only_a_case_in_review_is_calculated_again(people):
    draft = factories.offshore_draft(people.enterprise, people.clerk, "250000")
    with pytest.raises(Refused):
        calculation.recalculate(case_id=draft.pk, user=people.initial)
    assert draft.runs.count() == 0


def test_calculating_again_without_a_change_keeps_the_assessment_and_its_reviews(people):
    case = factories.filed_offshore(people.enterprise, people.clerk, "250000")
    factories.decide(case, people.initial, Stage.INITIAL)
    calculation.recalculate(case_id=case.pk, user=people.final)
    factories.calculate(case)
    assert (case.status, case.assessments.count()) == (Status.FINAL_REVIEW, 1)
