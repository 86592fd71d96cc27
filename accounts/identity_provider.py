"""Signing in by a provincial identity (OpenID Connect), once its owner connected it to their account here."""

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.base import AuthProcess
from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext as _


class IdentityAdapter(DefaultSocialAccountAdapter):
    """An identity opens the account that it was connected to, and no other; its mail address counts nothing."""

    def is_open_for_signup(self, request, sociallogin) -> bool:
        return False

    def can_authenticate_by_email(self, login, email) -> bool:
        return False

    def pre_social_login(self, request, sociallogin) -> None:
        if sociallogin.is_existing or sociallogin.state.get("process") == AuthProcess.CONNECT:
            return
        messages.error(
            request,
            _("This identity is connected to no account here. Sign in by password, then connect it."),
        )
        raise ImmediateHttpResponse(redirect("account_login"))
