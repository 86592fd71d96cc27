"""The sample officials' authenticators. Their secrets are none: the page that asks for a code shows it."""

import base64
import hashlib
import time

from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt
from django.conf import settings

from accounts.models import User


def secret_of(login: str) -> str:
    return base64.b32encode(hashlib.sha1(f"sample official {login}".encode()).digest()).decode()


def create(user: User) -> None:
    TOTP.activate(user, secret_of(user.username))
    RecoveryCodes.activate(user).mark_as_viewed()


def shown_to(user: User) -> dict | None:
    """`code` to type now, "" when those of this minute were used; None for an authenticator of somebody's own."""
    if not settings.SAMPLE_DATA:
        return None
    found = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
    if found is None or decrypt(found.data["secret"]) != (secret := secret_of(user.username)):
        return None
    now, used = int(time.time()) // app_settings.TOTP_PERIOD, found.data.get("used_step", 0)
    step = max(now, used + 1)
    return {
        "code": format_hotp_value(hotp_value(secret, step))
        if step <= now + app_settings.TOTP_TOLERANCE
        else ""
    }
