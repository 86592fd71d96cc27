"""The group of the payment releasers."""

from django.db import migrations


def fill(apps, schema_editor):
    apps.get_model("auth", "Group").objects.get_or_create(name="releaser")


def empty(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name="releaser").delete()


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial"), ("accounts", "0002_official_roles")]
    operations = [migrations.RunPython(fill, empty)]
