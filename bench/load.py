"""A filing deadline under load: 500 clerks and 50 officials for ten minutes; errors, lost writes, p95 by page.

`python -m bench.load [--clerks 500] [--officials 50] [--seconds 600] [--json FILE]` starts a portal of its own, and
locust against it (bench/deadline.py). It ends with status 1 after any error, and when anything that was acknowledged is
not in the database once: a filed claim with its calculation, what a clerk typed or saved last, an official's review.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from drills.clerk import Clerk
from drills.effects import judge
from drills.scene import own_portal
from drills.shape import Outcome
from tests.portal import BASE, Portal

#: Of what locust writes for each page, and what it is called here.
COLUMNS = {
    "Request Count": "requests",
    "Failure Count": "errors",
    "50%": "p50_ms",
    "95%": "p95_ms",
    "99%": "p99_ms",
    "Max Response Time": "max_ms",
}
NOTES = (
    "SELECT case_id, coalesce(typed ->> 'note', note) FROM applications_offshoreclaim WHERE case_id = ANY(%s)"
)
REVIEWS = "SELECT case_id, reviewer_id FROM casework_review WHERE outcome = 'pass'"


@dataclass
class Acknowledged:
    """What the portal has confirmed: filed cases, the last note of each case, passes as (case, official)."""

    filed: list[int] = field(default_factory=list)
    notes: dict[int, str] = field(default_factory=dict)
    passes: Counter = field(default_factory=Counter)

    @classmethod
    def read(cls, lines: Iterable[str]) -> "Acknowledged":
        found = cls()
        for line in map(json.loads, lines):
            if "filed" in line:
                found.filed.append(line["filed"])
            elif "passed" in line:
                found.passes[line["passed"], line["by"]] += 1
            else:
                found.notes[line["case"]] = line["note"]
        return found


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
) -> tuple[Outcome, dict[str, Any]]:
    """What was lost or doubled, and the figures by page; `until_filed` ends it when every clerk has filed."""
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
    arguments = [
        "--headless",
        "--host",
        portal.url,
        "--only-summary",
        "--skip-log-setup",
        "--stop-timeout",
        "60",
    ]
    arguments += ["--users", str(clerks + officials), "--spawn-rate", str(max(1, (clerks + officials) / 20))]
    arguments += ["--run-time", f"{seconds}s", "--csv", str(directory / "load")]
    done = subprocess.run(
        [sys.executable, "-m", "locust", "--locustfile", "bench/deadline.py", *arguments],
        cwd=BASE,
        env=env,
        capture_output=True,
        text=True,
    )
    pages = _pages(directory)
    outcome.tried.update({f"{page['method']} {page['page']}": page["requests"] for page in pages})
    if not pages:
        outcome.lost.append(f"locust counted nothing: {done.stderr[-500:]}")
    errors = _errors(directory)
    outcome.lost += errors
    found = Acknowledged.read(acknowledged.read_text().splitlines())
    _compare(outcome, portal, found)
    told = {
        "clerks": clerks,
        "officials": officials,
        "seconds": seconds,
        "pause": pause,
        "processors": os.cpu_count(),
        "requests": sum(page["requests"] for page in pages),
        "errors": sum(page["errors"] for page in pages),
        "acknowledged": {
            "filed": len(found.filed), "typed_or_saved": len(found.notes), "passed": sum(found.passes.values()),
        },
        "lost": len(outcome.lost) - len(errors),
        "doubled": len(outcome.doubled),
        "pages": pages,
    }  # fmt: skip
    return outcome, told


def _pages(directory: Path) -> list[dict[str, Any]]:
    rows = list(csv.DictReader((directory / "load_stats.csv").open()))
    return [
        {"method": row["Type"], "page": row["Name"]}
        | {ours: round(float(row[theirs])) for theirs, ours in COLUMNS.items()}
        for row in rows
        if row["Name"] != "Aggregated" and row["Request Count"] != "0"
    ]


def _errors(directory: Path) -> list[str]:
    """Every answer that was wrong, every step that could not be taken."""
    failures = csv.DictReader((directory / "load_failures.csv").open())
    exceptions = csv.DictReader((directory / "load_exceptions.csv").open())
    return [f"{row['Occurrences']} × {row['Method']} {row['Name']}: {row['Error']}" for row in failures] + [
        f"{row['Count']} × a person could not go on: {row['Message']}" for row in exceptions
    ]


def _compare(outcome: Outcome, portal: Portal, found: Acknowledged, *, patience: float = 300) -> None:
    """What was acknowledged must be there, once."""
    filed = found.filed
    outcome.doubled += [f"case {case} was acknowledged twice" for case in set(filed) if filed.count(case) > 1]
    if not filed:
        outcome.lost.append("nobody filed anything")
    judge(outcome, portal, filed, seconds=patience)
    with portal.database() as connection:
        notes = dict(connection.execute(NOTES, [list(found.notes)]).fetchall())
        passes = Counter(connection.execute(REVIEWS).fetchall())
    # Written and not acknowledged is no loss: the run may end between the two.
    typed = found.notes.items()
    outcome.lost += [f"“{note}”, typed in case {case}" for case, note in typed if notes.get(case, "") < note]
    outcome.lost += [f"the pass of case {case} by {by}" for case, by in found.passes - passes]
    outcome.doubled += [
        f"the pass of case {case} by {by}" for (case, by), count in passes.items() if count > 1
    ]


def show(outcome: Outcome, told: dict[str, Any]) -> None:
    """The table by page and the counts; ends as a drill does."""
    print(f"{'page':<32}{'requests':>10}{'errors':>8}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'max ms':>9}")
    for page in told["pages"]:
        figures = [page[name] for name in COLUMNS.values()]
        cells = "".join(
            f"{figure:>{width}}" for figure, width in zip(figures, (10, 8, 9, 9, 9, 9), strict=True)
        )
        print(f"{page['method']:<5}{page['page']:<27}{cells}")
    counts = told["acknowledged"]
    print(
        f"acknowledged: {counts['filed']:,} of {told['clerks']:,} claims filed, {counts['typed_or_saved']:,} clerks' "
        f"last words, {counts['passed']:,} passes; errors {told['errors']:,}, writes lost {told['lost']:,}, "
        f"doubled {told['doubled']:,}"
    )
    outcome.tried = Counter({"requests": told["requests"]})
    outcome.show()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clerks", type=int, default=500)
    parser.add_argument("--officials", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--pause", type=float, default=1, help="1: a person reads a page for 2 to 8 seconds")
    parser.add_argument("--json", type=Path, default=Path("load.json"), help="default load.json")
    options = vars(parser.parse_args())
    target = options.pop("json")
    with own_portal() as portal, Clerk(portal) as clerk:
        outcome, told = load(portal, clerk, portal.data_dir.parent, **options)
    target.write_text(json.dumps({"load": told}, indent=1, ensure_ascii=False) + "\n")
    show(outcome, told)
    return 0 if outcome.held else 1


if __name__ == "__main__":
    sys.exit(main())
