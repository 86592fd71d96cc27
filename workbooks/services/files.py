"""The private place of uploaded workbooks."""

import hashlib
import os
import shutil
import uuid
from collections.abc import Iterable
from pathlib import Path

from workbooks.models import ImportJob, imports_dir


def store(chunks: Iterable[bytes]) -> tuple[Path, str, int]:
    """Write an upload under a name of ours; returns path, SHA-256 and size. Only the portal's user may read it."""
    directory = imports_dir()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / uuid.uuid4().hex
    digest, size = hashlib.sha256(), 0
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
            file.write(chunk)
    return path, digest.hexdigest(), size


def forget(job: ImportJob) -> None:
    """Delete a job's file and what was kept beside it, if they are still there."""
    job.path.unlink(missing_ok=True)
    shutil.rmtree(job.kept, ignore_errors=True)


def is_intact(job: ImportJob) -> bool:
    """Whether the file is there and is the one that was uploaded."""
    if job.file_deleted_at is not None or not job.path.exists():
        return False
    with job.path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == job.sha256
