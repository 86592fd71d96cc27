"""Settings shared by every environment. No rate, threshold, cap or amount belongs here (see policy/)."""

from pathlib import Path
from urllib.parse import parse_qsl, urljoin, urlsplit

import environ
from celery.schedules import crontab
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from kombu import Queue

from nanchang_portal import embedded
from nanchang_portal.operations import logs

from . import sentinel

BASE_DIR = Path(__file__).resolve().parents[2]
env = environ.Env()
DATA_DIR = embedded.data_dir()


def _is_web() -> bool:
    return env("PORTAL_PROCESS", default="") == "web"


INSTALLED_APPS = [
    "nanchang_portal",  # its commands go before Django's of the same name
    "nanchang_portal.admin_app.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_htmx",
    "pgtrigger",
    "csp",
    "audit",
    "accounts",
    "policy",
    "ledger",
    "casework",
    "recomputations",
    "notices",
    "payments",
    "simulations",
    "documents",
    "messaging",
    "workbooks",
    "training",
    "applications",
    "reports",
]

MIDDLEWARE = [
    "nanchang_portal.operations.requests.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "nanchang_portal.middleware.NoStoreMiddleware",
    # Below these, so that a picture or a script carries the same headers as a page.
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "reports.api.middleware.ApiMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "nanchang_portal.language.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.SessionListMiddleware",
    "accounts.middleware.SecondFactorMiddleware",
    "nanchang_portal.row_scope.RowScopeMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "nanchang_portal.urls"
WSGI_APPLICATION = "nanchang_portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "nanchang_portal.folding.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "csp.context_processors.nonce",
                "nanchang_portal.context.site",
                "nanchang_portal.context.inbox",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

# Languages: sources are English, Chinese is what a visitor sees first.
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_NAME = "language"
USE_I18N = True
FORMAT_MODULE_PATH = "nanchang_portal.formats"
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
WHITENOISE_ALLOW_ALL_ORIGINS = False
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "nanchang_portal.staticfiles.BootstrapFinder",
]

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
MIGRATION_MODULES: dict[str, str] = {}

# Accounts
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "dashboard"
LOGOUT_REDIRECT_URL = "home"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_USERNAME_VALIDATORS = "accounts.sign_in_forms.username_validators"
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "accounts.sign_in_forms.LoginForm",
    "signup": "accounts.sign_in_forms.SignupForm",
    "add_email": "accounts.sign_in_forms.AddEmailForm",
    "change_password": "accounts.sign_in_forms.ChangePasswordForm",
    "set_password": "accounts.sign_in_forms.SetPasswordForm",
    "reset_password": "accounts.sign_in_forms.ResetPasswordForm",
    "reset_password_from_key": "accounts.sign_in_forms.ResetPasswordKeyForm",
    "reauthenticate": "accounts.sign_in_forms.ReauthenticateForm",
}
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # before an address or an identity is changed
# One address, changed once the new one was confirmed; the old one is told.
ACCOUNT_CHANGE_EMAIL = True
# The second factor: officials need one (accounts/second_factor.py), everybody else may have one.
MFA_ADAPTER = "accounts.adapter.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_TOLERANCE = 1  # the step before and after: clocks differ, and people type slowly
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_FORMS = {
    "authenticate": "accounts.second_factor_forms.AuthenticateForm",
    "reauthenticate": "accounts.second_factor_forms.ReauthenticateForm",
    "activate_totp": "accounts.second_factor_forms.ActivateTOTPForm",
    "add_webauthn": "accounts.second_factor_forms.AddWebAuthnForm",
    "edit_webauthn": "accounts.second_factor_forms.EditWebAuthnForm",
}
# How long it is enough for money and identity numbers to have shown a second factor, or a member's password.
STEP_UP_SECONDS = 600
# How long it is enough for the office at all: a working day.
SECOND_FACTOR_SECONDS = 12 * 3600
STEP_UP_VIEWS = {
    *(f"admin:payments_batch_{step}" for step in ("submit", "release", "file", "sent", "result")),
    *(f"admin:payments_payment_{step}" for step in ("answer", "confirm")),
    *(f"admin:payments_payeeaccount_{step}" for step in ("confirm", "verify", "reveal")),
    *(f"admin:payments_spotcheck_{step}" for step in ("order", "debar")),
    *(f"admin:payments_recoveryorder_{step}" for step in ("confirm", "repayment", "received")),
    "admin:payments_debarment_confirm",
    "admin:payments_personfile_decide",
    "admin:policy_policyversion_publish",
    "admin:ledger_fund_propose",
    "admin:ledger_fund_decide",
    "admin:accounts_ownerappointment_confirm",
    "admin:accounts_factorreset_new",
    "admin:accounts_factorreset_confirm",
    "admin:accounts_user_add",
    "admin:accounts_user_change",
    "admin:auth_user_password_change",
    "payments:account_confirm",
    "training:trainee_reveal",
    "training:trainee_export",
}
# Mails are printed unless EMAIL_URL names a server, smtp+tls://user:password@host:587.
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = "portal@localhost"
# What the links in mails begin with.
PORTAL_URL = env("PORTAL_URL", default="") or f"http://127.0.0.1:{env('PORT', default='8000')}"

