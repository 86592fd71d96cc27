from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PaymentsConfig(AppConfig):
    name = "payments"
    verbose_name = _("Payments")

    def ready(self) -> None:
        from casework import bars, holds
        from ledger import reconciling
        from payments.checks import CHECKS
        from payments.selectors import bars_filing, keeps_award

        bars.register(bars_filing)
        holds.register(keeps_award)
        reconciling.register(*CHECKS)
