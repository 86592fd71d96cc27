"""`manage.py load_sample`: fictional data for demonstration and development."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError

from casework.services.filing import Incomplete
from casework.transitions import Refused
from nanchang_portal.sample import load
from nanchang_portal.sample.journeys import CalculationFailed


class Command(BaseCommand):
    help = "Loads the fictional sample data once. Does nothing when it is there."

    def add_arguments(self, parser) -> None:
        parser.add_argument(
            "--if-empty",
            action="store_true",
            help="Say nothing when the sample is there (it is never loaded twice).",
        )

    def handle(self, *args, if_empty: bool = False, **options) -> None:
        if not settings.SAMPLE_DATA:
            raise CommandError(
                "Sample data is switched off here (SAMPLE_DATA): it would put fictional organisations and known "
                "passwords beside real ones."
            )
        if load.is_loaded():
            if not if_empty:
                self.stdout.write("The sample is loaded already; nothing was changed.")
            return
        try:
            load.load()
        except (ValidationError, IntegrityError, Refused, Incomplete, CalculationFailed) as error:
            what = (
                "; ".join(error.messages)
                if isinstance(error, ValidationError)
                else str(error).splitlines()[0]
            )
            raise CommandError(f"The sample was not loaded and nothing was changed: {what}") from error
        self.stdout.write("The sample is loaded. `manage.py sample_logins` lists its logins.")
