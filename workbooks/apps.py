from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WorkbooksConfig(AppConfig):
    name = "workbooks"
    verbose_name = _("Workbooks")

    def ready(self) -> None:
        from payments import tables
        from workbooks.tables import read_table

        tables.register(read_table)
