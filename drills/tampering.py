"""Tamper with the audit as the tables' owner, behind the triggers, and see whether `verify_audit` finds each one.

`python -m drills.tampering [1000]` works in a database of its own. Each edit is made in a transaction, verified and
rolled back; one that is not found counts as lost.
"""

import json
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from drills.shape import Outcome, main, own_database

Edit = Callable[[random.Random], tuple[str, list]]


def _record(chance: random.Random):
    from audit.models import Record

    return Record.objects.order_by("pk")[chance.randrange(Record.objects.count())]


def _change(column: str, value: Callable[[object], object]) -> Edit:
    def edit(chance: random.Random) -> tuple[str, list]:
        row = _record(chance)
        return f"UPDATE audit_record SET {column} = %s WHERE id = %s", [value(row), row.pk]

    return edit


def _delete_record(chance: random.Random) -> tuple[str, list]:
    return "DELETE FROM audit_record WHERE id = %s", [_record(chance).pk]


def _swap(chance: random.Random) -> tuple[str, list]:
    """Two neighbours of one chain change places, all but their numbers."""
    row = _record(chance)
    other = 2 if row.number == 1 else row.number - 1
    return (
        "UPDATE audit_record r SET data = o.data, at = o.at, action = o.action, hash = o.hash, "
        "previous_hash = o.previous_hash FROM audit_record o WHERE r.stream_id = %s AND o.stream_id = r.stream_id "
        "AND r.number IN (%s, %s) AND o.number IN (%s, %s) AND o.number <> r.number",
        [row.stream_id, row.number, other, row.number, other],
    )


def _delete_chain(chance: random.Random) -> tuple[str, list]:
    pk = _record(chance).stream_id
    return (
        "WITH gone AS (DELETE FROM audit_record WHERE stream_id = %s) DELETE FROM audit_stream WHERE id = %s",
        [
            pk,
            pk,
        ],
    )


def _cut_tail(chance: random.Random) -> tuple[str, list]:
    row = _record(chance)
    return (
        "WITH gone AS (DELETE FROM audit_record WHERE stream_id = %s AND number >= %s) "
        "UPDATE audit_stream SET length = %s, head = %s WHERE id = %s",
        [row.stream_id, row.number, row.number - 1, row.previous_hash, row.stream_id],
    )


def _move(chance: random.Random) -> tuple[str, list]:
    """A record goes to another chain's end."""
    from audit.models import Stream

    row = _record(chance)
    other = Stream.objects.exclude(pk=row.stream_id).order_by("pk").first()
    return "UPDATE audit_record SET stream_id = %s, number = %s WHERE id = %s", [
        other.pk,
        other.length + 1,
        row.pk,
    ]


def _seal(column: str, value: str) -> Edit:
    def edit(chance: random.Random) -> tuple[str, list]:
        from audit.models import Seal

        number = chance.randint(1, Seal.objects.count())
        return f"UPDATE audit_seal SET {column} = {value} WHERE number = %s", [number]

    return edit


def _delete_seal(chance: random.Random) -> tuple[str, list]:
    from audit.models import Seal

    return "DELETE FROM audit_seal WHERE number = %s", [chance.randint(1, Seal.objects.count())]


def _rewrite(chance: random.Random) -> tuple[str, list]:
    """A record is changed and every hash after it made right, the head's too: only the seals know better."""
    from audit.models import Record
    from audit.services import HASHED, RecordText

    changed = _record(chance)
    rows = list(Record.objects.filter(stream=changed.stream, number__gte=changed.number).order_by("number"))
    last, values = changed.previous_hash, []
    for row in rows:
        if row.pk == changed.pk:
            row.data = {**row.data, "amount_rmb": str(chance.randrange(10**6))}
        text = RecordText(
            stream=changed.stream.key, previous_hash=last, **{name: getattr(row, name) for name in HASHED}
        )
        values.append([row.pk, json.dumps(row.data), last, text.computed()])
        last = values[-1][3]
    rows_sql = ", ".join(["(%s::bigint, %s::jsonb, %s, %s)"] * len(values))
    return (
        f"WITH new (id, data, before, own) AS (VALUES {rows_sql}), done AS (UPDATE audit_record r SET data = new.data, "
        "previous_hash = new.before, hash = new.own FROM new WHERE r.id = new.id) "
        "UPDATE audit_stream SET head = %s WHERE id = %s",
        [*[cell for row in values for cell in row], last, changed.stream_id],
    )


