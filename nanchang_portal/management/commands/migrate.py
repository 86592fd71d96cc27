from django.conf import settings
from django.core.management.commands import migrate

from nanchang_portal import database_roles
from nanchang_portal.management.migration_state import Executor

migrate.MigrationExecutor = Executor  # the command asks for it by this name


class Command(migrate.Command):
    """Django's, and then the rights of web, worker and beat on what is new."""

    def handle(self, *args, **options) -> None:
        super().handle(*args, **options)
        if options["check_unapplied"] or options["plan"]:
            return
        try:
            database_roles.set_up(
                role=settings.DATABASE_APP_ROLE,
                password=settings.DATABASE_APP_PASSWORD,
                using=options["database"],
            )
        except database_roles.CannotMakeRole as error:
            self.stderr.write(str(error))
