"""What was kept of recomputations goes, for the columns get another form (decision 33): they are written anew.

Nothing rests on these rows: no award refers to them, and the assessments that they were made from stay.
"""

from django.db import migrations

TABLES = "recomputations_part", "recomputations_recomputation", "recomputations_frozen"


class Migration(migrations.Migration):
    dependencies = [("recomputations", "0001_recomputation")]

    operations = [
        migrations.RunSQL(
            [
                *(f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in TABLES),
                f"TRUNCATE {', '.join(TABLES)}",
                *(f"ALTER TABLE {table} ENABLE TRIGGER USER" for table in TABLES),
            ],
            migrations.RunSQL.noop,
        )
    ]
