"""The portal's own Django with Django's standard middleware alone, and one view that greets who is signed in.

The second limit of `bench.pages`: what any page behind a session costs before it says anything. Sessions, users, cache
and database are the portal's.
"""

import os

os.environ["PORTAL_PROCESS"] = "web"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nanchang_portal.settings.prod")

import django  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402


def hello(request) -> HttpResponse:
    return HttpResponse(
        f"Hello, {request.user.get_username()}.", status=200 if request.user.is_authenticated else 403
    )


urlpatterns = [path("", hello)]

django.setup()  # before its middleware goes, which allauth looks for
settings.ROOT_URLCONF = __name__
#: What `django-admin startproject` writes.
settings.MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
application = get_wsgi_application()
