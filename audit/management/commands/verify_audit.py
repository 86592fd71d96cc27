from django.core.management.base import BaseCommand, CommandError

from audit.models import Record, Stream
from audit.services import breaks


class Command(BaseCommand):
    help = "Verify every audit chain; exit status 1 and one line for each break when one does not hold."

    def handle(self, *args, **options) -> None:
        found = list(breaks())
        for item in found:
            self.stderr.write(f"{item.stream} record {item.number}: {item.why}")
        if found:
            raise CommandError(f"{len(found)} break(s) found.")
        self.stdout.write(f"{Stream.objects.count()} chains, {Record.objects.count()} records: all hold.")
