"""What happened before the inbox existed is no news: every source begins at its last row."""

from django.db import migrations
from django.db.models import Max


def begin_here(apps, schema_editor):
    Cursor = apps.get_model("messaging", "Cursor")
    for source, room, model in (
        ("transition", "casework", "Transition"),
        ("case_event", "casework", "CaseEvent"),
        ("handover", "accounts", "Handover"),
    ):
        last = apps.get_model(room, model).objects.aggregate(last=Max("pk"))["last"]
        if last is not None:
            Cursor.objects.update_or_create(source=source, defaults={"floor": last})


class Migration(migrations.Migration):
    dependencies = [("messaging", "0001_initial")]
    operations = [migrations.RunPython(begin_here, migrations.RunPython.noop)]
