"""Encryption of personal fields and the keyed hash that finds equal values without reading them.

`settings.FIELD_ENCRYPTION_KEYS` are Fernet keys, newest first; `settings.BLIND_INDEX_KEYS` maps a version to the key
of an HMAC-SHA256. Both live outside the database. `manage.py rotate_keys` brings what is stored to the newest keys.

A hash of version 2 is the HMAC, under the second key, of the hash of version 1, and so on: it is renewed without
the number, which is gone where somebody was erased. An old key that became known is worth nothing without the newest.
"""

import time
from collections.abc import Iterable, Iterator
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from django.conf import settings

from accounts.identifiers import normalise


@lru_cache(maxsize=4)
def _box(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(text: str) -> bytes:
    return _box(tuple(settings.FIELD_ENCRYPTION_KEYS)).encrypt(text.encode())


def encrypt_all(texts: Iterable[str]) -> Iterator[bytes]:
    """As `encrypt`, one after another: for many, the box is looked up once."""
    box = _box(tuple(settings.FIELD_ENCRYPTION_KEYS))
    return (box.encrypt(text.encode()) for text in texts)


def decrypt(token: bytes | memoryview) -> str:
    """Raises cryptography.fernet.InvalidToken when no key fits."""
    return _box(tuple(settings.FIELD_ENCRYPTION_KEYS)).decrypt(bytes(token)).decode()


#: How long a process goes on with the version that it saw in force.
VERSION_SECONDS = 1.0
_seen: list[tuple[float, int]] = []


def version_in_force() -> int:
    """The version of new hashes: that of the stored ones, which `rotate_keys` writes down once it has renewed them."""
    versions = settings.BLIND_INDEX_KEYS
    if len(versions) == 1:
        return next(iter(versions))
    now = time.monotonic()
    if not _seen or _seen[0][0] < now:
        from accounts.models import HashVersion

        known = HashVersion.objects.values_list("version", flat=True).first()
        _seen[:] = [(now + VERSION_SECONDS, known or min(versions))]
    return _seen[0][1]


def forget_version() -> None:
    """Ask the database again."""
    _seen.clear()


def blind_index(value: str, scope: str) -> str:
    """`v1:<hex>`: the keyed hash of the normalised value within a scope ("identity"), in the version in force."""
    versions = settings.BLIND_INDEX_KEYS
    first = min(versions)
    key = f"v{first}:{_hmac(first, f'{scope}:{normalise(value)}'.encode())}"
    return key if len(versions) == 1 else renewed(key)


def renewed(key: str, *, to: int | None = None) -> str:
    """A stored hash in the version in force, or `to`; what is no hash ("", "erased:7") stays as it is.

    Whoever compares a hash out of frozen data with one of a table renews it first.
    """
    name, colon, digest = key.partition(":")
    if not colon or not (name.startswith("v") and name[1:].isdecimal()):
        return key
    goal = version_in_force() if to is None else to
    for version in sorted(settings.BLIND_INDEX_KEYS):
        if int(name[1:]) < version <= goal:
            name, digest = f"v{version}", _hmac(version, digest.encode())
    return f"{name}:{digest}"


def _hmac(version: int, message: bytes) -> str:
    return _signed(settings.BLIND_INDEX_KEYS[version], message).hex()


@lru_cache(maxsize=8)
def _signer(key: bytes) -> HMAC:
    return HMAC(key, SHA256())


def _signed(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA256. A copy of what is keyed already takes a quarter of the time of `hmac.digest`."""
    signing = _signer(key).copy()
    signing.update(message)
    return signing.finalize()


def is_current(token: bytes | memoryview) -> bool:
    """Whether the newest field key encrypted it."""
    try:
        _box(tuple(settings.FIELD_ENCRYPTION_KEYS[:1])).decrypt(bytes(token))
    except InvalidToken:
        return False
    return True


def encrypted_anew(token: bytes | memoryview) -> bytes:
    """The same text under the newest field key. Raises cryptography.fernet.InvalidToken when no key fits."""
    return _box(tuple(settings.FIELD_ENCRYPTION_KEYS)).rotate(bytes(token))
