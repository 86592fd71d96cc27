from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TrainingConfig(AppConfig):
    name = "training"
    verbose_name = _("Training subsidy")

    def ready(self) -> None:
        from casework.prints.papers import offer
        from casework.programmes import register
        from notices import people
        from payments import payees, populations
        from payments.services import person_files
        from recomputations import programmes as recomputations
        from training import papers, workbook  # noqa: F401  (register themselves)
        from training.after_payment import in_first_year, registered_twice
        from training.bulk import TrainingBulk
        from training.notices import people_of
        from training.prints import PAPERS
        from training.programme import TrainingProgramme, names_of

        register(TrainingProgramme())
        recomputations.register(TrainingBulk())
        payees.register(TrainingProgramme.code, names_of)
        populations.register(TrainingProgramme.code, in_first_year)
        person_files.register(registered_twice)
        offer(TrainingProgramme.code, PAPERS)
        people.register(TrainingProgramme.code, people_of)
