"""The pages that belong to no room: home, health, display settings."""

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.http import Http404, HttpResponse, HttpResponseRedirect, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme
from django.views import i18n
from django.views.decorators.cache import never_cache
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_GET, require_POST, require_safe

from accounts.services import choose_language
from nanchang_portal.context import DISPLAY_COOKIES
from nanchang_portal.operations import metrics
from reports.public.pages import published_terms_today

YEAR_SECONDS = 365 * 24 * 3600


@require_safe
@gzip_page
def home(request):
    """Both subsidies on one screen, with the figures of the published policy."""
    return render(request, "home.html", published_terms_today())


@require_GET
@never_cache
def live(request):
    """200 while the process serves: whoever gets no answer starts it again."""
    return HttpResponse("ok", content_type="text/plain")


@require_GET
@never_cache
def ready(request):
    """200 while the database answers, else 503: a proxy sends requests elsewhere, and nobody starts anything again.

    A broker or cache that is down does not count: everything that a person does is kept without them.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (OperationalError, InterfaceError):
        return HttpResponse("database", status=503, content_type="text/plain")
    return HttpResponse("ok", content_type="text/plain")


@require_GET
@never_cache
def metrics_text(request):
    """Prometheus's, for who knows METRICS_TOKEN (Authorization: Bearer); without a token there is no such page."""
    sent = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not settings.METRICS_TOKEN or not constant_time_compare(sent, settings.METRICS_TOKEN):
        raise Http404
    return HttpResponse(metrics.text(), content_type=metrics.CONTENT_TYPE)


@require_GET
@never_cache
def session_state(request):
    """Who is signed in, and a token for their forms: asked by a page that stood open for long, before it sends."""
    return JsonResponse({"user": request.user.get_username(), "token": get_token(request)})


def set_language(request):
    """Switch the language of the pages; mails to the person follow."""
    response = i18n.set_language(request)
    code = request.POST.get("language")
    if request.user.is_authenticated and code in dict(settings.LANGUAGES):
        choose_language(user=request.user, language=code)
    return response


@require_POST
def display_settings(request):
    """Remember elder mode, larger text or high contrast in a cookie, without JavaScript."""
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
