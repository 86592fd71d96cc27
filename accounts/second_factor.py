"""The second factor of a sign-in: who needs one, whether this session proved one, and how long ago.

allauth checks passwords, codes and keys and notes in the session what was shown; this module reads those notes.
"""

import time

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings

from accounts.permissions import is_official

#: In the session: this official has recovery codes and has seen them.
CODES_KEPT = "recovery_codes_kept"


def proved_at(request, *, any_factor: bool = False) -> float:
    """When this session last showed a second factor (or `any_factor`), in seconds of the epoch; 0.0 for never."""
    records = get_authentication_records(request, request.user if request.user.is_authenticated else None)
    wanted = [record["at"] for record in records if any_factor or record.get("method") == "mfa"]
    return max(wanted, default=0.0)


def is_missing(request) -> bool:
    """Whether the person must show a second factor before they see anything of the office."""
    return is_official(request.user) and time.time() - proved_at(request) >= settings.SECOND_FACTOR_SECONDS


def way_to_codes(request) -> str:
    """The page of the recovery codes that an official has still to keep: never seen, or all of them used; "" for none.

    Without them a lost telephone keeps an official out until two administrators have acted. Asked once in a session.
    """
    if not is_official(request.user) or request.session.get(CODES_KEPT):
        return ""
    found = Authenticator.objects.filter(user=request.user, type=Authenticator.Type.RECOVERY_CODES).first()
    if found is None or not found.wrap().get_unused_codes():
        return "mfa_generate_recovery_codes"
    if not found.wrap().did_view:
        return "mfa_view_recovery_codes"
    request.session[CODES_KEPT] = True
    return ""


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
