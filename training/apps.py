from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TrainingConfig(AppConfig):
    name = "training"
    verbose_name = _("Training subsidy")

    def ready(self) -> None:
        from casework.prints.papers import offer
        from casework.programmes import register
        from training import papers, workbook  # noqa: F401  (register themselves)
        from training.prints import PAPERS
        from training.programme import TrainingProgramme

        register(TrainingProgramme())
        offer(TrainingProgramme.code, PAPERS)
