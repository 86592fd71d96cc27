"""A broker or cache that is frozen takes connections and never answers: a request does not wait for it again and again.

What is asserted is how often it was asked, not how long that took.
"""

import socket
import threading
from contextlib import contextmanager

import pytest
from celery import Celery
from django.conf import settings
from django_redis.cache import RedisCache
from kombu.exceptions import OperationalError

from nanchang_portal.settings.base import broker_options, caches


class Frozen:
    """Counts who connects."""

    def __init__(self, listener: socket.socket) -> None:
        self.port, self.taken = listener.getsockname()[1], []
        self._listener = listener
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        while True:
            try:
                self.taken.append(self._listener.accept()[0])
            except OSError:
                return


@contextmanager
def frozen_server():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Frozen(listener)
        yield server
        listener.shutdown(socket.SHUT_RDWR)
    for connection in server.taken:
        connection.close()


@pytest.fixture
def frozen():
    with frozen_server() as server:
        yield server


def test_a_frozen_cache_is_asked_once_and_then_left_alone(frozen):
    cache_settings = caches(f"redis://127.0.0.1:{frozen.port}/1")["default"]
    cache_settings["OPTIONS"] |= {"SOCKET_CONNECT_TIMEOUT": 0.2, "SOCKET_TIMEOUT": 0.2}
    cache = RedisCache(cache_settings["LOCATION"], cache_settings)
    assert [cache.get("session", "none") for _ in range(4)] == ["none"] * 4
    assert not cache.set("session", "x") and not cache.add("limit", 1)
    assert len(frozen.taken) == 1


def test_a_web_process_tells_a_frozen_broker_once(frozen):
    app = Celery(broker=f"redis://127.0.0.1:{frozen.port}/0", set_as_current=False)
    app.conf.broker_transport_options = broker_options(web=True) | {"socket_connect_timeout": 0.2}
    with pytest.raises(OperationalError):  # what every `nudge` takes as "the sweeper will send it"
        app.send_task("casework.calculate", [1], retry=settings.CELERY_TASK_PUBLISH_RETRY)
    assert len(frozen.taken) == 1
