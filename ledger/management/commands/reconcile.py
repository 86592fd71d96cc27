from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import override

from ledger.reconciling import label_of, reconcile


class Command(BaseCommand):
    help = (
        "Recompute every balance, award and payment from the rows, keep the result, and print each difference; exit "
        "status 1 when there is one."
    )

    def handle(self, *args, **options) -> None:
        run = reconcile()
        with override("en"):
            for item in run.differences:
                self.stderr.write(
                    f"{item['check']} ({label_of(item['check'])}): {item['subject']}: should be {item['expected']}, "
                    f"is {item['found']}"
                )
        if run.count:
            raise CommandError(f"{run.count} difference(s) in {run.checks} checks.")
        self.stdout.write(f"{run.checks} checks: no difference.")
