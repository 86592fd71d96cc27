import os

from django.core.wsgi import get_wsgi_application

os.environ["PORTAL_PROCESS"] = "web"  # read by settings/base.py
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nanchang_portal.settings.prod")

application = get_wsgi_application()
