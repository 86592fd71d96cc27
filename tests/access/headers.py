"""What every answer of a deployment carries, whatever page, file or refusal it is."""

import importlib
import os
import re
from unittest import mock

from nanchang_portal.settings import keys
from tests.clients import Client

SECURITY = ("SECURE_", "SESSION_COOKIE_", "CSRF_COOKIE_", "LANGUAGE_COOKIE_")
#: Enough for the settings of a deployment to be read; only what is named above is taken from them.
ENVIRONMENT = {
    "DATABASE_URL": "postgres://portal:secret@db.example.org:5432/portal",
    "REDIS_URL": "redis://broker.example.org:6379/0",
    "CACHE_URL": "redis://cache.example.org:6379/0",
    "CLAMD_URL": "tcp://clamav.example.org:3310",
    "ALLOWED_HOSTS": "portal.example.org",
    "SAMPLE_DATA": "",
}
#: Directives in which a nonce may stand beside the portal itself.
WITH_NONCE = {"script-src", "style-src"}
MEMBERS_OF_POLICY = {
    "default-src": {"'none'"},
    "base-uri": {"'none'"},
    "object-src": {"'none'"},
    "frame-ancestors": {"'none'"},
    "form-action": {"'self'"},
    "connect-src": {"'self'"},
    "font-src": {"'self'"},
    "frame-src": {"'self'"},
    "manifest-src": {"'self'"},
    "img-src": {"'self'", "data:"},
    "script-src": {"'self'"},
    "style-src": {"'self'"},
}
#: The frames of an uploaded file: nothing runs in them.
SEALED = {
    "default-src": {"'none'"},
    "img-src": {"'self'"},
    "style-src": {"'none'"},
    "frame-ancestors": {"'none'"},
    "sandbox": set(),
}
NONCE = re.compile(r"'nonce-[A-Za-z0-9+/=_-]{16,}'")


def deployed(settings) -> None:
    """Headers and cookies as production settings have them."""
    with mock.patch.dict(os.environ, ENVIRONMENT | keys.fresh()):
        prod = importlib.import_module("nanchang_portal.settings.prod")
    for name in dir(prod):
        if name.startswith(SECURITY):
            setattr(settings, name, getattr(prod, name))


class SecureClient(Client):
    """A browser that speaks TLS: HSTS is sent over it alone."""

    def generic(self, method, path, data="", content_type="application/octet-stream", secure=True, **rest):
        return super().generic(method, path, data, content_type, secure=True, **rest)


def policy_of(response) -> dict[str, set[str]]:
    parts = [part.split() for part in response["Content-Security-Policy"].split(";") if part.strip()]
    assert len({part[0] for part in parts}) == len(parts), "a directive twice: browsers read the first"
    return {name: set(sources) for name, *sources in parts}


def check_headers(response, where: str) -> None:
    """Nothing is missing, nothing is weaker than it must be. Cookies too."""
    policy = policy_of(response)
    if "sandbox" in policy:
        assert policy == SEALED, where
    else:
        for name in WITH_NONCE:
            nonces = {source for source in policy[name] if NONCE.fullmatch(source)}
            assert len(nonces) <= 1, where
            policy[name] -= nonces
        assert policy == MEMBERS_OF_POLICY, f"{where}: {policy}"
    expected = {
        "Strict-Transport-Security": "max-age=31536000; includeSubDomains; preload",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    for name, value in expected.items():
        assert response.headers.get(name) == value, f"{where}: {name}: {response.headers.get(name)}"
    # Open data are read by other sites' pages too, without cookies.
    shared = response.headers.get("Access-Control-Allow-Origin")
    resource = "cross-origin" if shared else "same-origin"
    assert response.headers.get("Cross-Origin-Resource-Policy") == resource, where
    assert shared in (None, "*") and "Access-Control-Allow-Credentials" not in response.headers, where
    allowed = dict(part.split("=") for part in response["Permissions-Policy"].split(", "))
    asked = {name for name, who in allowed.items() if who != "()"}
    assert asked == {"publickey-credentials-get", "publickey-credentials-create"}, where
    assert {"camera", "microphone", "geolocation", "payment"} <= set(allowed), where
    assert not {"Server", "X-Powered-By"} & set(response.headers), where
    for name, cookie in response.cookies.items():
        assert not shared, f"{where}: a cookie for everybody"
        assert cookie["secure"] or cookie["max-age"] == 0, f"{where}: {name} without TLS"
        assert cookie["samesite"] == "Lax", f"{where}: {name}"
        assert cookie["httponly"] or cookie["max-age"] == 0, f"{where}: {name} for scripts"
        assert cookie["path"] == "/" and not cookie["domain"], f"{where}: {name}"
        assert name.startswith("__Host-") or name not in ("sessionid", "csrftoken"), f"{where}: {name}"
    leads = response.headers.get("Location", "/")
    assert "evil.example" not in leads.partition("?")[0] and not leads.startswith("//"), f"{where}: {leads}"
