"""The transition table's rows and the sequence behind case numbers."""

from django.db import migrations

EDGES = [
    ("draft", "initial_review", "applicant", False),
    ("draft", "withdrawn", "applicant", False),
    ("returned", "initial_review", "applicant", False),
    ("returned", "withdrawn", "applicant", False),
    ("initial_review", "withdrawn", "applicant", False),
    ("final_review", "withdrawn", "applicant", False),
    ("initial_review", "final_review", "initial_reviewer", False),
    ("initial_review", "returned", "initial_reviewer", True),
    ("final_review", "approved", "final_reviewer", False),
    ("final_review", "returned", "final_reviewer", True),
    ("final_review", "rejected", "final_reviewer", True),
    ("final_review", "initial_review", "system", True),
]


def fill(apps, schema_editor):
    edge = apps.get_model("casework", "Edge")
    edge.objects.bulk_create(
        edge(from_status=start, to_status=end, actor=actor, reason_required=reason)
        for start, end, actor, reason in EDGES
    )


def empty(apps, schema_editor):
    apps.get_model("casework", "Edge").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("casework", "0001_initial")]
    operations = [
        migrations.RunPython(fill, empty),
        migrations.RunSQL("CREATE SEQUENCE casework_case_number", "DROP SEQUENCE casework_case_number"),
    ]
