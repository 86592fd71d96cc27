"""A filing deadline under load: 500 clerks and 50 officials for ten minutes; errors, lost writes, p95 by page.

`python -m bench.load [--clerks 500] [--officials 50] [--seconds 600]` starts a portal of its own, and locust against it
(bench/deadline.py). It ends with status 1 after any error, and when a claim that was acknowledged is not there, once.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
from pathlib import Path

from drills.clerk import Clerk
from drills.effects import judge
from drills.scene import own_portal
from drills.shape import Outcome
from tests.portal import BASE, Portal

#: Of what locust writes for each page.
COLUMNS = ("Request Count", "Failure Count", "50%", "95%", "99%")


def load(
    portal: Portal,
    clerk: Clerk,
    directory: Path,
    *,
    clerks: int,
    officials: int,
    seconds: int,
    pause: float,
    until_filed: bool = False,
) -> tuple[Outcome, list[dict[str, str]]]:
    """What was tried and lost, and locust's figures by page; `until_filed` ends it when every clerk has filed."""
    outcome = Outcome("load")
    people, acknowledged = directory / "people.json", directory / "acknowledged"
    people.write_text(json.dumps(clerk.do("crowd", clerks=clerks, officials=officials)))
    people.chmod(0o600)
    acknowledged.touch()
    env = os.environ | {
        "LOAD_PEOPLE": str(people),
        "LOAD_ACKNOWLEDGED": str(acknowledged),
        "LOAD_PAUSE": str(pause),
        "LOAD_UNTIL_FILED": "1" if until_filed else "",
    }
    env.pop("DJANGO_SETTINGS_MODULE", None)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "locust",
            "--locustfile",
            "bench/deadline.py",
            "--headless",
            "--host",
            portal.url,
        ]
        + ["--users", str(clerks + officials), "--spawn-rate", str(max(1, (clerks + officials) / 20))]
        + ["--run-time", f"{seconds}s", "--stop-timeout", "60", "--csv", str(directory / "load")]
        + ["--only-summary", "--skip-log-setup"],
        cwd=BASE,
        env=env,
        capture_output=True,
        text=True,
    )
    pages = list(csv.DictReader((directory / "load_stats.csv").open()))
    if not pages:
        outcome.lost.append(f"locust counted nothing: {done.stderr[-500:]}")
    for page in pages:
        if page["Name"] != "Aggregated":
            outcome.tried[f"{page['Type']} {page['Name']}"] += int(page["Request Count"])
    for failure in csv.DictReader((directory / "load_failures.csv").open()):
        outcome.lost.append(
            f"{failure['Occurrences']} × {failure['Method']} {failure['Name']}: {failure['Error']}"
        )
    for error in csv.DictReader((directory / "load_exceptions.csv").open()):
        outcome.lost.append(f"{error['Count']} × a person could not go on: {error['Message']}")
    filed = [int(line) for line in acknowledged.read_text().split()]
    outcome.doubled += [
        f"case {case_id} was acknowledged twice" for case_id in set(filed) if filed.count(case_id) > 1
    ]
    if not filed:
        outcome.lost.append("nobody filed anything")
    judge(outcome, portal, filed, seconds=300)
    outcome.notes.append(f"{len(filed):,} of {clerks:,} clerks filed; every one of these is calculated once")
    return outcome, pages


def show(outcome: Outcome, pages: list[dict[str, str]]) -> None:
    print(f"{'page':<28} {'requests':>9} {'errors':>7} {'p50 ms':>7} {'p95 ms':>7} {'p99 ms':>7}")
    for page in pages:
        count, failed, *times = (page[name] for name in COLUMNS)
        print(
            f"{page['Type']:<5} {page['Name']:<22} {count:>9} {failed:>7} {times[0]:>7} {times[1]:>7} {times[2]:>7}"
        )
    outcome.tried["requests"] = sum(outcome.tried.values())
    for name in [name for name in outcome.tried if name != "requests"]:
        del outcome.tried[name]
    outcome.show()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clerks", type=int, default=500)
    parser.add_argument("--officials", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--pause", type=float, default=1, help="1: a person reads a page for 2 to 8 seconds")
    options = parser.parse_args()
    with own_portal() as portal, Clerk(portal) as clerk:
        directory = portal.data_dir.parent
        outcome, pages = load(portal, clerk, directory, **vars(options))
    show(outcome, pages)
    return 0 if outcome.held else 1


if __name__ == "__main__":
    sys.exit(main())
