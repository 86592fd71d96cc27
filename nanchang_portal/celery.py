"""The Celery application. Tasks carry ids; state lives in the tables (see docs/architecture.md)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nanchang_portal.settings.dev")

app = Celery("nanchang_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
