from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Made while the release before works, whose writes an index made the usual way would hold up.

    Cut off halfway it leaves an index that PostgreSQL does not use; the next `migrate` begins anew.
    """

    atomic = False
    dependencies = [("casework", "0015_every_filer")]
    operations = [
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS case_of_several_filters", migrations.RunSQL.noop
        ),
        AddIndexConcurrently(
            model_name="case",
            index=models.Index(
                condition=models.Q(("submitted_at__isnull", False)),
                fields=["division", "year", "status"],
                name="case_of_several_filters",
            ),
        ),
    ]
