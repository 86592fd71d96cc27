from django.core.management.base import BaseCommand, CommandError

from policy.enums import ProgrammeCode
from recomputations import services
from recomputations.selectors import differences, standing


class Command(BaseCommand):
    help = (
        "Calculate every assessed claim of a programme anew, in this process, and print the claims that come to "
        "another amount; exit status 1 when there is one. With --workers only ask the workers for it."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("programme", choices=ProgrammeCode.values)
        parser.add_argument("--year", type=int, help="claims of this year only")
        parser.add_argument("--workers", action="store_true", help="leave it to the workers")

    def handle(self, *args, **options) -> None:
        run = services.start(programme=options["programme"], year=options["year"], user=None)
        if options["workers"]:
            self.stdout.write(f"{run}: asked for.")
            return
        after = 0
        while (after := services.freeze(run.pk, after=after)) is not None:
            pass
        services.plan(run.pk)
        for part in run.parts.all():
            services.work(part.pk)
        found = list(differences(run))
        for one in found:
            self.stderr.write(f"{one.case}: calculated {one.assessed_rmb}, recomputed {one.found_rmb}")
        done = standing(run)
        if found:
            raise CommandError(f"{len(found)} claim(s) of {done.rows} rows come to another amount.")
        self.stdout.write(f"{done.rows} rows in {done.parts} parts, {done.amount_rmb} RMB: no difference.")