# A provincial identity by OpenID Connect: off until OIDC_ISSUER names one (accounts/identity_provider.py).
SOCIALACCOUNT_ADAPTER = "accounts.identity_provider.IdentityAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_LOGIN_ON_GET = False
OIDC_ISSUER = env("OIDC_ISSUER", default="")


def identity_providers(issuer: str) -> dict:
    """allauth's SOCIALACCOUNT_PROVIDERS for one issuer; without it there is no way in by it."""
    found = {"provider_class": "accounts.identity_provider.IdentityProvider", "OAUTH_PKCE_ENABLED": True}
    if not issuer:
        return {"openid_connect": found}
    app = {
        "provider_id": "identity",
        "name": env("OIDC_NAME", default="") or issuer,
        "client_id": env("OIDC_CLIENT_ID", default=""),
        "secret": env("OIDC_CLIENT_SECRET", default=""),
        "settings": {"server_url": issuer},
    }
    return {"openid_connect": found | {"APPS": [app]}}


SOCIALACCOUNT_PROVIDERS = identity_providers(OIDC_ISSUER)

# Sessions and messages
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "nanchang_portal.errors.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# Security headers: nothing inline, nothing from another host.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "base-uri": [NONE],
        "connect-src": [SELF],
        "font-src": [SELF],
        # Browsers apply it to where a form is sent on as well.
        "form-action": [SELF, *([urljoin(OIDC_ISSUER, "/")] if OIDC_ISSUER else [])],
        "frame-ancestors": [NONE],
        "frame-src": [SELF],
        "img-src": [SELF, "data:"],
        "manifest-src": [SELF],
        "object-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"

# Celery: measured in docs/architecture.md; late acknowledgement and rejection on a lost worker together lose nothing.
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SOFT_TIME_LIMIT = 90
# A worker that is told to hurry (SIGQUIT) gives its tasks so long, then their messages back to the broker.
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True


def broker_options(*, web: bool) -> dict:
    """How a process talks to the broker; a request asks once and briefly, since the sweeper sends what it could not."""
    patience = (
        {"max_retries": 0, "socket_timeout": 1} if web else {"socket_timeout": 5, "retry_on_timeout": True}
    )
    return {
        "visibility_timeout": 300,
        "unacked_restore_interval": 10,
        # With kombu's own throttle of ten a killed worker's messages come back ten times as late.
        "unacked_restore_throttle": 1,
        "socket_connect_timeout": 1,
        **patience,
    }


