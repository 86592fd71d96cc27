"""Signed heads find what a chain cannot tell of itself: rewritten whole, deleted whole, cut and the head put right."""

import base64
import json
from io import StringIO
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from audit import dumps, published, seals
from audit.hashing import public_text
from audit.models import Record, Seal, Stream
from audit.services import Chains, record
from audit.verification import SEALS, breaks
from tests import factories

PERIOD = timezone.timedelta(days=1)


@pytest.fixture
def heads(settings, tmp_path):
    """An empty place for the exported heads."""
    settings.AUDIT_HEADS_DIR = str(tmp_path / "heads")
    return tmp_path / "heads"


@pytest.fixture
def sealed(db, heads):
    """Two chains of three records, sealed; then one more record, sealed again."""
    organisations, user = factories.OrganisationFactory.create_batch(2), factories.UserFactory()
    for number in range(3):
        for organisation in organisations:
            record(
                actor=user, action="test.changed", obj=organisation, data={"number": number, "名": "a\tb\\n"}
            )
    now = timezone.now()
    seals.seal(now=now - PERIOD)
    record(actor=user, action="test.changed", obj=organisations[0], data={"number": 4})
    seals.seal(now=now)
    return list(Stream.objects.order_by("id"))


def as_owner(*statements: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("SET LOCAL session_replication_role = origin")


def dump_text(heads) -> str:
    """The audit tables as pg_dump writes them."""
    blocks = ["-- PostgreSQL database dump\n"]
    with connection.cursor() as cursor:
        for table in ("audit_record", "audit_seal", "audit_stream"):
            cursor.execute(f"SELECT * FROM {table} LIMIT 0")
            names = ", ".join(
                f'"{item.name}"' if item.name == "number" else item.name for item in cursor.description
            )
            with cursor.copy(f"COPY {table} TO STDOUT") as copy:
                rows = b"".join(bytes(part) for part in copy).decode()
            blocks.append(f"COPY public.{table} ({names}) FROM stdin;\n{rows}\\.\n\n")
    path = heads.parent / "dump.sql"
    path.write_text("".join(blocks))
    return str(path)


def found(heads) -> set[tuple[str, int]]:
    """Where the database breaks; a dump of it breaks in the same places."""
    keys, files = seals.known_keys(), published.read_all(heads)
    places = {(item.stream, item.number) for item in breaks(Chains(), files, keys)}
    with dumps.Dump(Path(dump_text(heads))) as dump:
        assert {(item.stream, item.number) for item in breaks(dump, files, keys)} == places
    return places


def rewrite(stream: Stream, change) -> None:
    """What an owner who knows the algorithm does: changes a record and makes every hash after it right again."""
    from audit.services import _record_hash

    statements, last = [], ""
    for row in Record.objects.filter(stream=stream).order_by("number"):
        change(row)
        row.previous_hash, last = last, _record_hash(last, stream.key, row)
        values = json.dumps(row.data).replace("'", "''")
        statements.append(
            f"UPDATE audit_record SET data = '{values}', previous_hash = '{row.previous_hash}', hash = '{last}' "
            f"WHERE id = {row.pk}"
        )
    as_owner(*statements, f"UPDATE audit_stream SET head = '{last}' WHERE id = {stream.pk}")


def test_what_is_untouched_holds(sealed, heads):
    assert found(heads) == set()
    assert [(seal.number, seal.streams, seal.records) for seal in Seal.objects.order_by("number")] == [
        (1, 2, 6),
        (2, 2, 7),
    ]
    out = StringIO()
    call_command("verify_audit", stdout=out)
    assert "2 chains, 7 records: all hold." in out.getvalue() and "2 seals" in out.getvalue()


def test_a_chain_that_was_rewritten_whole_is_found(sealed, heads):
    def change(row):
        row.data["number"] += 100

    rewrite(sealed[1], change)
    assert list(breaks(Chains())) == []  # by itself the chain holds
    assert found(heads) == {(sealed[1].key, 3)}
    with pytest.raises(CommandError, match="1 break"):
        call_command("verify_audit", stderr=StringIO())


def test_a_chain_that_was_deleted_whole_is_found(sealed, heads):
    pk = sealed[0].pk
    as_owner(f"DELETE FROM audit_record WHERE stream_id = {pk}", f"DELETE FROM audit_stream WHERE id = {pk}")
    assert list(breaks(Chains())) == []
    assert found(heads) == {(sealed[0].key, 3), (sealed[0].key, 4)}


def test_a_tail_that_was_cut_with_its_head_put_right_is_found(sealed, heads):
    pk = sealed[0].pk
    as_owner(
        f"DELETE FROM audit_record WHERE stream_id = {pk} AND number > 2",
        f"UPDATE audit_stream SET length = 2, head = (SELECT hash FROM audit_record WHERE stream_id = {pk} "
        f"AND number = 2) WHERE id = {pk}",
    )
    assert list(breaks(Chains())) == []
    assert found(heads) == {(sealed[0].key, 3), (sealed[0].key, 4)}


def test_a_deleted_head_is_found(sealed, heads):
    as_owner(f"DELETE FROM audit_stream WHERE id = {sealed[0].pk}")
    assert (sealed[0].key, 3) in found(heads)


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        ("DELETE FROM audit_seal WHERE number = 2", 2),
        ("DELETE FROM audit_seal WHERE number = 1", 1),
        ("UPDATE audit_seal SET at = at - interval '1 hour' WHERE number = 1", 1),
        ("UPDATE audit_seal SET signature = translate(signature, 'abcdef', 'bcdefa') WHERE number = 2", 2),
        ("UPDATE audit_seal SET key_name = 'another' WHERE number = 2", 2),
    ],
)
def test_a_missing_or_changed_seal_is_found(sealed, heads, statement, number):
    as_owner(statement)
    assert (SEALS, number) in found(heads)


