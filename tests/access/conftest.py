import pytest

from tests.access import world as worlds


@pytest.fixture
def world(db):
    return worlds.build()