CELERY_BROKER_TRANSPORT_OPTIONS = broker_options(web=_is_web())
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TIMEZONE = TIME_ZONE
CELERY_DB_REUSE_MAX = 1000
# A worker takes from both in turn, so a city's parts never keep a single calculation waiting; see docs/scaling.md.
CELERY_TASK_QUEUES = [Queue(name, routing_key=name) for name in ("celery", "bulk")]
CELERY_TASK_DEFAULT_QUEUE = "celery"
CELERY_TASK_ROUTES = dict.fromkeys(
    ("recomputations.*", "simulations.freeze", "simulations.calculate"), {"queue": "bulk"}
)
# The portal's own LOGGING, in the worker too.
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = {
    "operations.heartbeat": {"task": "operations.heartbeat", "schedule": 30.0},
    "audit.seal": {"task": "audit.seal", "schedule": 300.0},
    "casework.sweep": {"task": "casework.sweep", "schedule": 5.0},
    "simulations.sweep": {"task": "simulations.sweep", "schedule": 5.0},
    "messaging.collect": {"task": "messaging.collect", "schedule": 5.0},
    "messaging.digest": {"task": "messaging.digest", "schedule": 300.0},
    "casework.watch_corrections": {"task": "casework.watch_corrections", "schedule": 900.0},
    "payments.open_person_files": {"task": "payments.open_person_files", "schedule": 3600.0},
    "ledger.reconcile": {"task": "ledger.reconcile", "schedule": crontab(hour=2, minute=30)},
    "recomputations.sweep": {"task": "recomputations.sweep", "schedule": 30.0},
    "recomputations.control": {
        "task": "recomputations.control",
        "schedule": crontab(day_of_month=1, hour=1, minute=0),
    },
    "operations.forget": {"task": "operations.forget", "schedule": crontab(hour=3, minute=30)},
    "notices.sweep": {"task": "notices.sweep", "schedule": 10.0},
    "documents.sweep": {"task": "documents.sweep", "schedule": 10.0},
    "workbooks.sweep": {"task": "workbooks.sweep", "schedule": 10.0},
    "workbooks.forget": {"task": "workbooks.forget", "schedule": 3600.0},
}
# The beat's own memory of when it last ran; losing it costs nothing.
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "celerybeat-schedule")

# A claim's form keeps up to 480 rows of eight fields as they are typed (applications/web/receipt_forms.py).
DATA_UPLOAD_MAX_NUMBER_FIELDS = 4000

