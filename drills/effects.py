"""What became of filed claims: every acknowledged one is filed and calculated, once."""

import json
import time

from drills.clerk import AMOUNT
from drills.shape import Outcome
from tests.portal import Portal

EFFECTS = """
SELECT json_agg(json_build_object(
    'case', c.id, 'status', c.status, 'amount', c.amount_rmb::text,
    'submissions', (SELECT count(*) FROM casework_submission s WHERE s.case_id = c.id),
    'frozen', (SELECT count(*) FROM audit_record r WHERE r.object_type = 'casework.case'
                  AND r.object_id = c.id::text AND r.action = 'case.inputs_frozen'),
    'assessments', (SELECT count(*) FROM casework_assessment a WHERE a.case_id = c.id),
    'assessed', (SELECT count(*) FROM audit_record r WHERE r.object_type = 'casework.case'
                 AND r.object_id = c.id::text AND r.action = 'case.assessed'),
    'states', (SELECT array_agg(state ORDER BY id) FROM casework_calculationrun n WHERE n.case_id = c.id),
    'attempts', (SELECT sum(attempts) FROM casework_calculationrun n WHERE n.case_id = c.id)
))::text FROM casework_case c WHERE c.id = ANY(%s)
"""
ONCE = ("submissions", "frozen", "assessments", "assessed")


def effects(portal: Portal, case_ids: list[int]) -> dict[int, dict]:
    """What the database holds about each case."""
    with portal.database() as connection:
        (text,) = connection.execute(EFFECTS, [case_ids]).fetchone()
    return {found["case"]: found for found in json.loads(text or "[]")}


def wait_for_all(portal: Portal, case_ids: list[int], seconds: float = 180) -> None:
    """Until no calculation of the cases waits, or nothing has ended for `seconds`."""
    statement = "SELECT count(DISTINCT case_id) FROM casework_calculationrun WHERE case_id = ANY(%s) AND state = 'done'"
    last, since = -1, time.monotonic()
    with portal.database() as connection:
        while time.monotonic() - since < seconds:
            (done,) = connection.execute(statement, [case_ids]).fetchone()
            if done == len(set(case_ids)):
                return
            if done != last:
                last, since = done, time.monotonic()
            time.sleep(0.1)


def judge(outcome: Outcome, portal: Portal, case_ids: list[int], *, seconds: float = 180) -> dict[int, dict]:
    """Waits, then counts what is missing, doubled or of another amount."""
    wait_for_all(portal, case_ids, seconds)
    found = effects(portal, case_ids)
    for case_id in case_ids:
        if case_id not in found:
            outcome.lost.append(f"case {case_id}")
            continue
        case = found[case_id]
        for name in ONCE:
            if case[name] == 0:
                outcome.lost.append(f"{name} of case {case_id}: {case}")
            elif case[name] > 1:
                outcome.doubled.append(f"{case[name]} {name} of case {case_id}")
        if case["states"] != ["done"]:
            outcome.lost.append(f"calculation of case {case_id}: {case['states']}")
        elif case["amount"] != AMOUNT:
            outcome.leaked.append(f"case {case_id} came to {case['amount']} instead of {AMOUNT}")
    return found
