"""Where a code of the second factor is typed: each code opens one door once."""

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.core import context, ratelimit
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as allauth
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm as AllauthActivateForm
from allauth.mfa.utils import decrypt
from allauth.mfa.webauthn import forms as webauthn
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.adapter import attempts_key
from accounts.second_factor import matching_step
from accounts.sign_in_forms import WithoutPlaceholders


def accept(authenticator: Authenticator, code: str) -> bool:
    """Whether the code is right and new; the authenticator's row is locked, so of two at once one comes in."""
    if authenticator.type != Authenticator.Type.TOTP:
        return authenticator.wrap().validate_code(code)
    step = matching_step(decrypt(authenticator.data["secret"]), code)
    if step is None or step <= authenticator.data.get("used_step", 0):
        return False
    authenticator.data["used_step"] = step
    authenticator.save(update_fields=["data"])
    return True


class CodeOnce(WithoutPlaceholders):
    """The code of an authenticator app, or one of the recovery codes.

    Wrong codes are counted by account and address: who guesses elsewhere keeps nobody out.
    """

    def clean_code(self) -> str:
        code, key = self.cleaned_data["code"], attempts_key(context.request, f"code:{self.user.pk}")
        if not ratelimit.consume(context.request, action="login_failed", key=key):
            raise get_account_adapter().validation_error("too_many_login_attempts")
        with transaction.atomic():
            known = Authenticator.objects.select_for_update(of=("self",)).filter(user=self.user)
            for authenticator in known.exclude(type=Authenticator.Type.WEBAUTHN).order_by("-type"):
                if accept(authenticator, code):
                    authenticator.user = self.user
                    self.authenticator = authenticator
                    ratelimit.clear(context.request, action="login_failed", key=key)
                    return code
        raise get_adapter().validation_error("incorrect_code")


class AuthenticateForm(CodeOnce, allauth.AuthenticateForm):
    pass


class ReauthenticateForm(CodeOnce, allauth.ReauthenticateForm):
    pass


class KeyNamed(WithoutPlaceholders):
    """allauth leaves the label to Django, which says "Name" in every language."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name of the key")


class AddWebAuthnForm(KeyNamed, webauthn.AddWebAuthnForm):
    pass


class EditWebAuthnForm(KeyNamed, webauthn.EditWebAuthnForm):
    pass


class ActivateTOTPForm(WithoutPlaceholders, AllauthActivateForm):
    @property
    def secret_in_fours(self) -> str:
        """As somebody types it into an app; apps take the blanks."""
        return " ".join(self.secret[start : start + 4] for start in range(0, len(self.secret), 4))
