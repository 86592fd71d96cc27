"""A Django with one view and nothing else: the limit that `bench.pages` measures against."""

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse
from django.urls import path


def hello(_request) -> HttpResponse:
    return HttpResponse("Hello, city.")


urlpatterns = [path("", hello)]

settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="only-for-the-bench", MIDDLEWARE=[])
import django  # noqa: E402

django.setup()
application = WSGIHandler()
