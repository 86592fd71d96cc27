"""Which language a page speaks: the one that the reader chose, else Chinese. What a browser prefers does not count.

`?lang=en` in a link chooses as the button does, so that search engines and letters can point to one language.
"""

from django.conf import settings
from django.middleware.locale import LocaleMiddleware
from django.utils import translation


class LanguageMiddleware(LocaleMiddleware):
    def process_request(self, request):
        known = dict(settings.LANGUAGES)
        linked, kept = request.GET.get("lang"), request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)
        chosen = next((code for code in (linked, kept) if code in known), settings.LANGUAGE_CODE)
        translation.activate(chosen)
        request.LANGUAGE_CODE = translation.get_language()
        request.language_to_keep = chosen if linked == chosen != kept else None

    def process_response(self, request, response):
        response = super().process_response(request, response)
        shared = "public" in response.headers.get("Cache-Control", "")  # one reader's choice is nobody else's
        if (code := getattr(request, "language_to_keep", None)) and not shared:
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME,
                code,
                max_age=settings.LANGUAGE_COOKIE_AGE,
                path=settings.LANGUAGE_COOKIE_PATH,
                secure=settings.LANGUAGE_COOKIE_SECURE,
                httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
                samesite=settings.LANGUAGE_COOKIE_SAMESITE,
            )
        return response
