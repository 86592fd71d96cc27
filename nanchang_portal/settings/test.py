"""Settings of the tests: real PostgreSQL and Valkey, which tests/conftest.py starts once for all of pytest's workers.

The first process to read this file (pytest's controller) chooses the place and passes it on by the environment.
"""

import os
import secrets
import tempfile
from pathlib import Path

from nanchang_portal import embedded
from nanchang_portal.launcher.messages import compile_messages

compile_messages()  # in a fresh clone there are none, and Django reads them while it sets itself up
if not os.environ.get("PORTAL_TEST_DATA_DIR"):
    os.environ["PORTAL_TEST_DATA_DIR"] = str(Path(tempfile.gettempdir()) / f"portal-{secrets.token_hex(4)}")
os.environ["DATA_DIR"] = os.environ["PORTAL_TEST_DATA_DIR"]

from . import keys  # noqa: E402
from .base import *  # noqa: E402, F403
from .base import DATA_DIR, caches, databases, env, evidence_storage  # noqa: E402

# pytest-xdist's workers share the engines, but neither queues nor cached pages.
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_own = embedded.urls(DATA_DIR, databases=(2 * _worker, 2 * _worker + 1))

DEBUG = False
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
DATABASES = databases(env("DATABASE_URL", default="") or _own.database)
if not env("DATABASE_URL", default=""):
    DATABASES["default"]["TEST"] = {"TEMPLATE": embedded.NAME}  # migrated already: tests/cluster.py
CELERY_BROKER_URL = env("REDIS_URL", default="") or _own.broker
CACHES = caches(env("CACHE_URL", default="") or _own.cache)

SECRET_KEY = "only-for-tests-" + "x" * 40
FIELD_ENCRYPTION_KEYS = keys.field_keys("2:" + "Mi" * 21 + "I=" + ",1:" + "MT" * 21 + "E=")
BLIND_INDEX_KEYS = keys.blind_index_keys("1:" + "QU" * 21 + "E=")
AUDIT_SIGNING_KEY = keys.signing_key("1:" + "Qj" * 21 + "I=")

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CLAMD_URL, SCANNER_REQUIRED = "", False  # tests of the scanner start one
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "evidence": evidence_storage("", DATA_DIR / "evidence"),
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
