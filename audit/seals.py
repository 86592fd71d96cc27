"""Seal all chains once a day: sign their heads and export them to where the portal cannot change them."""

from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.utils import timezone

from audit import published
from audit.hashing import Head, SealText, public_keys, public_text, root, sign
from audit.models import Seal, Stream

LOCK = 20_061_117  # of pg_advisory_xact_lock: one seal at a time


def heads_directory() -> Path:
    return Path(settings.AUDIT_HEADS_DIR)


def known_keys() -> dict:
    """The public keys by name: those of AUDIT_PUBLIC_KEYS, and that of the signing key where this process has it."""
    keys = public_keys(settings.AUDIT_PUBLIC_KEYS)
    if settings.AUDIT_SIGNING_KEY:
        keys |= public_keys(public_text(*settings.AUDIT_SIGNING_KEY))
    return keys


def last_seal() -> Seal | None:
    return Seal.objects.order_by("-number").first()


@transaction.atomic
def seal_if_due(*, now: datetime | None = None) -> Seal | None:
    """Seals unless the local day has its seal already; beat asks often, so that a night without power is made up."""
    now = now or timezone.now()
    _one_at_a_time()
    last = last_seal()
    if last and timezone.localdate(last.at) >= timezone.localdate(now):
        return None
    return seal(now=now)


@transaction.atomic
def seal(*, now: datetime | None = None) -> Seal:
    """Signs the head of every chain, exports the file and then keeps the row.

    The file comes first: killed between the two (or restored from a backup that is older than the files), the next
    seal takes the rows from the signed files, and nothing that was exported is ever contradicted.
    """
    name, key = signing_key()
    _one_at_a_time()
    last = last_seal()
    while (left := published.path_of(heads_directory(), (last.number if last else 0) + 1)).exists():
        last = _adopt(published.read(left).seal, last)
    heads = [Head(*row) for row in Stream.objects.filter(length__gt=0).values_list("key", "length", "head")]
    text = _signed(heads, now or timezone.now(), last, name, key)
    published.write(heads_directory(), text, heads)
    return _keep(text)


def _signed(
    heads: list[Head], at: datetime, last: Seal | None, name: str, key: Ed25519PrivateKey
) -> SealText:
    draft = SealText(
        number=last.number + 1 if last else 1,
        at=at,
        streams=len(heads),
        records=sum(head.length for head in heads),
        root=root(heads),
        previous_hash=last.hash if last else "",
        key_name=name,
    )
    digest = draft.computed()
    return SealText(**{**vars(draft), "hash": digest, "signature": sign(key, digest)})


def _adopt(text: SealText, last: Seal | None) -> Seal:
    """Keeps the row of a file that was signed before; refuses one that is not ours."""
    follows = text.previous_hash == (last.hash if last else "")
    if not follows or text.hash != text.computed() or not text.signed_by(known_keys()):
        raise ImproperlyConfigured(
            f"{heads_directory()} holds a file of seal {text.number} that this portal did not sign. "
            "Set AUDIT_HEADS_DIR to the portal's own directory, and run `manage.py verify_audit`."
        )
    return _keep(text)


def _keep(text: SealText) -> Seal:
    return Seal.objects.create(**vars(text))


def signing_key() -> tuple[str, Ed25519PrivateKey]:
    if not settings.AUDIT_SIGNING_KEY:
        raise ImproperlyConfigured(
            "AUDIT_SIGNING_KEY is not set: the seals' key, see `python -m nanchang_portal.settings.keys`."
        )
    return settings.AUDIT_SIGNING_KEY


def _one_at_a_time() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
