"""The filing deadline in small: every step of the scenario is taken, and nothing that was acknowledged is missing.

By number and by the clock: `make load`.
"""

import json

from bench import load
from drills.clerk import Clerk
from drills.shape import Outcome

STEPS = {
    "GET desk", "GET case", "GET claim form", "POST autosave", "POST save", "GET check before filing", "POST submit",
    "GET review queue",
}  # fmt: skip


def test_a_deadline_in_small_loses_nothing(portal, tmp_path):
    with Clerk(portal) as clerk:
        outcome, told = load.load(
            portal, clerk, tmp_path, clerks=4, officials=2, seconds=60, pause=0.02, until_filed=True
        )
    assert outcome.held, outcome
    assert told["acknowledged"]["filed"] == told["acknowledged"]["typed_or_saved"] == 4
    assert set(outcome.tried) >= STEPS and told["errors"] == told["lost"] == told["doubled"] == 0
    assert all(page["p95_ms"] > 0 for page in told["pages"])


def test_what_was_acknowledged_and_is_not_there_is_found(portal):
    words = [{"filed": 10**9}, {"case": 10**9, "note": "1"}, {"passed": 10**9, "by": 1}, {"filed": 10**9}]
    outcome = Outcome("load")
    load._compare(outcome, portal, load.Acknowledged.read(map(json.dumps, words)), patience=0)
    assert len(outcome.lost) == 4 and len(outcome.doubled) == 1, outcome
