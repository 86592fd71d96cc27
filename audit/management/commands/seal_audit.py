from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from audit import seals
from audit.hashing import public_text
from audit.published import Unreadable, path_of


class Command(BaseCommand):
    help = "Sign the heads of all audit chains and export them (beat does this every night)."

    def add_arguments(self, parser) -> None:
        parser.add_argument(
            "--public-key", action="store_true", help="only print the public key that checks the seals"
        )

    def handle(self, *args, **options) -> None:
        try:
            if options["public_key"]:
                self.stdout.write(public_text(*seals.signing_key()))
                return
            seal = seals.seal()
        except (ImproperlyConfigured, Unreadable) as error:
            raise CommandError(str(error)) from error
        path = path_of(seals.heads_directory(), seal.number)
        self.stdout.write(f"Seal {seal.number}: {seal.streams} chains, {seal.records} records, in {path}")
