"""A returned claim that nobody corrects in its term lapses."""

from django.db import migrations


def add(apps, schema_editor):
    apps.get_model("casework", "Edge").objects.create(
        from_status="returned", to_status="lapsed", actor="system", reason_required=True
    )


def remove(apps, schema_editor):
    apps.get_model("casework", "Edge").objects.filter(to_status="lapsed").delete()


class Migration(migrations.Migration):
    dependencies = [("casework", "0003_correction")]
    operations = [migrations.RunPython(add, remove)]
