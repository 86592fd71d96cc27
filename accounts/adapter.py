import logging
from urllib.parse import urljoin, urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.internal.ratelimit import get_ip
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib import messages
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import crypto
from accounts.permissions import is_official
from audit import services as audit

logger = logging.getLogger(__name__)


def attempts_key(request, account: str) -> str:
    """What wrong passwords and codes are counted by: an account at one address.

    By the account alone a stranger could keep its owner out; by the address alone one guesser stops a whole office.
    """
    return f"{get_ip(request)}:{account}"


def _of_the_portal(url: str) -> str:
    """The link of a mail: it opens an account, so no request's Host has a say in where it leads."""
    return urljoin(settings.PORTAL_URL, urlsplit(url).path)


class AccountAdapter(DefaultAccountAdapter):
    """Officials land on their desk, everyone else on the dashboard."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "too_many_login_attempts": gettext_lazy(
            "Wrong too often. Nothing is locked: wait five minutes, then try again."
        )
    }

    def get_login_redirect_url(self, request) -> str:
        return "/admin/" if is_official(request.user) else super().get_login_redirect_url(request)

    def send_notification_mail(self, template_prefix, user, context=None, email=None) -> None:
        """What changed in how somebody signs in: the audit chain keeps it, a mail tells them."""
        audit.record(
            actor=user, action="user.sign_in", obj=user, data={"changed": template_prefix.rpartition("/")[2]}
        )
        super().send_notification_mail(template_prefix, user, context, email or user.email or None)

    def send_mail(self, template_prefix, email, context) -> None:
        """A mail server that does not answer stops nobody: the page says what was not sent."""
        try:
            super().send_mail(template_prefix, email, context)
        except OSError:
            logger.exception("A mail about signing in was not sent: %s", template_prefix)
            messages.error(
                self.request,
                _("The mail to you could not be sent just now. Ask for it again in a few minutes."),
            )

    def get_reset_password_from_key_url(self, key) -> str:
        return _of_the_portal(super().get_reset_password_from_key_url(key))

    def get_email_confirmation_url(self, request, emailconfirmation) -> str:
        return _of_the_portal(super().get_email_confirmation_url(request, emailconfirmation))

    def get_reauthentication_methods(self, user) -> list[dict]:
        """Who has a second factor shows it again: the password alone changes neither factors nor addresses."""
        methods = super().get_reauthentication_methods(user)
        return [method for method in methods if method["id"] != "reauthenticate"] or methods

    def _get_login_attempts_cache_key(self, request, **credentials) -> str:
        return attempts_key(request, super()._get_login_attempts_cache_key(request, **credentials))


class MFAAdapter(DefaultMFAAdapter):
    """Secrets of authenticators and recovery codes are encrypted like identity numbers."""

    def encrypt(self, text: str) -> str:
        return crypto.encrypt(text).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return crypto.decrypt(encrypted_text.encode())

    def get_totp_issuer(self) -> str:
        return str(_("Nanchang Service Outsourcing Subsidy Portal"))
