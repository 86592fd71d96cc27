"""Settings of one machine: `make run`, development. Engines in DATA_DIR unless the URLs of servers are given."""

from urllib.parse import urlsplit

from nanchang_portal import embedded

from . import keys
from .base import *  # noqa: F403
from .base import CLAMD_URL, DATA_DIR, broker, caches, databases, env, evidence_storage


def _beside(broker_url: str) -> str:
    """The cache's place when only the broker's URL is given: database 1 of the same server."""
    parts = urlsplit(broker_url)
    if parts.scheme in ("redis+socket", "unix"):
        return f"unix://{parts.path}?db=1"
    return parts._replace(path="/1").geturl()


DEBUG = env.bool("DEBUG", default=True)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])

SAMPLE_DATA = env.bool("SAMPLE_DATA", default=True)
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True  # security keys at http://localhost
FAILPOINT_DIR = env("FAILPOINT_DIR", default="") or None

_own = embedded.urls(DATA_DIR)
DATABASES = databases(env("DATABASE_URL", default="") or _own.database)
_broker = env("REDIS_URL", default="") or _own.broker
vars().update(broker(_broker))
CACHES = caches(env("CACHE_URL", default="") or _beside(_broker))

_secrets = {name: env(name, default="") for name in keys.NAMES}
if not all(_secrets.values()):
    _secrets = keys.kept(DATA_DIR / "keys") | {name: value for name, value in _secrets.items() if value}
SECRET_KEY = _secrets["SECRET_KEY"]
FIELD_ENCRYPTION_KEYS = keys.field_keys(_secrets["FIELD_KEYS"])
BLIND_INDEX_KEYS = keys.blind_index_keys(_secrets["BLIND_INDEX_KEYS"])
AUDIT_SIGNING_KEY = keys.signing_key(_secrets["AUDIT_SIGNING_KEY"])

if email_url := env("EMAIL_URL", default=""):
    vars().update(env.email_url_config(email_url))
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="portal@localhost")

STATIC_ROOT = DATA_DIR / "static"
SCANNER_REQUIRED = env.bool("SCANNER_REQUIRED", default=bool(CLAMD_URL))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "evidence": evidence_storage(env("EVIDENCE_STORAGE_URL", default=""), DATA_DIR / "evidence"),
    "staticfiles": {"BACKEND": "nanchang_portal.static_storage.FirstViewCompressedStorage"},
}
