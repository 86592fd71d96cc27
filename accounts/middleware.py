"""What stands between signed-in people and the portal: the second factor of officials, the list of own sessions."""

import time

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from accounts import second_factor, waiting_steps

#: What may be looked at before: public pages, and everything that leads in or out.
OPEN = {
    "home",
    "set_language",
    "display_settings",
    "healthz",
    "live",
    "ready",
    "metrics",
    "second_factor",
} | {"admin:logout"}
OPEN_NAMESPACES = {"public", "api"}
OPEN_PREFIXES = ("account_", "mfa_", "socialaccount_", "openid_connect_")


class SecondFactorMiddleware:
    """An official whose session has shown no second factor is led to it, from every page that is not public.

    The same for one who has not kept recovery codes yet.

    What moves money or shows a whole number (STEP_UP_VIEWS) asks everybody again who showed it too long ago: an
    official for the second factor, a member of an organisation for what they sign in with.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        match = request.resolver_match
        if (
            match.view_name in settings.STEP_UP_VIEWS
            and request.method == "POST"
            and second_factor.must_be_shown_again(request)
        ):
            way = second_factor.way_to_show(request.user) or "account_reauthenticate"
            return waiting_steps.suspend(request, way)
        if match.namespace in OPEN_NAMESPACES or match.view_name in OPEN:
            return None
        if match.view_name.startswith(OPEN_PREFIXES):
            return None
        if second_factor.is_missing(request):
            way = second_factor.way_to_show(request.user)
            if request.method == "POST" and way and second_factor.proved_at(request):
                return waiting_steps.suspend(request, way)  # a working day has passed while it was typed
        elif not second_factor.way_to_codes(request):
            return None
        # Nothing that was posted is done; a page is come back to.
        back = request.get_full_path() if request.method in ("GET", "HEAD") else reverse("admin:index")
        return redirect(f"{reverse('second_factor')}?{urlencode({'next': back})}")


class SessionListMiddleware:
    """Keeps for everybody's own list where they are signed in; written every few minutes, not at each page."""

    EVERY = 300

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            self.note(request)
        return self.get_response(request)

    def note(self, request) -> None:
        now, known = int(time.time()), request.session.get("noted", 0)
        if "_auth_user_id" in request.session and now - known >= self.EVERY and request.user.is_authenticated:
            UserSession.objects.create_from_request(request)
            request.session["noted"] = now
