"""Every message of every calculation ten times, shuffled: each has one effect.

`python -m drills.duplicates [200]` files N claims in a portal of its own while its worker is stopped, so that all
copies wait in the broker together with the first ones, and lets the worker loose on them.
"""

import sys

from drills.clerk import Clerk
from drills.effects import judge
from drills.scene import portal_and_clerk
from drills.shape import Outcome, main
from tests.portal import Portal, wait_until

TIMES = 10


def deliver(portal: Portal, clerk: Clerk, claims: int) -> Outcome:
    outcome = Outcome("duplicates")
    worker = portal.hold("worker")
    try:
        filed = [clerk.file() for _number in range(claims)]
        outcome.tried["messages delivered"] += clerk.send(filed, TIMES)
    finally:
        portal.release("worker")
    portal.wait_ready("worker", not_pid=worker)
    found = judge(outcome, portal, filed)
    wait_until(lambda: portal.broker().llen("celery") == 0, 60 + claims, "an empty queue")
    again = judge(outcome, portal, filed)
    outcome.doubled += [f"case {case} was calculated later" for case in found if found[case] != again[case]]
    return outcome


def drill(claims: int) -> Outcome:
    with portal_and_clerk() as (portal, clerk):
        return deliver(portal, clerk, claims)


if __name__ == "__main__":
    sys.exit(main(__doc__, drill, 200))
