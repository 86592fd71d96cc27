"""A decided case is reviewed again only by a reopening that two people decided."""

from django.db import migrations

EDGES = [("approved", "initial_review"), ("rejected", "initial_review")]


def add(apps, schema_editor):
    edge = apps.get_model("casework", "Edge")
    edge.objects.bulk_create(
        edge(from_status=start, to_status=end, actor="final_reviewer", reason_required=True)
        for start, end in EDGES
    )


def remove(apps, schema_editor):
    for start, end in EDGES:
        apps.get_model("casework", "Edge").objects.filter(from_status=start, to_status=end).delete()


class Migration(migrations.Migration):
    dependencies = [("casework", "0006_notice_events")]
    operations = [migrations.RunPython(add, remove)]
