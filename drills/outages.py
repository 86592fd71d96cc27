"""Broker and database stopped while claims are filed: what was acknowledged is there and calculated, once.

`python -m drills.outages [100]` starts a portal of its own and stops each engine N times, as `kill -9` and as an
immediate stop do. Who gets an error presses the button again, as a clerk does.
"""

import random
import signal
import sys
import time

from drills.clerk import Clerk
from drills.effects import judge
from drills.scene import portal_and_clerk
from drills.shape import Outcome, main
from tests.portal import Portal, wait_until

STOPS = (signal.SIGKILL, signal.SIGQUIT)
#: When the engine goes down, as seen from the filing of a claim.
MOMENTS = ("before", "during", "after")


def submit(clerk: Clerk, case_id: int, outcome: Outcome, seconds: float = 90) -> None:
    """Presses the button until the claim is acknowledged."""
    until = time.monotonic() + seconds
    while True:
        clerk.ask("submit", case_id=case_id)
        if "done" in (answer := clerk.answer()):
            return
        outcome.tried["errors that a clerk saw, and asked again"] += 1
        if time.monotonic() > until:
            outcome.lost.append(f"case {case_id} could not be filed: {answer['error']}")
            return
        time.sleep(0.2)


def outage(
    portal: Portal, clerk: Clerk, part: str, moment: str, outcome: Outcome, chance: random.Random
) -> int:
    """One outage of `part` around the filing of one claim; returns its case."""
    case_id, how = clerk.draft(), STOPS[sum(outcome.tried.values()) % 2]
    if moment == "before":
        with portal.without(part, how):
            clerk.ask("submit", case_id=case_id)
            answer = clerk.answer()  # the broker's absence is no error, the database's is
            if part == "valkey" and "error" in answer:
                outcome.lost.append(f"case {case_id} was refused without the broker: {answer['error']}")
        if "error" in answer:
            submit(clerk, case_id, outcome)
    elif moment == "during":
        clerk.ask("submit", case_id=case_id)
        time.sleep(chance.uniform(0, 0.12))
        with portal.without(part, how):
            answer = clerk.answer()
        if "error" in answer:
            outcome.tried["errors that a clerk saw, and asked again"] += 1
            submit(clerk, case_id, outcome)
    else:
        submit(clerk, case_id, outcome)
        if part == "valkey":
            # Emptied, not only stopped: what only the broker knew is gone. It is the portal's own, by its socket.
            portal.broker().flushall()
        with portal.without(part, how):
            pass
    outcome.tried[f"{part} away {moment} the filing"] += 1
    return case_id


def stop_and_go(portal: Portal, clerk: Clerk, outages: int, part: str, seed: int = 1) -> Outcome:
    """So many outages of one engine, at each moment in turn."""
    outcome, chance = Outcome(f"outages of {part}"), random.Random(seed)
    filed = [
        outage(portal, clerk, part, MOMENTS[number % len(MOMENTS)], outcome, chance)
        for number in range(outages)
    ]
    for name in ("web", "worker", "beat"):
        wait_until(lambda name=name: name in portal.pids(), 60, name)
    judge(outcome, portal, filed)
    return outcome


def drill(outages: int) -> Outcome:
    both = Outcome("outages")
    with portal_and_clerk() as (portal, clerk):
        for part in ("valkey", "postgresql"):
            one = stop_and_go(portal, clerk, outages, part)
            both.tried += one.tried
            for name in ("lost", "doubled", "leaked"):
                getattr(both, name).extend(getattr(one, name))
    return both


if __name__ == "__main__":
    sys.exit(main(__doc__, drill, 100))
