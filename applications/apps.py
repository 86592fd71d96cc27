from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ApplicationsConfig(AppConfig):
    name = "applications"
    verbose_name = _("Offshore incentive")

    def ready(self) -> None:
        from applications import workbook  # noqa: F401  (registers itself)
        from applications.programme import OffshoreProgramme
        from casework.programmes import register

        register(OffshoreProgramme())
