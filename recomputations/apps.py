from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RecomputationsConfig(AppConfig):
    name = "recomputations"
    verbose_name = _("Recomputation")

    def ready(self) -> None:
        from ledger.reconciling import register
        from recomputations.checks import CHECKS

        register(*CHECKS)
