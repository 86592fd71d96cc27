"""Bring everything that a key protects to the newest key while the portal runs: encrypted fields, keyed hashes.

Fields go in batches, each a short transaction. Hashes go all at once: two versions would not meet in
an index: writers of those tables wait for it, readers do not. Both may be broken off and repeated. What is rewritten
here stands behind triggers that let nobody change it, so this is for the tables' owner.
"""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.conf import settings
from django.db import connection, models, transaction
from psycopg import sql

from accounts import crypto
from accounts.models import HashVersion
from audit import services as audit
from nanchang_portal.database_roles import owns_tables

#: The columns that hold `crypto.blind_index` of something.
HASHES = {"identity_key", "person_key", "number_key", "code_hash"}
BATCH = 500
#: How every Fernet token begins.
TOKEN = "gAAAAA"


class CannotRotate(Exception):
    """One sentence that says why."""


def encrypted_columns() -> Iterator[tuple[type[models.Model], list[str]]]:
    """Every model with fields whose name says that they are encrypted."""
    for model in apps.get_models():
        names = [
            field.column
            for field in model._meta.local_fields
            if isinstance(field, models.BinaryField) and field.name.endswith("_encrypted")
        ]
        if names:
            yield model, names


def hash_columns() -> Iterator[tuple[type[models.Model], list[str]]]:
    for model in apps.get_models():
        if names := [field.column for field in model._meta.local_fields if field.name in HASHES]:
            yield model, names


def rotate() -> Counter:
    """Everything; how many values changed, by table. Raises CannotRotate."""
    if not owns_tables():
        raise CannotRotate(
            "Only the owner of the tables may: run it with the DATABASE_URL that `migrate` has."
        )
    changed = Counter()
    for model, columns in encrypted_columns():
        changed[model._meta.db_table] += _encrypt_anew(model, columns)
    changed[Authenticator._meta.db_table] += _second_factors()
    changed += renew_hashes()
    return changed


def _second_factors() -> int:
    """The secrets of authenticators and recovery codes, which allauth keeps as encrypted texts in JSON."""
    changed = 0
    for pk in Authenticator.objects.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            row = Authenticator.objects.select_for_update(of=("self",)).filter(pk=pk).first()
            if row is None:
                continue
            data = {name: _anew(value) for name, value in row.data.items()}
            if data != row.data:
                row.data = data
                row.save(update_fields=["data"])
                changed += 1
    return changed


def _anew(value: object) -> object:
    """A token under the newest key, alone or in a list; anything else as it is."""
    if isinstance(value, list):
        return [_anew(one) for one in value]
    if not (isinstance(value, str) and value.startswith(TOKEN)) or crypto.is_current(value.encode()):
        return value
    return crypto.encrypted_anew(value.encode()).decode()


def _encrypt_anew(model: type[models.Model], columns: list[str]) -> int:
    table, changed, last = model._meta.db_table, 0, 0
    names = {"table": sql.Identifier(table), "columns": sql.SQL(", ").join(map(sql.Identifier, columns))}
    read = sql.SQL("SELECT id, {columns} FROM {table} WHERE id > %s ORDER BY id LIMIT %s FOR NO KEY UPDATE")
    while True:
        with _behind_the_triggers(table) as cursor:
            cursor.execute(read.format(**names).as_string(cursor.connection), [last, BATCH])
            rows = cursor.fetchall()
            for pk, *tokens in rows:
                old = {
                    name: token
                    for name, token in zip(columns, tokens, strict=True)
                    if token and not crypto.is_current(token)
                }
                if old:
                    new = {name: crypto.encrypted_anew(token) for name, token in old.items()}
                    _update(cursor, table, pk, new)
                    changed += len(old)
        if not rows:
            return changed
        last = rows[-1][0]


def renew_hashes() -> Counter:
    """Brings every stored hash to the highest version that is set, and puts that version in force.

    Twice, because another process may have written by the old version for a moment longer.
    """
    goal, changed = max(settings.BLIND_INDEX_KEYS), Counter()
    tables = list(hash_columns())
    for again in (False, True):
        if again and not changed:
            break
        if again:
            time.sleep(2 * crypto.VERSION_SECONDS)
        with _behind_the_triggers(*(model._meta.db_table for model, _ in tables)) as cursor:
            names = sql.SQL(", ").join(sql.Identifier(model._meta.db_table) for model, _ in tables)
            lock = sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(names)
            cursor.execute(lock.as_string(cursor.connection))
            for model, columns in tables:
                changed[model._meta.db_table] += _renew(cursor, model._meta.db_table, columns, goal)
            version, new = HashVersion.objects.get_or_create(version=goal)
            if new:
                audit.record(
                    actor="operator", action="keys.hashes_renewed", obj=version, data={"version": goal}
                )
    crypto.forget_version()
    return +changed


def _renew(cursor, table: str, columns: list[str], goal: int) -> int:
    changed = 0
    for column in columns:
        names = {"table": sql.Identifier(table), "column": sql.Identifier(column)}
        read = sql.SQL("SELECT DISTINCT {column} FROM {table} WHERE {column} LIKE 'v%%:%%'")
        cursor.execute(read.format(**names).as_string(cursor.connection))
        pairs = [(key, crypto.renewed(key, to=goal)) for (key,) in cursor.fetchall()]
        pairs = [(old, new) for old, new in pairs if old != new]
        write = sql.SQL("UPDATE {table} SET {column} = %s WHERE {column} = %s").format(**names)
        for old, new in pairs:
            cursor.execute(write.as_string(cursor.connection), [new, old])
            changed += cursor.rowcount
    return changed


def _update(cursor, table: str, pk: int, values: dict[str, bytes]) -> None:
    sets = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in values)
    statement = sql.SQL("UPDATE {} SET {} WHERE id = %s").format(sql.Identifier(table), sets)
    cursor.execute(statement.as_string(cursor.connection), [*values.values(), pk])


@contextmanager
def _behind_the_triggers(*tables: str):
    """A transaction in which the triggers of `tables` do not fire; only the owner is let through."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgrelid::regclass::text = ANY(%s)",
            [list(tables)],
        )
        ignored = "{" + ",".join(row[0] for row in cursor.fetchall()) + "}"
        cursor.execute("SELECT set_config('pgtrigger.ignore', %s, true)", [ignored])
        yield cursor
        cursor.execute("SET LOCAL pgtrigger.ignore = '{}'")