# Evidence: the virus scanner (documents/scanning.py). Nothing leaves quarantine unscanned unless a setting says so.
CLAMD_URL = env("CLAMD_URL", default="")
SCANNER_REQUIRED = True
FILE_UPLOAD_HANDLERS = [
    "documents.upload_handlers.LimitHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# Whom visitors turn to. A deployment says its own; the defaults are fictional and marked so while SAMPLE_DATA is on.
CONTACT_PHONE = env("CONTACT_PHONE", default="0791-0000000")
CONTACT_EMAIL = env("CONTACT_EMAIL", default="desk@example.test")
CONTACT_ADDRESS = env("CONTACT_ADDRESS", default="")
CONTACT_HOURS = env("CONTACT_HOURS", default="09:00-12:00, 13:30-17:30")
# What one address may ask for within a minute (reports/limits.py): public pages, the interface for programs.
PUBLIC_PAGES_PER_MINUTE = env.int("PUBLIC_PAGES_PER_MINUTE", default=120)
API_REQUESTS_PER_MINUTE = env.int("API_REQUESTS_PER_MINUTE", default=60)
# The audit chains' signed heads (audit/seals.py): where they are exported, and the public keys of earlier signing keys.
AUDIT_HEADS_DIR = env("AUDIT_HEADS_DIR", default="") or str(DATA_DIR / "heads")
AUDIT_PUBLIC_KEYS = env("AUDIT_PUBLIC_KEYS", default="")

# Fictional data may be loaded, and every page says that it is fictional.
SAMPLE_DATA = env.bool("SAMPLE_DATA", default=False)
# Drills only (casework/failpoints.py); production settings never read it.
FAILPOINT_DIR: str | None = None

# JSON in a deployment, text on one machine; in both without anything personal (nanchang_portal/operations/logs.py).
LOG_FORMAT = env("LOG_FORMAT", default="line")
LOGGING = logs.configuration(LOG_FORMAT)
# Who may read /metrics: Prometheus, by this token; without one nobody.
METRICS_TOKEN = env("METRICS_TOKEN", default="")


def _limits() -> dict[str, str]:
    """How long PostgreSQL lets a process wait: a request (wsgi.py says so) briefly, a worker or a command longer."""
    web = _is_web()
    return {
        "synchronous_commit": "on",
        "statement_timeout": "10s" if web else "10min",
        "lock_timeout": "3s" if web else "30s",
        "idle_in_transaction_session_timeout": "30s" if web else "10min",
    }


# The database user of web, worker and beat, which owns nothing (nanchang_portal/database_roles.py); `migrate`, which
# runs as the owner, makes it and sets its password.
DATABASE_APP_ROLE = env("DATABASE_APP_ROLE", default=embedded.APP_ROLE)
DATABASE_APP_PASSWORD = env("DATABASE_APP_PASSWORD", default="")


def databases(url: str) -> dict:
    """Django's DATABASES for one PostgreSQL URL, with the portal's connection rules.

    A socket's directory stands in the URL's query (`postgres://portal@/portal?host=/dir&port=5432`). Of several
    hosts, `postgres://portal@db1:5432,db2:5432/portal`, each connection goes to the one that takes writes: the primary,
    and after its loss the replica that follows it. The portal never reads from a replica.
    """
    default = env.db_url_config(url)
    options = default.get("OPTIONS", {})
    if "," in default["HOST"] or "," in options.get("host", ""):
        options = {"target_session_attrs": "read-write", "connect_timeout": "3"} | options
    rules = _limits()
    if default["USER"] == DATABASE_APP_ROLE and not _is_web():
        rules["role"] = f"{DATABASE_APP_ROLE}_all"  # the rows of every organisation: accounts/scope.py
    default |= {
        "HOST": options.pop("host", default["HOST"]),
        "PORT": options.pop("port", default["PORT"]),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
        "OPTIONS": {
            **options,
            "options": " ".join(f"-c {name}={value}" for name, value in rules.items()),
        },
    }
    return {"default": default}


def evidence_storage(url: str, directory: Path) -> dict:
    """Where evidence is kept: `directory` of this machine, or S3 for `s3://bucket/prefix?endpoint_url=...&region_name=...`.

    S3's credentials come from its usual variables or the machine's role, never from the URL.
    """
    if not url:
        return {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {
                "location": directory,
                "base_url": None,
                "file_permissions_mode": 0o600,
                "directory_permissions_mode": 0o700,
            },
        }
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.netloc:
        raise ImproperlyConfigured("EVIDENCE_STORAGE_URL must look like s3://bucket/prefix?region_name=...")
    options = dict(parse_qsl(parts.query))
    if unknown := set(options) - {"endpoint_url", "region_name", "addressing_style"}:
        raise ImproperlyConfigured(f"EVIDENCE_STORAGE_URL: {', '.join(sorted(unknown))} is not known.")
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": parts.netloc,
            "location": parts.path.strip("/"),
            "file_overwrite": False,
            "default_acl": None,
            "querystring_auth": True,
            **options,
        },
    }


def broker(url: str) -> dict:
    """Celery's CELERY_BROKER_URL and CELERY_BROKER_TRANSPORT_OPTIONS for one server, or for one behind sentinels."""
    if not sentinel.is_sentinel(url):
        return {"CELERY_BROKER_URL": url}
    found = sentinel.watched("REDIS_URL", url)
    return {
        "CELERY_BROKER_URL": found.broker_url,
        "CELERY_BROKER_TRANSPORT_OPTIONS": CELERY_BROKER_TRANSPORT_OPTIONS | found.transport_options,
    }


def caches(url: str) -> dict:
    """Django's CACHES on the Redis-protocol server at `url`.

    A cache that is down or hangs costs speed, never a request: sessions are in the database as well, and who got no
    answer does not ask again for some seconds.
    """
    options = {
        "IGNORE_EXCEPTIONS": True,
        "SOCKET_CONNECT_TIMEOUT": 1,
        "SOCKET_TIMEOUT": 1,
        "REDIS_CLIENT_CLASS": "nanchang_portal.cache.Impatient",
    }
    if sentinel.is_sentinel(url):
        found = sentinel.watched("CACHE_URL", url)
        options |= found.cache_options
        url = f"redis://{found.master}/{found.database}"
    return {"default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": url, "OPTIONS": options}}


DJANGO_REDIS_LOG_IGNORED_EXCEPTIONS = True
