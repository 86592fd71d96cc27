"""What the settings give each kind of process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import redis
from celery import Celery

from nanchang_portal import embedded
from nanchang_portal.celery import app
from tests.portal import BASE

#: For how long PostgreSQL lets each kind of process wait; docs/decisions/0020-database-roles.md says as whom.
PATIENCE = {
    "nanchang_portal.wsgi": {
        "statement_timeout": "10s", "lock_timeout": "3s", "idle_in_transaction_session_timeout": "30s",
    },
    "nanchang_portal.celery": {
        "statement_timeout": "10min", "lock_timeout": "30s", "idle_in_transaction_session_timeout": "10min",
    },
}  # fmt: skip


@pytest.mark.parametrize("start", PATIENCE)
def test_a_request_waits_briefly_for_the_database_and_a_worker_longer(start):
    """As PostgreSQL tells the process that has connected."""
    script = (
        f"import django, {start}\ndjango.setup()\nfrom django.db import connection\n"
        "with connection.cursor() as cursor:\n"
        f"    for name in {['synchronous_commit', *PATIENCE[start]]}:\n"
        "        cursor.execute(f'SHOW {name}')\n"
        "        print(name, cursor.fetchone()[0])"
    )
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "nanchang_portal.settings.test"}
    environment.pop("PORTAL_PROCESS", None)
    printed = subprocess.run(
        [sys.executable, "-c", script], cwd=BASE, env=environment, capture_output=True, text=True, check=True
    ).stdout
    shown = dict(line.split() for line in printed.splitlines())
    assert shown == {"synchronous_commit": "on"} | PATIENCE[start]


#: What loses no task and doubles none, measured by kills (docs/assurance.md).
WORKER = {
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "worker_prefetch_multiplier": 1,
    "task_serializer": "json",
    "accept_content": ["json"],
    "task_ignore_result": True,
    "task_time_limit": 120,
    "task_soft_time_limit": 90,
    "worker_soft_shutdown_timeout": 30.0,
    "task_publish_retry": False,
}
BROKER = {"visibility_timeout": 300, "unacked_restore_interval": 10, "unacked_restore_throttle": 1}


def test_the_settings_are_those_that_were_measured():
    assert {name: app.conf[name] for name in WORKER} == WORKER
    assert {name: app.conf.broker_transport_options.get(name) for name in BROKER} == BROKER


def test_the_running_worker_says_that_it_works_by_these_rules(portal):
    asked = Celery(broker=embedded.urls(portal.data_dir).broker, set_as_current=False)
    (found,) = asked.control.inspect(timeout=10, limit=1).conf(with_defaults=True).values()
    assert {name: found.get(name) for name in WORKER} == WORKER
    assert {name: found["broker_transport_options"].get(name) for name in BROKER} == BROKER
    # Else a task that still runs would be given to a second worker.
    assert BROKER["visibility_timeout"] > found["task_time_limit"] > found["task_soft_time_limit"]


def test_the_broker_keeps_every_message(settings):
    """On a disk, and never evicted."""
    if os.environ.get("REDIS_URL"):
        pytest.skip("The broker is somebody else's.")
    place = embedded.valkey_socket(Path(settings.DATA_DIR))
    with redis.Redis(unix_socket_path=str(place), decode_responses=True) as broker:
        for name, value in (
            ("appendonly", "yes"),
            ("appendfsync", "everysec"),
            ("maxmemory-policy", "noeviction"),
        ):
            assert broker.config_get(name) == {name: value}
