from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from nanchang_portal import database_roles


class Command(BaseCommand):
    help = (
        "Make the database user of web, worker and beat (DATABASE_APP_ROLE, DATABASE_APP_PASSWORD) and give it "
        "what the models allow. `migrate` does the same at its end; run it as the owner of the tables."
    )

    def handle(self, *args, **options) -> None:
        try:
            found = database_roles.set_up(
                role=settings.DATABASE_APP_ROLE, password=settings.DATABASE_APP_PASSWORD
            )
        except database_roles.CannotMakeRole as error:
            raise CommandError(str(error)) from error
        closed = len(database_roles.append_only_tables())
        self.stdout.write(
            f"{settings.DATABASE_APP_ROLE}: {len(found)} tables, {closed} of them append-only, none owned."
        )
