"""`manage.py sample_logins`: who can sign in to the demonstration."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from nanchang_portal.sample.people import MEMBERS, OFFICIALS, PASSWORD


class Command(BaseCommand):
    help = "Lists the demonstration logins: login, password, what the person does."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--all", action="store_true", help="The numbered organisations' logins too.")

    def handle(self, *args, **options) -> None:
        if not settings.SAMPLE_DATA:
            raise CommandError(
                "Sample data is switched off here (SAMPLE_DATA): there are no demonstration logins."
            )
        rows = [*MEMBERS, *OFFICIALS]
        if not options.get("all"):
            rows = [row for row in rows if row["login"] == "final2" or not row["login"][-1].isdigit()]
        width = max(len(row["login"]) for row in rows)
        for row in rows:
            self.stdout.write(f"{row['login']:<{width}}  {PASSWORD}  {row['does']}")
        if not options.get("all"):
            self.stdout.write(
                "More organisations: enterprise2 to enterprise9, institution2, institution3; same password. "
                "Officials are asked for six digits too, which the page then shows."
            )
