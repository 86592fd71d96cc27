from django.core.management.base import BaseCommand, CommandError, no_translations
from django.db import transaction

from accounts import lost_factor
from accounts.models import User
from accounts.refusals import Refusal


class Command(BaseCommand):
    help = (
        "For when no two administrators can sign in (otherwise: Officials' desk, the person's page, Lost second "
        "factor): take away the second factor of somebody who lost it and the recovery codes. Two administrators "
        "answer for it by name, sessions end, the audit chain keeps it, a mail tells the person."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("login", help="whose second factor was lost")
        parser.add_argument("--asked-by", required=True, metavar="LOGIN", help="an administrator")
        parser.add_argument("--confirmed-by", required=True, metavar="LOGIN", help="another administrator")
        parser.add_argument("--reason", required=True, help="how the person was identified, and by whom")

    @no_translations
    def handle(self, *args, **options) -> None:
        people = {}
        for name in ("login", "asked_by", "confirmed_by"):
            people[name] = User.objects.filter(username=options[name]).first()
            if people[name] is None:
                raise CommandError(f"Nobody has the login {options[name]}.")
        try:
            with transaction.atomic():
                reset = lost_factor.ask(
                    user=people["asked_by"],
                    person=people["login"],
                    reason=f"{options['reason']} (reset_second_factor)" if options["reason"].strip() else "",
                )
                count = lost_factor.confirm(user=people["confirmed_by"], reset=reset)
        except Refusal as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{options['login']}: {count} factors taken away, every session ended.")
