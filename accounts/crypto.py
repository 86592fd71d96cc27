"""Encryption of personal fields and the keyed hash that finds equal values without reading them.

`settings.FIELD_ENCRYPTION_KEYS` are Fernet keys, newest first; `settings.BLIND_INDEX_KEYS` maps a version to the key
of an HMAC-SHA256, the highest version in force. Both live outside the database.
"""

import hmac
from collections.abc import Iterable, Iterator
from functools import lru_cache

from cryptography.fernet import Fernet, MultiFernet
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


def blind_index(value: str, scope: str) -> str:
    """`v1:<hex>`: HMAC-SHA256 of the normalised value within a scope ("identity")."""
    version = max(settings.BLIND_INDEX_KEYS)
    message = f"{scope}:{normalise(value)}".encode()
    return f"v{version}:{hmac.digest(settings.BLIND_INDEX_KEYS[version], message, 'sha256').hex()}"
