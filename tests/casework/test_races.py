"""Races on a real database with real connections: nothing passes the cap, nobody acts twice."""

import threading
from collections.abc import Callable
from decimal import Decimal

from django.db import connection

from accounts.enums import OfficialRole
from casework.enums import Stage, Status
from casework.models import Case, Review
from casework.services import decisions, filing
from casework.transitions import Refused
from drills import races
from ledger.models import Entry
from ledger.reconciling import differences
from ledger.services import LimitExceeded
from tests import factories


def at_once(*calls: Callable[[], object]) -> list[str]:
    """Run the calls in threads that start together; each one's result is "done" or the code of its refusal."""
    gate = threading.Barrier(len(calls))
    results: list[str] = []

    def run(call: Callable[[], object]) -> None:
        try:
            gate.wait(timeout=20)
            call()
            results.append("done")
        except Refused as refusal:
            results.append(refusal.code)
        except LimitExceeded:
            results.append("limit")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(results) == len(calls), f"a thread ended without an answer: {results}"
    return sorted(results)


def approval(case: Case, official) -> Callable[[], object]:
    seen = case.current_assessment.hash
    return lambda: decisions.decide(
        case_id=case.pk, user=official, stage=Stage.FINAL, outcome="pass", assessment_hash=seen
    )


def test_races_for_the_last_of_a_cap_and_of_a_fund(fresh_database, django_db_blocker):
    """The drill's races (`make drill`) in small numbers; afterwards the books agree."""
    with django_db_blocker.unblock():
        for race, times in ((races.approval_races, 20), (races.fund_races, 6), (races.cap_races, 20)):
            tally = race(times)
            assert (tally.tried, tally.violations) == (times, [])
        assert [item for item in differences() if "race:" not in item.subject] == []


def test_two_officials_on_one_case_and_one_official_twice(fresh_database, django_db_blocker):
    with django_db_blocker.unblock():
        initials = [factories.official(OfficialRole.INITIAL_REVIEWER) for _n in range(2)]
        for pair in (initials, initials[:1] * 2):
            enterprise = factories.OrganisationFactory()
            case = factories.filed_offshore(enterprise, factories.clerk_of(enterprise), "250000")
            seen = case.current_assessment.hash
            results = at_once(
                *(
                    lambda user=user, case=case, seen=seen: decisions.decide(
                        case_id=case.pk, user=user, stage=Stage.INITIAL, outcome="pass", assessment_hash=seen
                    )
                    for user in pair
                )
            )
            case.refresh_from_db()
            assert results == ["done", "moved"]
            assert case.status == Status.FINAL_REVIEW and Review.objects.filter(case=case).count() == 1


def test_approval_against_withdrawal_leaves_one_of_them(fresh_database, django_db_blocker):
    with django_db_blocker.unblock():
        initial = factories.official(OfficialRole.INITIAL_REVIEWER)
        final = factories.official(OfficialRole.FINAL_REVIEWER)
        for _round in range(10):
            enterprise = factories.OrganisationFactory()
            clerk = factories.clerk_of(enterprise)
            case = factories.filed_offshore(enterprise, clerk, "250000")
            factories.decide(case, initial, Stage.INITIAL)
            results = at_once(
                approval(case, final),
                lambda case=case, clerk=clerk: filing.withdraw(case_id=case.pk, user=clerk),
            )
            case.refresh_from_db()
            granted = sum(
                Entry.objects.filter(balance__organisation=enterprise).values_list("amount_rmb", flat=True)
            )
            assert results.count("done") == 1
            assert (case.status, granted) in ((Status.APPROVED, Decimal("50000.00")), (Status.WITHDRAWN, 0))


def test_a_claim_submitted_twice_at_once_is_filed_once(fresh_database, django_db_blocker):
    with django_db_blocker.unblock():
        enterprise = factories.OrganisationFactory()
        clerk = factories.clerk_of(enterprise)
        case = factories.offshore_draft(enterprise, clerk, "250000")
        results = at_once(*([lambda: filing.submit(case_id=case.pk, user=clerk)] * 2))
        assert results.count("done") == 1
        assert (case.submissions.count(), case.runs.count()) == (1, 1)
