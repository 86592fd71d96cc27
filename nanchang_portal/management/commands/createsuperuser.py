from django.contrib.auth.management.commands import createsuperuser
from django.db import transaction
from django.db.models.signals import post_save

from accounts.models import User
from audit import services as audit


class Command(createsuperuser.Command):
    """Django's, and the audit chain says it: who may give every role does not begin unseen."""

    def handle(self, *args, **options) -> None:
        with transaction.atomic():
            post_save.connect(self._record, sender=User, dispatch_uid=self)
            try:
                super().handle(*args, **options)
            finally:
                post_save.disconnect(sender=User, dispatch_uid=self)

    def _record(self, instance: User, **_) -> None:
        audit.record(
            actor="createsuperuser",
            action="user.created",
            obj=instance,
            data={"username": instance.username, "is_superuser": instance.is_superuser},
        )
