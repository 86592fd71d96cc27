"""The pages that belong to no room: home, health, display settings."""

from django.conf import settings
from django.db import connection
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views import i18n
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.services import choose_language
from nanchang_portal.context import DISPLAY_COOKIES
from policy.rules.versions import VersionError
from policy.selectors import offshore_terms_for, training_terms_on

YEAR_SECONDS = 365 * 24 * 3600


@require_GET
def home(request):
    """Both subsidies on one screen, with the figures of the published policy."""
    today = timezone.localdate()
    try:
        terms = {"offshore_terms": offshore_terms_for(today.year), "training_terms": training_terms_on(today)}
    except VersionError:
        terms = {"offshore_terms": None, "training_terms": None}
    return render(request, "home.html", terms)


@require_GET
@never_cache
def healthz(request):
    """200 while the process serves and the database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok", content_type="text/plain")


def set_language(request):
    """Switch the language of the pages; mails to the person follow."""
    response = i18n.set_language(request)
    code = request.POST.get("language")
    if request.user.is_authenticated and code in dict(settings.LANGUAGES):
        choose_language(user=request.user, language=code)
    return response


@require_POST
def display_settings(request):
    """Remember larger text or high contrast in a cookie, without JavaScript."""
    target = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        target = "/"
    response = HttpResponseRedirect(target)
    for name, values in DISPLAY_COOKIES.items():
        if request.POST.get(name) in values:
            response.set_cookie(
                f"display_{name}",
                request.POST[name],
                max_age=YEAR_SECONDS,
                samesite="Lax",
                secure=request.is_secure(),
                httponly=True,
            )
    return response
