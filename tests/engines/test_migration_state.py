"""`migrate` moves its state forward without building neighbours again, and lets people read on."""

from types import SimpleNamespace

import pgtrigger
from django.apps import apps
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from pgtrigger.migrations import AddTrigger, RemoveTrigger

from audit.migrating import WithoutIndex
from nanchang_portal.management.migration_state import MigrationState
from training.models import Certificate

TRIGGER = pgtrigger.Protect(name="kept", operation=pgtrigger.Delete)
STEPS = [
    migrations.CreateModel("Firm", [("id", models.BigAutoField(primary_key=True))]),
    migrations.CreateModel(
        "Claim",
        [
            ("id", models.BigAutoField(primary_key=True)),
            ("firm", models.ForeignKey("demo.Firm", models.PROTECT, related_name="claims")),
            ("amount", models.IntegerField()),
        ],
    ),
    migrations.AddConstraint(
        "claim", models.CheckConstraint(condition=models.Q(amount__gte=0), name="positive")
    ),
    migrations.AddConstraint("claim", models.UniqueConstraint(fields=["amount"], name="once")),
    migrations.AddIndex("claim", models.Index(fields=["amount"], name="by_amount")),
    AddTrigger("claim", TRIGGER),
    AddTrigger("claim", pgtrigger.Protect(name="gone", operation=pgtrigger.Update)),
    migrations.RemoveConstraint("claim", "once"),
    RemoveTrigger("claim", "gone"),
    migrations.AddField("firm", "name", models.CharField(max_length=9, default="")),
]


def walked(state: ProjectState) -> list:
    """What the built models know at the end."""
    for step in STEPS:
        step.state_forwards("demo", state)
        state.apps.get_model("demo", "firm")
        state = state.clone()
    claim = state.apps.get_model("demo", "claim")
    assert state.apps.get_model("demo", "firm").claims.rel.related_model is claim
    names = [
        [each.name for each in found]
        for found in (claim._meta.constraints, claim._meta.indexes, claim._meta.triggers)
    ]
    fields = [field.name for field in state.apps.get_model("demo", "firm")._meta.get_fields()]
    return [names, fields]


def test_it_ends_where_djangos_own_state_ends():
    assert walked(MigrationState()) == walked(ProjectState())
    assert walked(MigrationState())[0] == [["positive"], ["by_amount"], ["kept"]]


def test_a_list_builds_no_model_again():
    state = MigrationState()
    for step in STEPS[:2]:
        step.state_forwards("demo", state)
    firm, claim = (state.apps.get_model("demo", name) for name in ("firm", "claim"))
    for step in STEPS[2:9]:
        step.state_forwards("demo", state)
    assert state.apps.get_model("demo", "claim") is claim
    STEPS[9].state_forwards("demo", state)
    assert state.apps.get_model("demo", "firm") is not firm


def test_a_key_loses_its_index_and_what_it_leads_to_is_read_on(db):
    field = Certificate._meta.get_field("institution")
    indexes = "SELECT count(*) FROM pg_index WHERE indrelid = 'training_certificate'::regclass"
    keys = "SELECT array_agg(oid) FROM pg_constraint WHERE conrelid = 'training_certificate'::regclass"
    locks = (
        "SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND mode = 'AccessExclusiveLock' "
        "AND relation = 'accounts_organisation'::regclass"
    )
    state = SimpleNamespace(apps=apps)
    with connection.cursor() as cursor, connection.schema_editor() as editor:

        def asked(statement):
            return cursor.execute(statement).fetchone()[0]

        before = asked(indexes), asked(keys)
        cursor.execute("CREATE INDEX of_django ON training_certificate (institution_id)")
        WithoutIndex("certificate", "institution", field).database_forwards("training", editor, state, state)
        assert (asked(indexes), asked(keys), asked(locks)) == (*before, 0)


def test_no_migration_makes_a_constraint_anew_to_drop_an_index():
    changed = {
        str(migration): operation.name
        for migration in MigrationLoader(None).disk_migrations.values()
        for operation in migration.operations
        if type(operation) is migrations.AlterField
        and operation.field.remote_field
        and not operation.field.db_index
    }
    assert changed == {}
