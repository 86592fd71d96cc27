from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_owner_appointments")]

    operations = [
        migrations.CreateModel(
            name="HashVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveSmallIntegerField(verbose_name="version")),
                ("since", models.DateTimeField(auto_now_add=True, verbose_name="since")),
            ],
            options={
                "verbose_name": "version of keyed hashes",
                "verbose_name_plural": "versions of keyed hashes",
                "ordering": ["-version"],
            },
        ),
        migrations.AddConstraint(
            model_name="hashversion",
            constraint=models.UniqueConstraint(fields=("version",), name="hash_version_once"),
        ),
    ]
