"""Signing in by a provincial identity (OpenID Connect), once its owner connected it to their account here.

allauth keeps the state of each sign-in, once and for its own session, and proves the code by PKCE. What it leaves to
the trust in TLS is checked here: the token's signature, its nonce, that both answers speak of the same person.
"""

import jwt
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, get_adapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Client, OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

#: Signed by a key of the provider's own: no shared secret, and never "none".
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]


def nonce_of(state: str) -> str:
    """What the token of a sign-in must repeat: it follows from the state, which counts once and in one session."""
    return salted_hmac("accounts.identity_provider", state).hexdigest()


class IdentityClient(OAuth2Client):
    def get_redirect_url(self, authorization_url, scope, extra_params) -> str:
        return super().get_redirect_url(
            authorization_url, scope, extra_params | {"nonce": nonce_of(self.state)}
        )


class IdentityOAuth2Adapter(OpenIDConnectOAuth2Adapter):
    client_class = IdentityClient

    def complete_login(self, request, app, token, **kwargs):
        said = self._checked(app, kwargs["response"].get("id_token"))
        if not constant_time_compare(str(said.get("nonce")), nonce_of(request.GET.get("state", ""))):
            raise OAuth2Error("The token belongs to another sign-in")
        person = self._fetch_user_info(token.token)
        if not isinstance(person, dict) or person.get("sub") != said["sub"]:
            raise OAuth2Error("Token and userinfo speak of two people")
        return self.get_provider().sociallogin_from_response(request, {"id_token": said, "userinfo": person})

    def _checked(self, app, id_token) -> dict:
        """What the token says, once its signature, issuer, audience and term were found right."""
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
        try:
            name = jwt.get_unverified_header(id_token).get("kid")
            keys = jwt.PyJWKSet.from_dict(answer.json()).keys
            said = jwt.decode(
                id_token,
                key=next(key for key in keys if name in (None, key.key_id)).key,
                algorithms=ALGORITHMS,
                audience=app.client_id,
                issuer=self.openid_config["issuer"],
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except (jwt.PyJWTError, StopIteration, TypeError, ValueError) as error:
            raise OAuth2Error("Invalid id_token") from error
        if said.get("azp", app.client_id) != app.client_id:
            raise OAuth2Error("The token was made for another portal")
        return said


class IdentityProvider(OpenIDConnectProvider):
    """What is asked of the provider stands in the settings; an address adds nothing to it."""

    oauth2_adapter_class = IdentityOAuth2Adapter

    def get_auth_params_from_request(self, request, action) -> dict:
        return self.get_auth_params()

    def get_scope_from_request(self, request) -> list[str]:
        return self.get_scope()


def callback(request, provider_id: str):
    """Where the provider sends people back to."""
    try:
        return OAuth2CallbackView.adapter_view(IdentityOAuth2Adapter(request, provider_id))(request)
    except SocialApp.DoesNotExist as error:
        raise Http404 from error


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
