"""Broker and cache behind real sentinels: the master dies, its replica takes over, nobody is told another address."""

import contextlib

import pytest
import redis
from celery import Celery
from django.core.cache import caches as known_caches
from django.core.exceptions import ImproperlyConfigured
from kombu.exceptions import OperationalError

from drills.standby import Watch
from nanchang_portal.settings import base, sentinel
from tests.portal import wait_until


@pytest.fixture
def watch(short_tmp_path):
    with contextlib.ExitStack() as stack:
        yield Watch(short_tmp_path, stack)


def test_messages_and_cache_go_on_at_the_replica_when_the_master_dies(watch, settings):
    found = base.broker(watch.url.format(0))
    options = found["CELERY_BROKER_TRANSPORT_OPTIONS"]
    assert options.items() > base.CELERY_BROKER_TRANSPORT_OPTIONS.items()
    app = Celery(broker=found["CELERY_BROKER_URL"], set_as_current=False)
    app.conf.broker_transport_options = options
    settings.CACHES = base.caches(watch.url.format(1))
    cache = known_caches["default"]

    def sent(number: int) -> bool:
        try:
            app.send_task("drill", [number], retry=False)
        except OperationalError:  # what the portal's own senders expect
            return False
        return True

    assert sent(1)
    cache.set("kept", "before")
    assert cache.get("kept") == "before"
    with redis.Redis(port=watch.master) as client:
        assert client.wait(1, 5000) == 1  # the replica has it
    watch.fail_over()
    wait_until(lambda: sent(2), 30, "a message after the failover")
    assert cache.get("kept") == "before"
    cache.set("kept", "after")
    assert cache.get("kept") == "after"
    with redis.Redis(port=watch.master) as client:
        assert client.llen("celery") == 2  # what the dead master had acknowledged, and what came after


@pytest.mark.parametrize(
    "url",
    [
        "sentinel://host:26379/0",  # whose master?
        "sentinel:///0?master=portal",
        "sentinel://host:x/0?master=portal",
        "sentinel://host/zero?master=portal",
        "sentinel://host/0?master=portal&quorum=2",
    ],
)
def test_an_address_that_names_nothing_is_refused_in_one_sentence(url):
    with pytest.raises(ImproperlyConfigured, match=r"^REDIS_URL.* must look like sentinel://"):
        base.broker(url)


def test_passwords_of_master_and_sentinels_reach_both(settings):
    url = "sentinel://portal:p%40ss@one,two:26380/3?master=portal&sentinel_password=other"
    found = sentinel.watched("REDIS_URL", url)
    assert found.broker_url == ("sentinel://portal:p%40ss@one:26379/3;sentinel://portal:p%40ss@two:26380/3")
    assert found.transport_options == {"master_name": "portal", "sentinel_kwargs": {"password": "other"}}
    options = base.caches(url)["default"]["OPTIONS"]
    assert (options["USERNAME"], options["PASSWORD"]) == ("portal", "p@ss")
    assert options["SENTINEL_KWARGS"] == {"password": "other"}


@pytest.mark.parametrize(
    "url",
    [
        "postgres://portal_app:x@db1:5432,db2:5433/portal",
        "postgres://portal_app@/portal?host=/one,/two&port=5432,5433",
    ],
)
def test_of_several_databases_the_one_that_takes_writes_is_asked(url):
    found = base.databases(url)["default"]
    assert "," in found["HOST"] and found["PORT"] == "5432,5433"
    assert found["OPTIONS"]["target_session_attrs"] == "read-write"
    assert (
        "target_session_attrs" not in base.databases("postgres://portal_app@db/portal")["default"]["OPTIONS"]
    )
