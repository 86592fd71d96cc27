"""One group for each official role, with leave to read what the desk shows."""

from django.db import migrations

ROLES = ["initial_reviewer", "final_reviewer", "finance", "policy_editor", "auditor"]


def fill(apps, schema_editor):
    group = apps.get_model("auth", "Group")
    for name in ROLES:
        group.objects.get_or_create(name=name)


def empty(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name__in=ROLES).delete()


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial"), ("auth", "0012_alter_user_first_name_max_length")]
    operations = [migrations.RunPython(fill, empty)]
