import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("casework", "0015_every_filer"),
        ("recomputations", "0002_anew"),
        ("training", "0003_recomputation"),
    ]

    operations = [
        *(
            pgtrigger.migrations.RemoveTrigger(model_name=model, name=trigger)
            for model in ("frozenline", "recomputedline")
            for trigger in ("append_only", "no_truncate")
        ),
        migrations.DeleteModel("RecomputedLine"),
        migrations.DeleteModel("FrozenLine"),
        migrations.CreateModel(
            name="FrozenClaim",
            fields=[
                (
                    "assessment",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="casework.assessment",
                        verbose_name="assessment",
                    ),
                ),
                ("trainees", models.PositiveIntegerField(verbose_name="trainees")),
                ("enrolments", models.TextField(verbose_name="enrolments")),
                (
                    "persons",
                    models.TextField(
                        blank=True,
                        help_text="Where each person stands first in the claim; empty when nobody stands there twice.",
                        verbose_name="persons",
                    ),
                ),
                ("signed", models.TextField(verbose_name="signed")),
                (
                    "trainings",
                    models.TextField(
                        help_text="First and last day: 2015-01-01/2015-03-31.",
                        verbose_name="training periods",
                    ),
                ),
                (
                    "contracts",
                    models.TextField(
                        help_text="2015-04-01/ is an open-ended one.", verbose_name="contract periods"
                    ),
                ),
                (
                    "conditions",
                    models.TextField(
                        help_text="Certificate, education, designation, subsidised before, place of the employer.",
                        verbose_name="other conditions",
                    ),
                ),
            ],
            options={
                "verbose_name": "trainees of a claim in columns",
                "verbose_name_plural": "trainees of claims in columns",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("trainees__gt", 0)), name="frozen_claim_has_trainees"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RecomputedLine",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "part",
                        "claim",
                        "position",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "part",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="recomputations.part",
                        verbose_name="part",
                    ),
                ),
                (
                    "claim",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="training.frozenclaim",
                        verbose_name="claim in columns",
                    ),
                ),
                ("position", models.PositiveIntegerField(verbose_name="position")),
                (
                    "trainee_rmb",
                    models.DecimalField(decimal_places=2, max_digits=14, verbose_name="to the trainee (RMB)"),
                ),
                (
                    "institution_rmb",
                    models.DecimalField(
                        decimal_places=2, max_digits=14, verbose_name="to the institution (RMB)"
                    ),
                ),
                ("findings", models.PositiveSmallIntegerField(verbose_name="findings")),
            ],
            options={
                "verbose_name": "recomputed trainee",
                "verbose_name_plural": "recomputed trainees",
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="frozenclaim",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="1fffb595277595e4f186a63954c4c7f1f1d0d138",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_805fa",
                    table="training_frozenclaim",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="frozenclaim",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'no_truncate: %', TG_TABLE_NAME USING ERRCODE = 'check_violation';",
                    hash="b5535ace9935765d93f9ad03705eeab5043db914",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_8f26c",
                    table="training_frozenclaim",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="recomputedline",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="eda0f74ae85749e7f542fbb16492cc48e50ceda6",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_8ccf3",
                    table="training_recomputedline",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="recomputedline",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'no_truncate: %', TG_TABLE_NAME USING ERRCODE = 'check_violation';",
                    hash="e408ed4a9b27d2bb53dd8cd5bee4d6377d243fbe",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_bbb5c",
                    table="training_recomputedline",
                    when="BEFORE",
                ),
            ),
        ),
    ]
