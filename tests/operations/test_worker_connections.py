"""What an outage of the database leaves in a worker's process."""

import pytest
from django.db import DatabaseError, connection

from simulations.tasks import sweep


def backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


@pytest.fixture
def _outside_a_transaction(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        yield
        connection.close()


@pytest.mark.usefixtures("_outside_a_transaction")
def test_a_task_begins_with_a_connection_that_answers():
    """One that is lost outside a transaction is closed by nobody: every later task would fail on it."""
    before = backend()
    with pytest.raises(DatabaseError), connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [before])
    with pytest.raises(DatabaseError):
        backend()

    assert sweep.apply().successful()
    assert backend() != before
