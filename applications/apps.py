from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ApplicationsConfig(AppConfig):
    name = "applications"
    verbose_name = _("Offshore incentive")

    def ready(self) -> None:
        from applications import papers, workbook  # noqa: F401  (register themselves)
        from applications.bulk import OffshoreBulk
        from applications.prints import PAPERS
        from applications.programme import OffshoreProgramme
        from applications.reconciling import CHECKS
        from applications.returns import workbook as returns_workbook  # noqa: F401  (registers itself)
        from casework.prints.papers import offer
        from casework.programmes import register
        from ledger import reconciling
        from recomputations import programmes as recomputations

        register(OffshoreProgramme())
        recomputations.register(OffshoreBulk())
        reconciling.register(*CHECKS)
        offer(OffshoreProgramme.code, PAPERS)
