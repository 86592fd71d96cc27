"""What search engines ask for: which pages to read, in which languages, and which to leave alone."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from reports.public.pages import GUIDES

#: Pages of their own; results of the checker and pages of lists name these as their canonical address.
NAMES = (
    *("public:check_offshore", "public:check_training"),
    *("public:organisations", "public:awards", "public:statistics", "public:open_data"),
    *("public:questions", "public:contact", "public:accessibility", "public:privacy"),
)
OF_NOTICES = ("notices:notices", "notices:letters")
CLOSED = (
    "/accounts/",
    "/admin/",
    "/cases/",
    "/desk/",
    "/documents/",
    "/messages/",
    "/offshore/",
    "/organisations/",
    "/payments/",
    "/tokens/",
    "/training/",
    "/workbooks/",
    "/members/",
    "/handovers/",
    "/invitations/",
    "/display",
    "/language/",
)


def addresses() -> list[str]:
    """The paths that search engines should know."""
    guides = [reverse("public:guide", args=[name]) for name in GUIDES]
    return [reverse("home"), *guides, *(reverse(name) for name in (*NAMES, *OF_NOTICES))]


def languages() -> list[tuple[str, str]]:
    """(code as in hreflang, what follows the address): the default language has no suffix."""
    return [
        (
            "zh-Hans" if code == settings.LANGUAGE_CODE else code,
            "" if code == settings.LANGUAGE_CODE else f"?lang={code}",
        )
        for code, _name in settings.LANGUAGES
    ]


@require_safe
@cache_control(public=True, max_age=3600)
def robots(request: HttpRequest) -> HttpResponse:
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in CLOSED)]
    lines += ["", f"Sitemap: {settings.PORTAL_URL}{reverse('public:sitemap')}", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


@require_safe
@cache_control(public=True, max_age=3600)
def sitemap(request: HttpRequest) -> HttpResponse:
    context = {"base": settings.PORTAL_URL, "paths": addresses(), "languages": languages()}
    return render(request, "public/sitemap.xml", context, content_type="application/xml; charset=utf-8")
