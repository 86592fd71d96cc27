"""The second factor of a sign-in: who needs one, whether this session proved one, and how long ago.

allauth checks passwords, codes and keys and notes in the session what was shown; this module reads those notes.
"""

import time

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings

from accounts.permissions import is_official


def proved_at(request, *, any_factor: bool = False) -> float:
    """When this session last showed a second factor (or `any_factor`), in seconds of the epoch; 0.0 for never."""
    records = get_authentication_records(request, request.user if request.user.is_authenticated else None)
    wanted = [record["at"] for record in records if any_factor or record.get("method") == "mfa"]
    return max(wanted, default=0.0)


def is_missing(request) -> bool:
    """Whether the person must show a second factor before they see anything of the office."""
    return is_official(request.user) and not proved_at(request)


def must_be_shown_again(request) -> bool:
    """Whether money and identity numbers ask this person again, after STEP_UP_SECONDS.

    Officials for the second factor, which is_missing asks for the first time; everybody else for what they have.
    """
    if not request.user.is_authenticated or is_missing(request):
        return False
    shown = proved_at(request, any_factor=not is_official(request.user))
    return time.time() - shown >= settings.STEP_UP_SECONDS


def way_to_show(user) -> str:
    """The name of the page on which this person shows what they have set up; "" when that is nothing."""
    types = set(Authenticator.objects.filter(user=user).values_list("type", flat=True))
    if Authenticator.Type.TOTP in types:
        return "mfa_reauthenticate"
    return "mfa_reauthenticate_webauthn" if Authenticator.Type.WEBAUTHN in types else ""


def matching_step(secret: str, code: str) -> int | None:
    """The time step whose code this is, of those in force (before, now, after); None for a wrong code."""
    typed = "".join(code.split())
    for step in totp.yield_hotp_counters_from_time():
        if totp.compare_user_code(
            actual=typed, expected=totp.format_hotp_value(totp.hotp_value(secret, step))
        ):
            return step
    return None
