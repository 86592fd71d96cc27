"""What stands between a signed-in official and the portal until the second factor was shown."""

from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from accounts import second_factor

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
OPEN_PREFIXES = ("account_", "mfa_")


class SecondFactorMiddleware:
    """An official whose session has shown no second factor is led to it, from every page that is not public."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        match = request.resolver_match
        if match.namespace in OPEN_NAMESPACES or match.view_name in OPEN:
            return None
        if match.view_name.startswith(OPEN_PREFIXES) or not second_factor.is_missing(request):
            return None
        # Nothing that was posted is done; a page is come back to.
        back = request.get_full_path() if request.method in ("GET", "HEAD") else reverse("admin:index")
        return redirect(f"{reverse('second_factor')}?{urlencode({'next': back})}")
