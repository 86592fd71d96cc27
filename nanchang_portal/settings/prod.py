"""Settings of a deployment. Nothing is guessed: what is missing stops the start with one sentence."""

from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from nanchang_portal.operations import logs

from . import keys, sentinel
from .base import *  # noqa: F403
from .base import BASE_DIR, DATA_DIR, OIDC_ISSUER, broker, caches, databases, env, evidence_storage


def _required(name: str, what: str) -> str:
    value = env(name, default="").strip()
    if not value:
        raise ImproperlyConfigured(f"{name} is not set: {what}.")
    return value


def _server(url: str) -> str:
    """Host and port of a network URL, path of a socket's, master of sentinels; without the number of the database."""
    if sentinel.is_sentinel(url):
        found = sentinel.watched("REDIS_URL", url)
        return f"{found.sentinels} {found.master}"
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2] or parts.path


DEBUG = False
if env.bool("SAMPLE_DATA", default=False):
    raise ImproperlyConfigured(
        "SAMPLE_DATA is on: fictional officials with known passwords and codes have no place beside real claims."
    )
SECRET_KEY = _required("SECRET_KEY", "a long random text, see `python -m nanchang_portal.settings.keys`")
ALLOWED_HOSTS = [
    name.strip() for name in _required("ALLOWED_HOSTS", "the portal's host names, comma-separated").split(",")
]
PORTAL_URL = env("PORTAL_URL", default="") or f"https://{ALLOWED_HOSTS[0].lstrip('.')}"
DATABASES = databases(
    _required("DATABASE_URL", "where PostgreSQL is, postgres://user:password@host:5432/name")
)
_broker = _required("REDIS_URL", "where the broker is, redis://host:6379/0")
_cache = _required(
    "CACHE_URL",
    "where the cache is, redis://host:6379/0 on an instance that may evict, unlike the broker's",
)
vars().update(broker(_broker))
CACHES = caches(_cache)
if _server(_cache) == _server(_broker):
    raise ImproperlyConfigured(
        "CACHE_URL and REDIS_URL name the same server: a full cache would stop the broker, "
        "so give each its own instance."
    )
FIELD_ENCRYPTION_KEYS = keys.field_keys(
    _required(
        "FIELD_KEYS", "the keys of encrypted fields as id:key, see `python -m nanchang_portal.settings.keys`"
    )
)
BLIND_INDEX_KEYS = keys.blind_index_keys(
    _required(
        "BLIND_INDEX_KEYS",
        "the keys of identity hashes as version:key, see `python -m nanchang_portal.settings.keys`",
    )
)
# Only who seals the audit chains (a worker) needs it; the others check seals by AUDIT_PUBLIC_KEYS.
AUDIT_SIGNING_KEY = keys.signing_key(env("AUDIT_SIGNING_KEY", default=""))

# Everything over TLS. A proxy that ends TLS sets a header, and strips it from visitors: PROXY_TLS_HEADER names it.
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
# Asked by the container's health check and by Prometheus, inside, without TLS.
SECURE_REDIRECT_EXEMPT = [r"^healthz(/live|/ready)?$", r"^metrics$"]
LOG_FORMAT = env("LOG_FORMAT", default="json")
LOGGING = logs.configuration(LOG_FORMAT)
if header := env("PROXY_TLS_HEADER", default=""):
    SECURE_PROXY_SSL_HEADER = (f"HTTP_{header.upper().replace('-', '_')}", "https")
# Whose address limits count: what the nearest proxies wrote at the end of X-Forwarded-For. Without this, everybody
# would have the proxy's address, and one guesser would stop the city.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXIES", default=1 if header else 0)
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=365 * 24 * 3600)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
LANGUAGE_COOKIE_SECURE = True
# The prefix makes browsers refuse such a cookie from a neighbouring host or without TLS.
SESSION_COOKIE_NAME = "__Host-sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken"
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

if OIDC_ISSUER and not OIDC_ISSUER.startswith("https://"):
    raise ImproperlyConfigured(
        "OIDC_ISSUER must begin with https://: who signs in is trusted to its answers."
    )

STATIC_ROOT = env("STATIC_ROOT", default=str(BASE_DIR / "staticfiles"))
CLAMD_URL = _required(
    "CLAMD_URL", "where ClamAV's daemon is, tcp://clamav:3310 or unix:///run/clamav/clamd.ctl"
)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "evidence": evidence_storage(env("EVIDENCE_STORAGE_URL", default=""), DATA_DIR / "evidence"),
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

CONTACT_PHONE = env("CONTACT_PHONE", default="")
CONTACT_EMAIL = env("CONTACT_EMAIL", default="")

if email_url := env("EMAIL_URL", default=""):
    vars().update(env.email_url_config(email_url))
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="portal@localhost")
