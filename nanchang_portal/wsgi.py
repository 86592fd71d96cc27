import os
from pathlib import Path

from django.core.wsgi import get_wsgi_application

os.environ["PORTAL_PROCESS"] = "web"  # read by settings/base.py
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nanchang_portal.settings.prod")
# Every web process writes its counts here, so that each can tell those of all (nanchang_portal/operations/metrics.py).
if counts := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
    Path(counts).mkdir(parents=True, exist_ok=True)

application = get_wsgi_application()
