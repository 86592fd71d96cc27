"""The audit chains verify, and every kind of tampering shows."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from audit.models import Record, Stream
from audit.services import breaks, record
from tests import factories


@pytest.fixture
def chain(db) -> Stream:
    organisation, user = factories.OrganisationFactory(), factories.UserFactory()
    for number in range(3):
        record(actor=user, action="test.changed", obj=organisation, data={"number": number})
    return Stream.objects.get()


def as_owner(statement: str) -> None:
    """What somebody with the tables' owner's rights could do behind the triggers' back."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement)
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_records_chain_within_their_stream(chain):
    rows = list(Record.objects.order_by("number"))
    assert [row.number for row in rows] == [1, 2, 3]
    assert [row.previous_hash for row in rows] == ["", rows[0].hash, rows[1].hash]
    assert (chain.length, chain.head) == (3, rows[2].hash)
    assert list(breaks()) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_record SET data = '{\"number\": 9}' WHERE number = 2",
        "UPDATE audit_record SET actor_label = 'somebody else' WHERE number = 1",
        "UPDATE audit_record SET at = at + interval '1 second' WHERE number = 3",
        "DELETE FROM audit_record WHERE number = 2",
        "DELETE FROM audit_record WHERE number = 3",
        "DELETE FROM audit_record",
    ],
)
def test_tampering_is_found_and_named(chain, statement):
    as_owner(statement)
    found = list(breaks())
    assert found and {item.stream for item in found} == {chain.key}
    with pytest.raises(CommandError, match="break"):
        call_command("verify_audit", stderr=StringIO())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_record SET action = 'x'",
        "DELETE FROM audit_record",
        "TRUNCATE audit_record",
        "DELETE FROM audit_stream",
        "UPDATE audit_stream SET length = 1",
    ],
)
def test_the_database_refuses_changes(chain, statement):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(DatabaseError), transaction.atomic():
            cursor.execute(statement)
    assert Record.objects.count() == 3 and list(breaks()) == []


def test_a_record_without_an_actor_is_refused(chain):
    with pytest.raises(DatabaseError, match="audit_record_has_actor"), transaction.atomic():
        Record.objects.create(
            stream=chain,
            number=4,
            at="2026-01-01T00:00Z",
            actor_label="",
            action="x",
            object_type="x",
            object_id="1",
        )


def test_the_command_says_that_all_holds(chain):
    out = StringIO()
    call_command("verify_audit", stdout=out)
    assert "1 chains, 3 records: all hold." in out.getvalue()
