import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("casework", "0015_every_filer"),
        ("recomputations", "0002_anew"),
        ("applications", "0004_returns"),
    ]

    operations = [
        *(
            pgtrigger.migrations.RemoveTrigger(model_name=model, name=trigger)
            for model in ("frozenreceipt", "frozenclaim", "recomputedclaim")
            for trigger in ("append_only", "no_truncate")
        ),
        migrations.DeleteModel("RecomputedClaim"),
        migrations.DeleteModel("FrozenReceipt"),
        migrations.DeleteModel("FrozenClaim"),
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
                ("year", models.PositiveSmallIntegerField(verbose_name="year")),
                (
                    "earlier_usd",
                    models.DecimalField(
                        decimal_places=20, max_digits=44, verbose_name="counted before (USD)"
                    ),
                ),
                (
                    "granted_rmb",
                    models.DecimalField(decimal_places=2, max_digits=16, verbose_name="granted before (RMB)"),
                ),
                (
                    "receipts_usd",
                    models.TextField(
                        blank=True,
                        help_text="As far as they were accepted, each with as many decimals as the longest.",
                        verbose_name="receipts (USD)",
                    ),
                ),
            ],
            options={
                "verbose_name": "claim in columns",
                "verbose_name_plural": "claims in columns",
            },
        ),
        migrations.CreateModel(
            name="RecomputedClaim",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "part", "claim", blank=True, editable=False, primary_key=True, serialize=False
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
                        to="applications.frozenclaim",
                        verbose_name="claim in columns",
                    ),
                ),
                (
                    "award_rmb",
                    models.DecimalField(decimal_places=2, max_digits=14, verbose_name="amount (RMB)"),
                ),
                ("findings", models.PositiveSmallIntegerField(verbose_name="findings")),
            ],
            options={
                "verbose_name": "recomputed claim",
                "verbose_name_plural": "recomputed claims",
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="frozenclaim",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="2033280090ab6fba79beeb4db15c8216ecdfc015",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_8d883",
                    table="applications_frozenclaim",
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
                    hash="dca6397e76647d8205a318047cd997ee942a093c",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_a9e0b",
                    table="applications_frozenclaim",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="recomputedclaim",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="905f72c98aee7e2eaf99087ca6f96bf3ef4b705d",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_f038c",
                    table="applications_recomputedclaim",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="recomputedclaim",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'no_truncate: %', TG_TABLE_NAME USING ERRCODE = 'check_violation';",
                    hash="2b1fb4e4e6745e6475ec316bd3e017bef023c1b2",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_72fd3",
                    table="applications_recomputedclaim",
                    when="BEFORE",
                ),
            ),
        ),
    ]
