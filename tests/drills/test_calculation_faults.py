"""Kills, outages and duplicates in small numbers: every filed claim is calculated, once.

Against the whole portal: real web server, worker, beat, PostgreSQL and Valkey. By number: `python -m drills.kills`,
`drills.outages`, `drills.duplicates`.
"""

import random

import pytest

from casework.failpoints import NAMES
from drills import duplicates, kills, outages
from drills.clerk import Clerk
from drills.effects import effects, judge
from drills.shape import Outcome


@pytest.fixture(scope="module")
def clerk(portal):
    with Clerk(portal) as clerk:
        yield clerk


def test_a_worker_process_killed_at_any_point_loses_and_doubles_nothing(portal, clerk):
    outcome = kills.kill(portal, clerk, len(NAMES))
    assert outcome.held, outcome
    assert set(outcome.tried) == {f"killed at “{name}”" for name in NAMES}


@pytest.mark.parametrize(("failpoint", "attempts"), [("read", 2), ("committed", 1)])
def test_an_attempt_is_counted_when_it_begins(portal, clerk, failpoint, attempts):
    (portal.failpoints / failpoint).write_text("child")
    outcome, case_id = Outcome("kill"), clerk.file()
    assert judge(outcome, portal, [case_id])[case_id]["attempts"] == attempts
    assert outcome.lost == outcome.doubled == []
    assert not (portal.failpoints / failpoint).exists(), "nothing was killed"


def test_the_whole_worker_killed_in_the_middle_of_a_calculation(portal, clerk):
    before, outcome = portal.pid("worker"), Outcome("kill")
    (portal.failpoints / "computed").write_text("worker")
    case_id = clerk.file()
    portal.wait_ready("worker", not_pid=before)
    assert judge(outcome, portal, [case_id])[case_id]["attempts"] == 2
    assert outcome.lost == outcome.doubled == []


def test_a_broker_that_is_down_or_emptied_loses_nothing(portal, clerk):
    with portal.without("valkey"):
        waiting = clerk.file()
        assert effects(portal, [waiting])[waiting]["states"] == ["queued"]
    outcome, chance = Outcome("outages"), random.Random(1)
    emptied = outages.outage(portal, clerk, "valkey", "after", outcome, chance)
    judge(outcome, portal, [waiting, emptied])
    assert outcome.held, outcome


def test_a_database_that_stops_while_a_claim_is_filed_has_it_once(portal, clerk):
    outcome, chance = Outcome("outages"), random.Random(1)
    case_id = outages.outage(portal, clerk, "postgresql", "during", outcome, chance)
    judge(outcome, portal, [case_id])
    assert outcome.held, outcome


def test_every_message_ten_times_has_one_effect(portal, clerk):
    outcome = duplicates.deliver(portal, clerk, 3)
    assert outcome.held and outcome.tried["messages delivered"] == 30, outcome
