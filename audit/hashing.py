"""How records, heads and seals are hashed and signed. No Django: a dump is checked by the portal's own lines."""

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

CONTEXT = (
    b"nanchang-portal audit seal 1\n"  # what a seal's signature begins with, so that it means nothing else
)


def canonical_json(value: Any) -> str:
    """One spelling for one value: sorted keys, no spaces, everything unknown as its string."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def sha256(value: Any) -> str:
    """Hex SHA-256 of a value's canonical JSON."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def utc(at: datetime) -> str:
    """A time as it is hashed: UTC, to the microsecond."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


@dataclass(frozen=True)
class RecordText:
    """A record as it is hashed."""

    stream: str  # the key
    number: int
    at: datetime
    actor_id: int | None
    actor_label: str
    action: str
    object_type: str
    object_id: str
    data: Any
    previous_hash: str
    hash: str

    def computed(self) -> str:
        """The hash that the record must have."""
        return sha256(
            [
                self.previous_hash,
                self.stream,
                self.number,
                utc(self.at),
                self.actor_id,
                self.actor_label,
                self.action,
                self.object_type,
                self.object_id,
                self.data,
            ]
        )


@dataclass(frozen=True, order=True)
class Head:
    """The end of one chain: how many records it has and the hash of the last."""

    stream: str
    length: int
    hash: str


def root(heads: Iterable[Head]) -> str:
    """Hex SHA-256 over the sorted lines "stream length hash"."""
    lines = "\n".join(f"{head.stream} {head.length} {head.hash}" for head in sorted(heads))
    return hashlib.sha256(lines.encode()).hexdigest()


@dataclass(frozen=True)
class SealText:
    """All chains at one moment, bound to the seal before and signed."""

    number: int
    at: datetime
    streams: int
    records: int
    root: str
    previous_hash: str
    key_name: str
    hash: str = ""
    signature: str = ""  # Ed25519, base64

    def computed(self) -> str:
        """The hash that the seal must have."""
        return sha256(
            [
                self.number,
                utc(self.at),
                self.streams,
                self.records,
                self.root,
                self.previous_hash,
                self.key_name,
            ]
        )

    def signed_by(self, keys: Mapping[str, Ed25519PublicKey]) -> bool:
        """Whether the key that the seal names has signed its hash."""
        if (key := keys.get(self.key_name)) is None:
            return False
        try:
            key.verify(base64.b64decode(self.signature), CONTEXT + self.hash.encode())
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return True


def sign(key: Ed25519PrivateKey, seal_hash: str) -> str:
    """The signature of a seal's hash, base64."""
    return base64.b64encode(key.sign(CONTEXT + seal_hash.encode())).decode()


def public_keys(text: str) -> dict[str, Ed25519PublicKey]:
    """`name:key,name:key` (or one a line), each key of 32 bytes in base64; ValueError says which entry is wrong."""
    found: dict[str, Ed25519PublicKey] = {}
    for number, item in enumerate(text.replace("\n", ",").split(","), start=1):
        if not item.strip():
            continue
        name, colon, encoded = item.strip().partition(":")
        try:
            raw = base64.b64decode(encoded.replace("-", "+").replace("_", "/"), validate=True)
        except binascii.Error:
            raw = b""
        if not name or not colon or len(raw) != 32 or name in found:
            raise ValueError(f"public key, entry {number}: not name:key with a key of 32 bytes in base64")
        found[name] = Ed25519PublicKey.from_public_bytes(raw)
    return found


def public_text(name: str, key: Ed25519PrivateKey) -> str:
    """The public half of a signing key as `public_keys` reads it."""
    return f"{name}:{base64.b64encode(key.public_key().public_bytes_raw()).decode()}"
