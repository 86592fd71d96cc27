from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from nanchang_portal import database_roles


class Command(BaseCommand):
    help = (
        "Make the database user of web, worker and beat (DATABASE_APP_ROLE, DATABASE_APP_PASSWORD) and give it "
        "what the models allow. `migrate` does the same at its end; run it as the owner of the tables."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument(
            "--before-restore",
            action="store_true",
            help="Make the users alone, in an empty database: a dump names them.",
        )

    def handle(self, *args, **options) -> None:
        try:
            if options["before_restore"]:
                database_roles.make_users(
                    role=settings.DATABASE_APP_ROLE, password=settings.DATABASE_APP_PASSWORD
                )
                self.stdout.write(f"{settings.DATABASE_APP_ROLE} is there, and may do nothing yet.")
                return
            found = database_roles.set_up(
                role=settings.DATABASE_APP_ROLE, password=settings.DATABASE_APP_PASSWORD
            )
        except database_roles.CannotMakeRole as error:
            raise CommandError(str(error)) from error
        closed = len(database_roles.append_only_tables())
        self.stdout.write(
            f"{settings.DATABASE_APP_ROLE}: {len(found)} tables, {closed} of them append-only, none owned."
        )
