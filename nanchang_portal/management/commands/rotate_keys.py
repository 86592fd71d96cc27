from django.core.management.base import BaseCommand, CommandError

from nanchang_portal.rotation import CannotRotate, rotate


class Command(BaseCommand):
    help = (
        "Encrypts every field anew with the first of FIELD_KEYS and renews every keyed hash to the highest version of "
        "BLIND_INDEX_KEYS, while the portal runs. Repeat it until it changes nothing; then the old field key may go."
    )

    def handle(self, *args, **options):
        try:
            changed = rotate()
        except CannotRotate as error:
            raise CommandError(str(error)) from error
        for table, count in changed.items():
            if count:
                self.stdout.write(f"{count:>9,}  {table}")
        self.stdout.write(f"{sum(changed.values()):>9,}  values changed")
