"""A worker killed anywhere, a broker that is down or emptied: every filed claim is calculated, once.

Against the whole portal: real web server, worker, beat, PostgreSQL and Valkey.
"""

import json
import subprocess
import sys

import pytest

from casework.failpoints import NAMES
from nanchang_portal import embedded
from tests.portal import BASE, wait_until

FILE_ONE = """
from tests import factories
from casework.services import filing
import uuid
enterprise = factories.OrganisationFactory(credit_code=factories.credit_code(uuid.uuid4().int % 10**9))
clerk = factories.clerk_of(enterprise, username=f"drill-{uuid.uuid4().hex}")
contract = factories.ContractFactory(organisation=enterprise)
case = factories.offshore_draft(enterprise, clerk)
factories.ReceiptFactory(claim=case.offshore_claim, contract=contract, bank_reference=uuid.uuid4().hex)
filing.submit(case_id=factories.supply(case).pk, user=clerk)
print("FILED", case.pk)
"""


def file_claim(portal) -> int:
    """File a claim of 250,000 USD through the services, as a web process does; returns the case's id.

    The process is told where the engines are, so that it takes a broker which is down as it finds it.
    """
    places = embedded.urls(portal.data_dir)
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v", "0", "-c", FILE_ONE],
        cwd=BASE,
        env=portal.env | {"DATABASE_URL": places.database, "REDIS_URL": places.broker},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout.rpartition("FILED")[2])


def effect(portal, case_id: int) -> dict:
    """What the calculations of a case came to."""
    with portal.database() as connection:
        row = connection.execute(
            """
            SELECT json_build_object(
                'amount', (SELECT amount_rmb::text FROM casework_case WHERE id = %(id)s),
                'assessments', (SELECT count(*) FROM casework_assessment WHERE case_id = %(id)s),
                'assessed', (SELECT count(*) FROM audit_record r WHERE r.object_type = 'casework.case'
                             AND r.object_id = %(id)s::text AND r.action = 'case.assessed'),
                'states', (SELECT array_agg(state ORDER BY id) FROM casework_calculationrun WHERE case_id = %(id)s),
                'attempts', (SELECT sum(attempts) FROM casework_calculationrun WHERE case_id = %(id)s)
            )::text
            """,
            {"id": case_id},
        ).fetchone()
    return json.loads(row[0])


def calculated_once(portal, case_id: int) -> dict:
    wait_until(
        lambda: effect(portal, case_id)["states"] == ["done"], 90, f"the calculation of case {case_id}"
    )
    found = effect(portal, case_id)
    assert (found["amount"], found["assessments"], found["assessed"]) == ("50000.00", 1, 1)
    return found


@pytest.mark.parametrize("failpoint", NAMES)
def test_a_worker_process_killed_at_any_point_loses_and_doubles_nothing(portal, failpoint):
    mark = portal.failpoints / failpoint
    mark.write_text("child")
    found = calculated_once(portal, file_claim(portal))
    assert not mark.exists(), "the failpoint was never passed: nothing was killed"
    assert found["attempts"] == (1 if failpoint == "committed" else 2)


def test_the_whole_worker_killed_in_the_middle_of_a_calculation(portal):
    before = portal.pid("worker")
    mark = portal.failpoints / "computed"
    mark.write_text("worker")
    case_id = file_claim(portal)
    wait_until(lambda: not mark.exists(), 60, "the failpoint")
    portal.wait_ready("worker", not_pid=before)
    assert calculated_once(portal, case_id)["attempts"] == 2


def test_a_claim_filed_while_the_broker_is_down_is_calculated_when_it_returns(portal):
    with portal.without("valkey"):
        case_id = file_claim(portal)
        assert effect(portal, case_id)["states"] == ["queued"]
    calculated_once(portal, case_id)


def test_an_emptied_broker_loses_nothing(portal):
    worker = portal.hold("worker")
    try:
        case_id = file_claim(portal)
        portal.broker().flushall()
    finally:
        portal.release("worker")
    portal.wait_ready("worker", not_pid=worker)
    calculated_once(portal, case_id)


def test_every_message_ten_times_has_one_effect(portal):
    case_id = file_claim(portal)
    send = f"""
from casework.models import CalculationRun
from casework.tasks import calculate
run = CalculationRun.objects.get(case_id={case_id}).pk
for _n in range(10):
    calculate.delay(run)
"""
    portal.manage("shell", "-v", "0", "-c", send)
    assert calculated_once(portal, case_id)["attempts"] == 1
    wait_until(lambda: portal.broker().llen("celery") == 0, 30, "an empty queue")
    assert effect(portal, case_id)["assessments"] == 1
