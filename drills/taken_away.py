"""A plugin of pytest (`-p drills.taken_away`): each wall's test runs without that wall, in its own transaction."""

import pytest

from drills.walls import DATABASE


def pytest_generate_tests(metafunc):
    here = f"{metafunc.definition.nodeid.partition('[')[0]}"
    if walls := [wall for wall in DATABASE if wall.test.partition("[")[0] == here]:
        names = [f"WALL {number}" for number in (DATABASE.index(wall) for wall in walls)]
        metafunc.parametrize("_wall", walls, ids=names, indirect=True)


@pytest.fixture(autouse=True)
def _wall(request):
    """Of every test, so that pytest does not prune it; without a parameter it does nothing."""
    if wall := getattr(request, "param", None):
        request.getfixturevalue("db")
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(wall.statement)
