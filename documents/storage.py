"""Where the bytes are: the storage called `evidence`, a local directory or S3 (settings). Keys are random."""

import hashlib
import secrets
import tempfile
from collections.abc import Iterator
from typing import IO

from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages

STEP = 1 << 16


class ContentMissing(Exception):
    """The storage does not have the file, or does not answer."""


class ContentAltered(Exception):
    """The stored bytes are not the ones that came in."""


def evidence() -> Storage:
    return storages["evidence"]


def keep(data: bytes) -> str:
    """Store bytes under a new random key and return it. No text of a person is part of it."""
    token = secrets.token_hex(20)
    return evidence().save(f"{token[:2]}/{token}", ContentFile(data))


def drop(key: str) -> None:
    evidence().delete(key)


def open_checked(key: str, sha256: str) -> IO[bytes]:
    """A copy of the stored bytes, complete and compared before the first is given out.

    Raises ContentMissing, ContentAltered.
    """
    copy = tempfile.SpooledTemporaryFile(max_size=4 * 1024 * 1024)  # noqa: SIM115 (the caller closes it)
    digest = hashlib.sha256()
    try:
        for chunk in _chunks(key):
            digest.update(chunk)
            copy.write(chunk)
    except ContentMissing:
        copy.close()
        raise
    if digest.hexdigest() != sha256:
        copy.close()
        raise ContentAltered(key)
    copy.seek(0)
    return copy


def _chunks(key: str) -> Iterator[bytes]:
    try:
        with evidence().open(key, "rb") as file:
            while chunk := file.read(STEP):
                yield chunk
    except Exception as error:  # each storage has errors of its own for "not there" and "not now"
        raise ContentMissing(key) from error
