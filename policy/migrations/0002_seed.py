"""The versions of policy/data/terms.toml. Later versions are drafted and published by officials."""

from django.db import migrations
from django.utils import timezone

from policy.terms_file import load


def fill(apps, schema_editor):
    version_model = apps.get_model("policy", "PolicyVersion")
    parameter_model = apps.get_model("policy", "PolicyParameter")
    for data in load():
        version = version_model.objects.create(
            programme=data.programme,
            code=data.code,
            title_zh=data.title_zh,
            title_en=data.title_en,
            in_force_from=data.in_force_from,
            in_force_to=data.in_force_to,
            status="draft",
        )
        parameter_model.objects.bulk_create(
            parameter_model(
                version=version,
                name=row.name,
                value=row.value,
                unit=row.unit,
                clause=row.clause,
                quotation=row.quotation,
            )
            for row in data.parameters
        )
        if data.status == "published":
            version.status, version.published_at = "published", timezone.now()
            version.save()


class Migration(migrations.Migration):
    dependencies = [("policy", "0001_initial")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
