"""The database's primary and the broker's master die while claims are filed; standby and replica take over.

`python -m drills.failover [20]` starts a primary with a synchronous standby and a master with its replica behind
sentinels, a web process and a worker that know both by DATABASE_URL and REDIS_URL, and fails over N times, from one to
the other and back. What was acknowledged is there and calculated, once; nobody is told another address.
"""

import contextlib
import random
import sys
import time
from pathlib import Path

from drills.clerk import Clerk
from drills.effects import judge
from drills.outages import submit
from drills.shape import Outcome, main, own_directory
from drills.standby import OWNER, Pair, Watch
from drills.upgrade import Site
from nanchang_portal import embedded
from tests.portal import BASE, wait_until

PASSWORD = "failover"
KINDS = ("primary of the database", "master of the broker")


class Doubled:
    """A portal whose engines are doubled: what drills.clerk and drills.effects ask a portal for."""

    def __init__(self, directory: Path, stack: contextlib.ExitStack) -> None:
        (directory / "valkey").mkdir()
        self.data_dir = directory / "data"
        self.pair, self.watch = Pair(stack), Watch(directory / "valkey", stack)
        self.engines = {
            "DATABASE_URL": self.pair.url(OWNER, self.pair.password),
            "REDIS_URL": self.watch.url.format(0),
            "CACHE_URL": self.watch.url.format(1),
        }
        self.site = Site(
            self.data_dir,
            directory / "portal.log",
            owner=self.engines["DATABASE_URL"],
            app=self.pair.url(embedded.APP_ROLE, PASSWORD),
            env={name: self.engines[name] for name in ("REDIS_URL", "CACHE_URL")}
            | {"DATABASE_APP_PASSWORD": PASSWORD},
        )
        self.env = self.site.env

    def database(self):
        return self.pair.connect()


def fail_over(portal: Doubled, clerk: Clerk, kind: str, outcome: Outcome, chance: random.Random) -> list[int]:
    """One claim filed while the engine goes over to its second machine, one after it; returns their cases."""
    engine = portal.pair if kind == KINDS[0] else portal.watch
    during, after = clerk.draft(), clerk.draft()
    clerk.ask("submit", case_id=during)
    time.sleep(chance.uniform(0, 0.12))
    engine.fail_over()
    if "error" in clerk.answer():
        outcome.tried["errors that a clerk saw, and asked again"] += 1
        submit(clerk, during, outcome)
    submit(clerk, after, outcome)
    outcome.tried[f"failovers of the {kind}"] += 1
    engine.repair()
    return [during, after]


def drill(failovers: int) -> Outcome:
    outcome, chance, filed = Outcome("failover"), random.Random(4), []
    with own_directory() as directory, contextlib.ExitStack() as stack:
        portal = Doubled(directory, stack)
        portal.site.manage(BASE, "migrate", "--verbosity", "0")
        for process in ((web := portal.site.web(BASE))[0], portal.site.worker(BASE)):
            stack.callback(process.wait, 60)
            stack.callback(process.terminate)
        with Clerk(portal) as clerk:
            for number in range(failovers):
                cases = fail_over(portal, clerk, KINDS[number % len(KINDS)], outcome, chance)
                filed += cases
                judge(outcome, portal, cases)
                wait_until(lambda: portal.site.ready(web[1]), 60, "the web process")
        outcome.tried["claims filed meanwhile"] = len(filed)
    return outcome


if __name__ == "__main__":
    sys.exit(main(__doc__, drill, 20))
