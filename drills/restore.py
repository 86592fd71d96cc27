"""Back up a portal, restore it into an empty place, and compare: rows, papers, keys, audit, rights.

`python -m drills.restore` starts a portal of its own with the sample data and backs it up while it works;
`python -m drills.restore --of DATA_DIR` takes one that is there, running or not, and changes nothing in it.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psycopg
from psycopg import errors, sql

from drills.shape import Outcome, own_directory
from nanchang_portal import embedded

BASE = Path(__file__).resolve().parents[1]
COPIED = ("evidence", "keys", "heads")


def connect(data_dir: Path, user: str = embedded.NAME) -> psycopg.Connection:
    return psycopg.connect(host=str(data_dir / "pg"), user=user, dbname=embedded.NAME, autocommit=True)


def fingerprints(connection: psycopg.Connection) -> dict[str, tuple[int, str]]:
    """Rows and a hash over all of them, for every table."""
    tables = connection.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1"
    ).fetchall()
    found = {}
    for (table,) in tables:
        statement = sql.SQL(
            "SELECT count(*), md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))) FROM {} t"
        )
        found[table] = connection.execute(statement.format(sql.Identifier(table))).fetchone()
    return found


def run(command: list[str | Path], **environment: str) -> str:
    """The output of a command; what it said on failure is raised."""
    dropped = {"DATABASE_URL", "REDIS_URL", "CACHE_URL"}
    inherited = {name: value for name, value in os.environ.items() if name not in dropped}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=BASE,
        env=inherited | environment,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def manage(data_dir: Path, *arguments: str) -> str:
    return run([sys.executable, "manage.py", *arguments], **environment_of(data_dir))


def environment_of(data_dir: Path) -> dict[str, str]:
    return {"DATA_DIR": str(data_dir), "DJANGO_SETTINGS_MODULE": "nanchang_portal.settings.dev"}


def back_up(source: Path, place: Path) -> dict[str, tuple[int, str]]:
    """Writes portal.sql, then copies papers, keys and heads; returns what the dump must hold.

    Dump and fingerprints see the same moment, so the portal may go on working meanwhile.
    """
    with connect(source) as connection, connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        (snapshot,) = connection.execute("SELECT pg_export_snapshot()").fetchone()
        run(
            [embedded.client_program("pg_dump"), "--host", source / "pg", "--username", embedded.NAME]
            + ["--format", "plain", "--no-owner", "--no-privileges", "--snapshot", snapshot]
            + ["--file", place / "portal.sql", embedded.NAME]
        )
        found = fingerprints(connection)
    for name in COPIED:  # after the dump: every paper that it names is there
        if (source / name).exists():
            shutil.copytree(source / name, place / name)
    return found


def restore(backup: Path, target: Path) -> None:
    """Into an empty DATA_DIR whose engines run."""
    manage(target, "setup_roles", "--before-restore")
    run(
        [embedded.client_program("psql"), "--host", target / "pg", "--username", embedded.NAME, "--no-psqlrc"]
        + ["--quiet", "--single-transaction", "--set", "ON_ERROR_STOP=1", "--file", backup / "portal.sql"]
        + [embedded.NAME]
    )
    for name in COPIED:
        if (backup / name).exists():
            shutil.copytree(backup / name, target / name, dirs_exist_ok=True)


def drill(source: Path, work: Path) -> Outcome:
    """`work` is an empty directory with a short path."""
    outcome = Outcome("restore")
    backup, target = work / "backup", work / "data"
    backup.mkdir()
    with embedded.running(source, "the restore drill", broker=False):
        before = back_up(source, backup)
        missing = set(contents_of(source)["lost"])  # what the source itself had lost
    with embedded.running(target, "the restored portal"):
        restore(backup, target)
        with connect(target) as connection:
            outcome.compare("tables compared", before, fingerprints(connection))
        outcome.tried["rows in them"] = sum(rows for rows, _ in before.values())
        manage(target, "migrate", "--verbosity", "0")
        audit = manage(target, "verify_audit")
        outcome.tried["audit records verified"] = int(audit.split(" chains, ")[1].split(" records")[0])
        found = contents_of(target)
        outcome.tried.update(found["tried"])
        outcome.lost += [item for item in found["lost"] if item not in missing]
        if missing:
            outcome.notes.append(f"{len(missing):,} papers or numbers could not be read in the source either")
        with connect(target, embedded.APP_ROLE) as app:
            try:
                app.execute("UPDATE audit_record SET action = action")
                outcome.leaked.append("rights: the restored portal may change audit records")
            except errors.InsufficientPrivilege:
                outcome.tried["rights refused as before"] += 1
    return outcome


def contents_of(data_dir: Path) -> dict:
    return json.loads(run([sys.executable, "-m", "drills.restore", "--contents"], **environment_of(data_dir)))


def contents() -> dict:
    """Papers against their hashes, identity numbers against their keyed hashes; in the restored portal's process."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nanchang_portal.settings.dev")
    import django

    django.setup()
    from accounts.crypto import blind_index
    from documents import storage
    from documents.enums import State
    from documents.models import Document
    from training.identities import person_number
    from training.models import Trainee

    tried, lost = {"papers read": 0, "identity numbers read": 0}, []
    for document in Document.objects.current().exclude(state=State.REFUSED):
        tried["papers read"] += 1
        try:
            storage.open_checked(document.storage_key, document.sha256).close()
        except (storage.ContentMissing, storage.ContentAltered) as error:
            lost.append(f"paper {document.pk}: {type(error).__name__}")
    for trainee in Trainee.objects.filter(erased_at__isnull=True):
        tried["identity numbers read"] += 1
        try:
            number = person_number(trainee.identity_kind, trainee.reveal_identity())
            same = blind_index(number, "identity") == trainee.identity_key
        except Exception:  # the key is not that of the data
            same = False
        if not same:
            lost.append(f"identity number of trainee {trainee.pk}")
    return {"tried": tried, "lost": lost}


def of_its_own(work: Path) -> Outcome:
    """A portal with the sample data is backed up while web, worker and beat run."""
    from drills.scene import own_portal

    with own_portal(SAMPLE_DATA="true") as portal:
        return drill(portal.data_dir, work)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--of", type=Path, metavar="DATA_DIR", help="the portal to be backed up")
    parser.add_argument("--contents", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contents:
        print(json.dumps(contents()))
        return 0
    started = time.monotonic()
    with own_directory() as work:
        outcome = drill(options.of.resolve(), work) if options.of else of_its_own(work)
    for kind in ("rows in them", "audit records verified", "papers read", "identity numbers read"):
        if not outcome.tried[kind]:
            outcome.lost.append(f"nothing to compare: no {kind}")
    outcome.notes.append(f"in {time.monotonic() - started:.0f} s")
    outcome.show()
    return 0 if outcome.held else 1


if __name__ == "__main__":
    sys.exit(main())
