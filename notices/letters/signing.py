"""Codes and signatures: who knows the code may verify a letter, who lacks the key can make none.

The key is the newest of `settings.BLIND_INDEX_KEYS`, outside the database; a signature names its version.
"""

import hashlib
import hmac
import secrets

from django.conf import settings

#: Crockford's alphabet: nothing in it is taken for something else when it is read from paper.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 16
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})


def new_code() -> str:
    """80 random bits as 16 signs."""
    return "".join(secrets.choice(ALPHABET) for _n in range(CODE_LENGTH))


def code_of(typed: str) -> str:
    """A code as it is stored, from how somebody typed it: spaces and hyphens dropped, O read as 0, I and L as 1.

    "" for what is no code at all.
    """
    code = "".join(sign for sign in typed.upper() if sign.isalnum()).translate(_READ_AS)
    return code if len(code) == CODE_LENGTH and set(code) <= set(ALPHABET) else ""


def shown(code: str) -> str:
    """`4X7K-…`: four groups of four."""
    return "-".join(code[n : n + 4] for n in range(0, len(code), 4))


def _mac(version: int, parts: tuple[str, ...]) -> str:
    message = "\x1f".join(("letter", *parts)).encode()
    return hmac.new(settings.BLIND_INDEX_KEYS[version], message, hashlib.sha256).hexdigest()


def sign(*parts: str) -> str:
    """`v1:<hex>`: HMAC-SHA256 of the parts."""
    version = max(settings.BLIND_INDEX_KEYS)
    return f"v{version}:{_mac(version, parts)}"


def is_signed(signature: str, *parts: str) -> bool:
    """Whether a signature was made with one of our keys for exactly these parts."""
    name, _colon, mac = signature.partition(":")
    number = name.removeprefix("v")
    if not number.isdecimal() or int(number) not in settings.BLIND_INDEX_KEYS:
        return False
    return hmac.compare_digest(mac, _mac(int(number), parts))
