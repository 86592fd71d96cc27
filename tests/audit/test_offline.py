"""A real dump of the whole portal is verified without its database, by its exported heads and a public key."""

import subprocess
import sys

from nanchang_portal import embedded
from tests.portal import BASE, NOT_INHERITED


def test_a_dump_is_verified_where_there_is_no_database(portal, tmp_path):
    sealed = portal.manage("seal_audit").stdout
    key = portal.manage("seal_audit", "--public-key").stdout.strip()
    dump = tmp_path / "portal.sql"
    subprocess.run(
        [embedded.client_program("pg_dump"), "--host", portal.data_dir / "pg", "--username", embedded.NAME]
        + ["--format", "plain", "--no-owner", "--file", dump, embedded.NAME],
        check=True,
        timeout=120,
    )

    def verify() -> subprocess.CompletedProcess:
        inherited = {name: value for name, value in portal.env.items() if name not in NOT_INHERITED}
        return subprocess.run(
            [sys.executable, "manage.py", "verify_audit", "--dump", dump]
            + ["--heads", portal.data_dir / "heads", "--public-key", key],
            cwd=BASE,
            env=inherited
            | {"DATA_DIR": str(tmp_path / "nothing"), "DATABASE_URL": "postgres://nowhere.invalid/x"},
            capture_output=True,
            text=True,
            timeout=120,
        )

    done = verify()
    assert (done.returncode, done.stderr) == (0, "")
    chains, records = sealed.split(": ")[1].split(",")[:2]
    assert chains in done.stdout and "all hold" in done.stdout and int(records.split()[0]) > 100
    text = dump.read_text()
    dump.write_text(text.replace("\tcase.approved\t", "\tcase.rejected\t", 1))
    done = verify()
    assert done.returncode == 1
    assert done.stderr.count("the record's own hash differs") == 1
