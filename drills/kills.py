"""Workers killed as by `kill -9` at seven places of a calculation: every filed claim is calculated, once.

`python -m drills.kills [1000]` starts a portal of its own. A failpoint (casework/failpoints.py) kills the pool process
that passes it; every fiftieth kill takes the worker's main process along.
"""

import sys

from casework.failpoints import NAMES
from drills.clerk import Clerk
from drills.effects import judge
from drills.scene import portal_and_clerk
from drills.shape import Outcome, main
from tests.portal import Portal, wait_until

#: Killed together: a run is given up at its fifth attempt, so one claim may meet no more than these.
GROUPS = (NAMES[:4], NAMES[4:])
WHOLE_WORKER = 50


def kill(portal: Portal, clerk: Clerk, kills: int) -> Outcome:
    """So many kills, as many claims: each failpoint in turn."""
    outcome, filed, turn, workers = Outcome("kills"), [], 0, 0
    while (done := sum(outcome.tried.values())) < kills:
        names = GROUPS[turn % len(GROUPS)][: kills - done]
        turn += 1
        whole = names[0] if done // WHOLE_WORKER != (done + len(names)) // WHOLE_WORKER else ""
        before = portal.pid("worker")
        for name in names:
            (portal.failpoints / name).write_text("worker" if name == whole else "child")
        filed += [clerk.file() for _name in names]
        for name in names:
            mark = portal.failpoints / name
            try:
                wait_until(lambda mark=mark: not mark.exists(), 120, name)
                outcome.tried[f"killed at “{name}”"] += 1
            except AssertionError:
                mark.unlink(missing_ok=True)
                outcome.lost.append(f"nothing passed “{name}” after {done} kills")
        if whole:
            workers += 1
            portal.wait_ready("worker", not_pid=before)
    outcome.notes.append(f"{workers} of them killed the whole worker")
    judge(outcome, portal, filed)
    return outcome


def drill(kills: int) -> Outcome:
    with portal_and_clerk() as (portal, clerk):
        return kill(portal, clerk, kills)


if __name__ == "__main__":
    sys.exit(main(__doc__, drill, 1000))
