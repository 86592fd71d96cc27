"""Take every wall away, one by one, and see its test fail.

`python -m drills.mutations [N]` tries the first N walls (all without a number, or `--database N`, `--code N`): those of
the database inside the tests' own transactions, those of the code in a copy of the tree. A test that stays green
without its wall is lost.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from drills.shape import Outcome, main, own_directory
from drills.walls import CODE, DATABASE, Wall

BASE = Path(__file__).resolve().parents[1]
SUMMARY = re.compile(r"^(PASSED|FAILED|ERROR) (\S+?)(?:\[(.*?)\])?(?: - .*)?$", re.MULTILINE)


def pytest(place: Path, *arguments: str) -> subprocess.CompletedProcess:
    env = {
        name: value
        for name, value in os.environ.items()
        if name not in {"PORTAL_TEST_DATA_DIR", "DATA_DIR", "DATABASE_URL", "REDIS_URL", "CACHE_URL"}
        and not name.startswith("PYTEST_")
    }
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-n",
            "0",
            "-p",
            "no:cacheprovider",
            "-rA",
            "--tb=no",
            *arguments,
        ],
        cwd=place,
        env=env | {"DJANGO_SETTINGS_MODULE": "nanchang_portal.settings.test"},
        capture_output=True,
        text=True,
    )


def of_the_database(outcome: Outcome, walls: list[Wall]) -> None:
    """All of them in one run: green without the plugin, red with it."""
    if not walls:
        return
    tests = sorted({wall.test for wall in walls})
    before = pytest(BASE, *tests)
    if before.returncode:
        outcome.lost.append(f"red with every wall in its place: {before.stdout.splitlines()[-1]}")
        return
    after = pytest(BASE, "-p", "drills.taken_away", *(test.partition("[")[0] for test in tests))
    ended: dict[int, set[str]] = {}
    for how, _test, parameters in SUMMARY.findall(after.stdout):
        if number := re.search(r"WALL (\d+)", parameters):
            ended.setdefault(int(number[1]), set()).add(how)
    for wall in walls:
        outcome.tried["walls of the database taken away"] += 1
        how = ended.get(DATABASE.index(wall), set())
        if "FAILED" not in how:
            outcome.lost.append(
                f"{wall.name}: {wall.test} ended {', '.join(sorted(how)) or 'without a word'}"
            )


def of_the_code(outcome: Outcome, walls: list[Wall]) -> None:
    """One after another in a copy: green before, red after."""
    if not walls:
        return
    with own_directory() as directory:
        copy = directory / "tree"
        copy_tree(copy)
        tests = sorted({wall.test for wall in walls})
        before = pytest(copy, *tests)
        if before.returncode:
            outcome.lost.append(f"red with every wall in its place: {before.stdout.splitlines()[-1]}")
            return
        # Nothing that is taken away changes the tables: their cluster is made once.
        os.environ["PORTAL_TEST_CLUSTER"] = next((copy / ".pytest_cache" / "cluster").glob("[0-9a-f]*")).name
        for wall in walls:
            print(f"  without “{wall.name}”", file=sys.stderr, flush=True)
            path = copy / wall.file
            whole = path.read_text()
            outcome.tried["walls of the code taken away"] += 1
            if wall.old not in whole:
                outcome.lost.append(f"{wall.name}: {wall.file} does not say it any more")
                continue
            path.write_text(whole.replace(wall.old, wall.new))
            if pytest(copy, wall.test).returncode != 1:
                outcome.lost.append(f"{wall.name}: {wall.test} stayed green")
                print(f"    {outcome.lost[-1]}", file=sys.stderr, flush=True)
            path.write_text(whole)


def copy_tree(place: Path) -> None:
    """What git knows and what is new, without what is ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=BASE,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (source := BASE / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, place / name)


def drill(number: int, database: int | None = None, code: int | None = None) -> Outcome:
    outcome = Outcome("mutations")
    of_the_database(outcome, DATABASE[: number if database is None else database])
    of_the_code(outcome, CODE[: max(0, number - len(DATABASE)) if code is None else code])
    return outcome


if __name__ == "__main__":
    sys.exit(main(__doc__, drill, len(DATABASE) + len(CODE), parts=("database", "code")))
