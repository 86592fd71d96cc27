"""Races on a real database with real connections: nothing passes the cap, nobody acts twice."""

import threading
from collections import Counter
from collections.abc import Callable
from decimal import Decimal

from django.db import connection

from accounts.enums import OfficialRole
from casework.enums import Stage, Status
from casework.models import AwardLine, Case, Review
from casework.services import decisions, filing
from casework.transitions import Refused
from ledger.models import Balance, Entry
from ledger.services import LimitExceeded, allowance, grant
from tests import factories

ROUNDS = 200


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


def test_200_races_of_two_approvals_at_the_cap(fresh_database, django_db_blocker):
    """Two claims of one year, each worth 400,000 RMB alone, approved by two officials at the same moment."""
    with django_db_blocker.unblock():
        initial = factories.official(OfficialRole.INITIAL_REVIEWER)
        finals = [factories.official(OfficialRole.FINAL_REVIEWER) for _n in range(2)]
        outcomes: Counter[tuple[str, ...]] = Counter()
        for _round in range(ROUNDS):
            enterprise = factories.OrganisationFactory()
            clerk = factories.clerk_of(enterprise)
            cases = [factories.filed_offshore(enterprise, clerk, "2000000") for _n in range(2)]
            for case in cases:
                factories.decide(case, initial, Stage.INITIAL)
            outcomes[tuple(at_once(*map(approval, cases, finals)))] += 1
            balance = Balance.objects.get(organisation=enterprise)
            entries = sum(Entry.objects.filter(balance=balance).values_list("amount_rmb", flat=True))
            awards = AwardLine.objects.filter(award__case__in=cases).values_list("amount_rmb", flat=True)
            assert balance.granted_rmb == entries == sum(awards) == Decimal("400000.00")
        approved = Case.objects.filter(status=Status.APPROVED).count()
    # One of the two always wins; the other is told that its calculation is out of date.
    assert sum(outcomes.values()) == ROUNDS and approved == ROUNDS
    assert {losing for pair in outcomes for losing in pair} - {"done"} <= {"basis_changed", "calculating"}


def test_200_races_on_the_ledger_itself_never_pass_the_limit(fresh_database, django_db_blocker):
    """Without any check in Python: the balance row's CHECK alone holds."""
    with django_db_blocker.unblock():
        official = factories.official(OfficialRole.FINAL_REVIEWER)
        for number in range(ROUNDS):
            enterprise = factories.OrganisationFactory()
            balance = allowance(
                organisation=enterprise, programme="offshore", year=2015, limit_rmb=Decimal("500000.00")
            )
            results = at_once(
                *(
                    lambda amount=amount, balance=balance, key=f"{number}-{amount}": grant(
                        balance=balance, amount_rmb=Decimal(amount), key=key, user=official
                    )
                    for amount in ("499999.99", "0.02")
                )
            )
            balance.refresh_from_db()
            assert results == ["done", "limit"]
            assert balance.granted_rmb in (Decimal("499999.99"), Decimal("0.02"))


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
