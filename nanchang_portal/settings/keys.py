"""The secrets that the portal needs outside of its database: how they are written, read and made.

`python -m nanchang_portal.settings.keys` prints fresh ones as lines for an environment file.
"""

import base64
import binascii
import os
import secrets
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.exceptions import ImproperlyConfigured

NAMES = ("SECRET_KEY", "FIELD_KEYS", "BLIND_INDEX_KEYS", "AUDIT_SIGNING_KEY")


def field_keys(text: str) -> list[str]:
    """FIELD_KEYS, `id:key,id:key`, as Fernet keys, current first: the first encrypts, all decrypt."""
    return [base64.urlsafe_b64encode(key).decode() for _, key in _parse("FIELD_KEYS", text)]


def blind_index_keys(text: str) -> dict[int, bytes]:
    """BLIND_INDEX_KEYS, `version:key,version:key`, as version -> key: the highest version is current."""
    pairs = _parse("BLIND_INDEX_KEYS", text)
    if not all(name.isdecimal() for name, _ in pairs):
        raise ImproperlyConfigured(
            "BLIND_INDEX_KEYS must look like 1:KEY,2:KEY, where 1 and 2 are whole numbers."
        )
    return {int(name): key for name, key in pairs}


def signing_key(text: str) -> tuple[str, Ed25519PrivateKey] | None:
    """AUDIT_SIGNING_KEY, `name:key`, as name and Ed25519 key; None without text: such a process signs no seals."""
    if not text.strip():
        return None
    pairs = _parse("AUDIT_SIGNING_KEY", text)
    if len(pairs) != 1:
        raise ImproperlyConfigured(
            "AUDIT_SIGNING_KEY is one key; those before it are checked by AUDIT_PUBLIC_KEYS."
        )
    return pairs[0][0], Ed25519PrivateKey.from_private_bytes(pairs[0][1])


def _parse(variable: str, text: str) -> list[tuple[str, bytes]]:
    pairs = []
    for number, item in enumerate(text.split(","), start=1):
        name, colon, encoded = item.strip().partition(":")
        try:
            key = base64.b64decode(encoded.replace("-", "+").replace("_", "/"), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not name or not colon or len(key) != 32:
            raise ImproperlyConfigured(
                f"{variable}: entry {number} is not id:key with a key of 32 bytes in base64. "
                "Make one with `python -m nanchang_portal.settings.keys`."
            )
        pairs.append((name, key))
    if len({name for name, _ in pairs}) != len(pairs):
        raise ImproperlyConfigured(f"{variable}: two entries have the same id.")
    return pairs


def fresh() -> dict[str, str]:
    """New secrets by the name of their environment variable."""
    return {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "FIELD_KEYS": f"1:{base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()}",
        "BLIND_INDEX_KEYS": f"1:{base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()}",
        "AUDIT_SIGNING_KEY": f"1:{base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()}",
    }


def kept(directory: Path) -> dict[str, str]:
    """The secrets in `directory`, one file each, made at first use, so that what they encrypted stays readable."""
    try:
        directory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory.mkdir(mode=0o700, exist_ok=True)
        return {name: _kept_file(directory / name.lower(), value) for name, value in fresh().items()}
    except OSError as error:
        raise ImproperlyConfigured(
            f"The portal keeps its keys in {directory}, which cannot be used: {error.strerror}. "
            "Set DATA_DIR to a directory of yours."
        ) from error


def _kept_file(path: Path, value: str) -> str:
    """The file's text; if there is none yet, `value`, unless another process was first."""
    if not path.exists():
        descriptor, draft = tempfile.mkstemp(dir=path.parent)
        with open(descriptor, "w") as stream:
            stream.write(value)
            stream.flush()
            os.fsync(stream.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            Path(draft).unlink()
    return path.read_text().strip()


if __name__ == "__main__":
    print("\n".join(f"{name}={value}" for name, value in fresh().items()))
