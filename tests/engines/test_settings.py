"""What the settings give each kind of process."""

import os
import subprocess
import sys

import pytest

from tests.portal import BASE


@pytest.mark.parametrize(
    ("start", "limit"), [("nanchang_portal.wsgi", "10s"), ("nanchang_portal.celery", "10min")]
)
def test_a_request_waits_briefly_for_the_database_and_a_worker_longer(start, limit):
    script = (
        f"import {start}\nfrom django.conf import settings\n"
        "print(settings.DATABASES['default']['OPTIONS']['options'])"
    )
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "nanchang_portal.settings.test"}
    environment.pop("PORTAL_PROCESS", None)
    printed = subprocess.run(
        [sys.executable, "-c", script], cwd=BASE, env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert f"-c statement_timeout={limit}" in printed
    assert "-c synchronous_commit=on" in printed
