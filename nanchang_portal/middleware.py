"""What every answer of the portal carries, whatever view made it."""

from django.utils.cache import add_never_cache_headers

#: What a page may ask a browser for: security keys, and nothing else.
PERMISSIONS = ", ".join(
    [
        "publickey-credentials-get=(self)",
        "publickey-credentials-create=(self)",
        *(
            f"{name}=()"
            for name in (
                "accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer", "microphone",
                "midi", "payment", "serial", "usb",
            )
        ),
    ]
)  # fmt: skip


class NoStoreMiddleware:
    """No browser or proxy keeps a page: after signing out, the way back shows nothing personal.

    A view that sets its own Cache-Control (a script of translations, published data) keeps it.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("X-Frame-Options", "DENY")  # scripts, pictures and early refusals too
        return response