EDITS: dict[str, Edit] = {
    "values of a record": _change("data", lambda row: json.dumps({**row.data, "forged": 1})),
    "time of a record": _change(
        "at", lambda row: row.at.replace(microsecond=(row.at.microsecond + 1) % 10**6)
    ),
    "actor of a record": _change("actor_label", lambda row: row.actor_label + "x"),
    "action of a record": _change("action", lambda row: row.action + "x"),
    "object of a record": _change("object_id", lambda row: row.object_id + "1"),
    "hash of a record": _change("hash", lambda row: row.hash[1:] + row.hash[0]),
    "record deleted": _delete_record,
    "records swapped": _swap,
    "record moved to another chain": _move,
    "tail cut, head put right": _cut_tail,
    "chain deleted with its head": _delete_chain,
    "chain rewritten whole": _rewrite,
    "time of a seal": _seal("at", "at + interval '1 second'"),
    "root of a seal": _seal("root", "md5(root) || md5(root)"),
    "signature of a seal": _seal("signature", "translate(signature, 'abcdefghABCDEFGH', 'bcdefghaBCDEFGHA')"),
    "seal deleted": _delete_seal,
}


@contextmanager
def _undone() -> Iterator[Callable[[str, list], None]]:
    """What the owner of the tables may do behind the triggers; undone at the end."""
    from django.db import connection, transaction

    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET LOCAL session_replication_role = replica")
            yield cursor.execute
            cursor.execute("SET LOCAL session_replication_role = origin")
        transaction.set_rollback(True)


def make_history(chains: int, records: int) -> None:
    """Chains of records, sealed three times as they grew."""
    from django.contrib.auth import get_user_model

    from audit import seals
    from audit.services import record

    actor = get_user_model()(pk=None, username="drill")
    for part in range(3):
        for number in range(chains):
            for step in range(records):
                data = {"step": step, "part": part, "amount_rmb": "100.00", "文": "字"}
                record(actor="drill", action="drill.done", obj=actor, data=data, stream=f"drill:{number}")
        seals.seal()


def tamper(edits: int, seed: int = 1) -> Outcome:
    """Makes `edits` edits, each kind in turn, and verifies after each."""
    from django.conf import settings

    from audit import published, seals
    from audit.services import Chains
    from audit.verification import breaks

    chance, outcome, names = random.Random(seed), Outcome("tampering"), list(EDITS)
    files, keys = published.read_all(Path(settings.AUDIT_HEADS_DIR)), seals.known_keys()
    if found := next(breaks(Chains(), files, keys), None):
        raise RuntimeError(f"broken before the drill: {found}")
    for turn in range(edits):
        name = names[turn % len(names)]
        with _undone() as execute:
            statement, values = EDITS[name](chance)
            execute(statement, values)
            found = next(breaks(Chains(), files, keys), None)
        outcome.tried[name] += 1
        if found is None:
            outcome.lost.append(f"edit {turn + 1} was not found: {name}")
    if found := next(breaks(Chains(), files, keys), None):
        raise RuntimeError(f"an edit was not undone: {found}")
    return outcome


def drill(edits: int) -> Outcome:
    with own_database():
        make_history(chains=20, records=5)
        return tamper(edits)


if __name__ == "__main__":
    sys.exit(main(__doc__, drill, 1000))
