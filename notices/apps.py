from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NoticesConfig(AppConfig):
    name = "notices"
    verbose_name = _("Notices and letters")

    def ready(self) -> None:
        from casework import followers
        from notices.services import letters, publishing

        followers.on_decision(letters.write_for_decision)
        followers.on_reversal(publishing.end_entries)
