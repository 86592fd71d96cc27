from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_owner_appointments"),
        ("casework", "0012_who_filed"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="case",
            name="case_in_review",
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("status__in", ("initial_review", "final_review"))),
                fields=["stage_since", "id"],
                include=(
                    "status",
                    "submitted_at",
                    "submitted_by",
                    "initial_reviewer",
                    "assigned_to",
                    "organisation",
                ),
                name="case_in_review",
            ),
        ),
    ]
