"""A PostgreSQL cluster with the migrated database in it, made once for each state of the migrations and then copied.

Django renders every model again for every constraint and trigger that a migration adds: the whole history takes 15 s of
processor time. A copy of the files takes none.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

BASE = Path(__file__).resolve().parents[1]
CACHE = BASE / ".pytest_cache" / "cluster"
SOURCES = [
    "*/migrations/*.py",
    "nanchang_portal/settings/base.py",  # the apps
    "policy/data/**/*",
    "accounts/data/**/*",
    "nanchang_portal/embedded/*.py",
    "nanchang_portal/database_roles.py",
    "nanchang_portal/row_security.py",
]


def copy_to(pg: Path) -> None:
    """Puts a cluster with the migrated, otherwise empty database `portal` where the engines look for theirs."""
    pg.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", str(_ready()), str(pg)], check=True)


def _ready() -> Path:
    made = CACHE / state_of_tree()
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            for older in CACHE.glob("[0-9a-f]*"):
                shutil.rmtree(older)
            _make(made)
    return made


def state_of_tree() -> str:
    """The hash of what the database is made of, or the one of a tree before somebody took a wall of the code away."""
    if known := os.environ.get("PORTAL_TEST_CLUSTER"):
        return known
    state = hashlib.sha256(
        f"{sys.version} {os.geteuid()}".encode() + (BASE / "requirements.txt").read_bytes()
    )
    for path in sorted(path for pattern in SOURCES for path in BASE.glob(pattern) if path.is_file()):
        if path.suffix != ".pyc":
            state.update(f"{path.relative_to(BASE)} ".encode() + path.read_bytes())
    return state.hexdigest()[:32]


def _make(made: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="np-") as directory:
        data_dir = Path(directory) / "data"
        settings = {"DATA_DIR": str(data_dir), "DJANGO_SETTINGS_MODULE": "nanchang_portal.settings.dev"}
        command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        done = subprocess.run(
            command, cwd=BASE, env=os.environ | settings, capture_output=True, text=True, timeout=600
        )
        if done.returncode:
            raise RuntimeError(f"The database of the tests could not be made:\n{done.stdout}{done.stderr}")
        draft = made.with_name("draft")
        shutil.rmtree(draft, ignore_errors=True)
        subprocess.run(["cp", "-a", str(data_dir / "pg"), str(draft)], check=True)
        draft.rename(made)
