"""Imports from before there was a quarantine: what is over stays, what waits for its clerk is scanned and checked anew."""

from django.db import migrations, models

EARLIER = """
UPDATE workbooks_importjob SET scanned_at = coalesce(finished_at, created_at), scanner = 'none' WHERE state = 'done';
UPDATE workbooks_importjob SET state = 'uploaded', step = 'waiting', percent = 0, attempts = 0, kept_digest = ''
WHERE state IN ('checking', 'checked', 'importing');
"""


class Migration(migrations.Migration):
    dependencies = [("workbooks", "0003_quarantine")]

    operations = [
        migrations.RunSQL(EARLIER, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="importjob",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ("uploaded", "cancelled", "failed")),
                    models.Q(("scanned_at__isnull", False), models.Q(("scanner", ""), _negated=True)),
                    _connector="OR",
                ),
                name="import_read_was_scanned",
            ),
        ),
    ]
