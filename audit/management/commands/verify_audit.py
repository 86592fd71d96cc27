from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from audit.dumps import Dump, NoDump
from audit.hashing import public_keys
from audit.published import Published, Unreadable, read_all
from audit.verification import breaks

ALL_SHOWN = 1000


class Command(BaseCommand):
    help = (
        "Verify every audit chain against itself and against every exported head; exit status 1 and one line for each "
        "break when one does not hold. With --dump it reads a plain pg_dump and needs no database."
    )
    requires_system_checks = []

    def add_arguments(self, parser) -> None:
        parser.add_argument(
            "--dump", type=Path, help="a file of pg_dump --format=plain instead of the database"
        )
        parser.add_argument("--heads", type=Path, help="directory of the exported heads (AUDIT_HEADS_DIR)")
        parser.add_argument(
            "--public-key",
            help="the seals' public key(s), name:key,..., or a file that holds them; by default the settings'",
        )

    def handle(self, *args, **options) -> None:
        try:
            files = read_all(options["heads"] or Path(settings.AUDIT_HEADS_DIR))
            keys = self._keys(options["public_key"])
            if options["dump"]:
                with Dump(options["dump"]) as dump:
                    self._report(dump, files, keys, len(dump.heads()), dump.count)
            else:
                # Not before: a dump is verified where there is no database.
                from audit.models import Record, Stream
                from audit.services import Chains

                self._report(Chains(), files, keys, Stream.objects.count(), Record.objects.count())
        except (NoDump, Unreadable, OSError, ValueError) as error:
            raise CommandError(str(error)) from error

    def _keys(self, text: str | None) -> dict:
        if text is None:
            from audit.seals import known_keys

            return known_keys()
        path = Path(text)
        return public_keys(path.read_text() if path.is_file() else text)

    def _report(self, evidence, files: list[Published], keys: dict, streams: int, records: int) -> None:
        count = 0
        for count, item in enumerate(breaks(evidence, files, keys), start=1):
            if count <= ALL_SHOWN:
                self.stderr.write(f"{item.stream} record {item.number}: {item.why}")
        if count:
            raise CommandError(f"{count} break(s) found.")
        self.stdout.write(f"{streams} chains, {records} records: all hold.")
        if files:
            last = files[-1].seal
            self.stdout.write(
                f"{len(files)} seals, the last of {last.at:%Y-%m-%d %H:%M %Z}: all hold. What was written after it is "
                "checked against itself only."
            )
        else:
            self.stdout.write("There is no seal yet: a chain that was rewritten whole would not be found.")
