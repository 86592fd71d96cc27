from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TrainingConfig(AppConfig):
    name = "training"
    verbose_name = _("Training subsidy")

    def ready(self) -> None:
        from casework.prints.papers import offer
        from casework.programmes import register
        from notices import people
        from payments import payees
        from training import papers, workbook  # noqa: F401  (register themselves)
        from training.notices import people_of
        from training.prints import PAPERS
        from training.programme import TrainingProgramme, names_of

        register(TrainingProgramme())
        payees.register(TrainingProgramme.code, names_of)
        offer(TrainingProgramme.code, PAPERS)
        people.register(TrainingProgramme.code, people_of)
