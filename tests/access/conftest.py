"""The rows of tests/access/world.py: made once for a file's tests, each of which leaves them as they were."""

import pytest
from django.core.cache import cache
from django.db import transaction
from django.template import Template
from django.test.utils import _TestState

from tests.access import headers
from tests.access import world as worlds


@pytest.fixture(scope="module")
def _built(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), transaction.atomic():
        yield worlds.build()
        transaction.set_rollback(True)


@pytest.fixture
def world(_built):
    cache.clear()
    with transaction.atomic():
        yield _built
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def plain_templates():
    """Django's test runner copies the context of every template of every page for `response.context`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Template, "_render", _TestState.saved_data.template_render)
        yield


@pytest.fixture
def as_deployed(settings):
    headers.deployed(settings)
