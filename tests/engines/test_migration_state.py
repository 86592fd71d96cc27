"""`migrate` moves its state forward without building neighbours again: the models know every list all the same."""

import pgtrigger
from django.db import migrations, models
from django.db.migrations.state import ProjectState
from pgtrigger.migrations import AddTrigger, RemoveTrigger

from nanchang_portal.management.migration_state import MigrationState

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
