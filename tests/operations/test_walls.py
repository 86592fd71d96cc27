"""Every named constraint and trigger stands in the database, switched on; none goes unless its line below goes too.

What each of them refuses is shown by the tests of its room; that none of them is missing is shown here.
"""

from pathlib import Path

import pgtrigger
from django.apps import apps
from django.db import connection

#: `table name`, one a line, in order. Whoever takes a wall away strikes its line, and a reviewer sees it.
KNOWN = Path(__file__).with_name("walls.txt")

STANDING = """
SELECT conrelid::regclass::text, conname FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'u', 'x', 't') AND convalidated
UNION SELECT indrelid::regclass::text, indexrelid::regclass::text FROM pg_index WHERE indisunique AND indisvalid
UNION SELECT tgrelid::regclass::text, regexp_replace(tgname, '^pgtrigger_(.*)_[0-9a-f]{5}$', '\\1') FROM pg_trigger
    WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')
"""


def declared() -> set[str]:
    walls = {
        f"{model._meta.db_table} {constraint.name}"
        for model in apps.get_models()
        for constraint in model._meta.constraints
    }
    return walls | {f"{model._meta.db_table} {trigger.name}" for model, trigger in pgtrigger.registered()}


def test_no_wall_goes_unseen():
    known = KNOWN.read_text().splitlines()
    assert known == sorted(known)
    assert declared() - set(known) == set(), "new ones: add their lines"
    assert set(known) - declared() == set(), "taken away: was it meant? Then strike their lines"


def test_every_wall_stands(db):
    with connection.cursor() as cursor:
        cursor.execute(STANDING)
        standing = {f"{table} {name}" for table, name in cursor.fetchall()}
    assert set(KNOWN.read_text().splitlines()) - standing == set()
