"""A simulation whose workers are killed at random points ends with the same totals, each chunk with one effect."""

import json
import random
import time

from simulations.services.running import FAILPOINTS
from tests.portal import wait_until

START = """
from accounts.models import User
from policy.models import PolicyVersion
from simulations.services import asking
gte = PolicyVersion.objects.get(programme="offshore", code="2013-gte")
simulation = asking.ask(
    user=User.objects.get(username="policy"), programme="offshore", versions=[gte],
    first_year=2013, last_year=2025, question="Drill", chunk_cases=1,
)
print("ASKED", simulation.pk)
"""


def asked(portal, code: str) -> int:
    done = portal.manage("shell", "-v", "0", "-c", code)
    return int(done.stdout.rpartition("ASKED")[2])


def outcome(portal, pk: int) -> dict:
    with portal.database() as connection:
        row = connection.execute(
            """
            SELECT json_build_object(
                'state', s.state, 'digest', s.digest, 'cases', s.cases,
                'chunks', (SELECT count(*) FROM simulations_chunk WHERE simulation_id = s.id),
                'done', (SELECT count(*) FROM simulations_chunk WHERE simulation_id = s.id AND state = 'done'),
                'attempts', (SELECT sum(attempts) FROM simulations_chunk WHERE simulation_id = s.id),
                'results', (SELECT count(*) FROM simulations_simulatedresult r
                            JOIN simulations_simulatedcase c ON c.id = r.simulated_case_id
                            WHERE c.simulation_id = s.id),
                'total', (SELECT sum(simulated_rmb)::text FROM simulations_simulatedresult r
                          JOIN simulations_simulatedcase c ON c.id = r.simulated_case_id
                          WHERE c.simulation_id = s.id)
            )::text FROM simulations_simulation s WHERE s.id = %s
            """,
            [pk],
        ).fetchone()
    return json.loads(row[0])


def awards(portal) -> tuple:
    with portal.database() as connection:
        return connection.execute(
            "SELECT (SELECT count(*) FROM casework_award), (SELECT count(*) FROM ledger_entry)"
        ).fetchone()


def finished(portal, pk: int) -> dict:
    wait_until(lambda: outcome(portal, pk)["state"] == "done", 120, f"simulation {pk}")
    return outcome(portal, pk)


def test_killed_at_random_points_it_ends_with_the_same_totals(portal):
    before = awards(portal)
    undisturbed = finished(portal, asked(portal, START))
    worker = portal.pid("worker")
    seed = time.time_ns()
    dice = random.Random(seed)
    # At each point one process dies, at one of them the whole worker.
    whole = dice.choice(FAILPOINTS)
    marks = [portal.failpoints / name for name in ("simulation_frozen", *FAILPOINTS)]
    for mark in marks:
        mark.write_text("worker" if mark.name == whole else "child")
    pk = asked(portal, START)
    wait_until(lambda: not any(mark.exists() for mark in marks), 90, f"five kills (seed {seed})")
    portal.wait_ready("worker", not_pid=worker)
    disturbed = finished(portal, pk)
    assert disturbed["attempts"] > disturbed["chunks"], "nothing was killed"
    assert disturbed["done"] == disturbed["chunks"] > 10
    assert disturbed["results"] == 2 * disturbed["cases"]
    assert (disturbed["digest"], disturbed["total"]) == (undisturbed["digest"], undisturbed["total"])
    assert awards(portal) == before