@pytest.mark.parametrize("number", [1, 2])
def test_a_missing_file_is_found(sealed, heads, number):
    published.path_of(heads, number).unlink()
    assert (SEALS, number) in found(heads)


def test_changed_heads_in_a_file_are_found(sealed, heads):
    path = published.path_of(heads, 2)
    value = json.loads(path.read_text())
    value["heads"].pop()
    path.chmod(0o600)
    path.write_text(json.dumps(value))
    assert (SEALS, 2) in found(heads)


def test_a_seal_that_somebody_else_signed_is_found(sealed, heads, settings):
    """Rows and files replaced together, everything consistent, but not by the key."""
    ours = seals.known_keys()
    as_owner("DELETE FROM audit_seal WHERE number = 2")
    published.path_of(heads, 2).unlink()
    settings.AUDIT_SIGNING_KEY = ("1", Ed25519PrivateKey.generate())
    seals.seal()
    places = {(item.stream, item.number) for item in breaks(Chains(), published.read_all(heads), ours)}
    assert places == {(SEALS, 2)}


def test_the_database_refuses_a_seal_out_of_turn(sealed):
    fields = {
        "at": timezone.now(), "streams": 1, "records": 1, "root": "0" * 64,
        "key_name": "1", "hash": "1" * 64, "signature": "x",
    }  # fmt: skip
    for number, previous in ((4, Seal.objects.get(number=2).hash), (3, "2" * 64)):
        with pytest.raises(DatabaseError, match="audit_seal_follows"), transaction.atomic():
            Seal.objects.create(number=number, previous_hash=previous, **fields)


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_seal SET records = 0", "DELETE FROM audit_seal", "TRUNCATE audit_seal"]
)
def test_the_database_refuses_to_change_a_seal(sealed, statement):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert Seal.objects.count() == 2


def test_a_day_has_one_seal_and_a_missed_night_is_made_up(db, heads):
    evening = timezone.make_aware(timezone.datetime(2025, 12, 31, 23, 50))  # Asia/Shanghai
    assert seals.seal_if_due(now=evening).number == 1
    assert seals.seal_if_due(now=evening + timezone.timedelta(minutes=9)) is None
    assert seals.seal_if_due(now=evening + timezone.timedelta(minutes=10)).number == 2
    assert seals.seal_if_due(now=evening + timezone.timedelta(days=3)).number == 3
    assert [file.seal.number for file in published.read_all(heads)] == [1, 2, 3]


def test_killed_between_file_and_row_nothing_is_contradicted(sealed, heads):
    as_owner("DELETE FROM audit_seal WHERE number = 2")  # as if its transaction had never ended
    exported = published.path_of(heads, 2).read_bytes()
    assert seals.seal().number == 3
    assert published.path_of(heads, 2).read_bytes() == exported
    assert found(heads) == set()


def test_a_file_that_is_not_ours_is_not_taken_over(sealed, heads, settings):
    as_owner("DELETE FROM audit_seal WHERE number = 2")
    settings.AUDIT_SIGNING_KEY = ("1", Ed25519PrivateKey.generate())
    with pytest.raises(ImproperlyConfigured, match="did not sign"):
        seals.seal()
    assert Seal.objects.count() == 1


def test_without_a_key_nothing_is_sealed(db, heads, settings):
    settings.AUDIT_SIGNING_KEY = None
    with pytest.raises(CommandError, match="AUDIT_SIGNING_KEY"):
        call_command("seal_audit")
    assert not Seal.objects.exists() and not heads.exists()


def test_after_a_change_of_key_both_are_checked(sealed, heads, settings):
    settings.AUDIT_PUBLIC_KEYS = public_text(*settings.AUDIT_SIGNING_KEY)
    settings.AUDIT_SIGNING_KEY = ("2", Ed25519PrivateKey.from_private_bytes(b"\x02" * 32))
    assert seals.seal().key_name == "2"
    assert found(heads) == set()
    settings.AUDIT_PUBLIC_KEYS = ""
    assert found(heads) == {(SEALS, 1), (SEALS, 2)}


def test_the_command_reads_a_dump_and_a_key_of_its_own(sealed, heads, settings):
    arguments = {
        "dump": Path(dump_text(heads)),
        "heads": heads,
        "public_key": public_text(*settings.AUDIT_SIGNING_KEY),
    }
    out = StringIO()
    call_command("verify_audit", stdout=out, **arguments)
    assert "2 chains, 7 records: all hold." in out.getvalue()
    other = base64.b64encode(b"\x01" * 32).decode()
    with pytest.raises(CommandError, match="2 break"):
        call_command("verify_audit", stderr=StringIO(), **arguments | {"public_key": f"9:{other}"})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-- PostgreSQL database dump\nSELECT 1;\n",
        "COPY public.audit_record (id, number) FROM stdin;\n1\n\\.\n",
        "COPY public.audit_record (id) FROM stdin;\n\\.\nCOPY public.audit_stream (id) FROM stdin;\nx\n\\.\n",
    ],
)
def test_what_is_no_dump_is_said_to_be_none(heads, tmp_path, text):
    path = tmp_path / "file.sql"
    path.write_text(text)
    with pytest.raises(CommandError):
        call_command("verify_audit", dump=path, heads=heads, public_key="")
