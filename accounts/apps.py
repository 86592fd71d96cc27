from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Accounts and organisations")

    def ready(self) -> None:
        # Who has a second factor would never change their address: here a new one waits for the link in its mail, the
        # old one counts until then and is told, and the factor was shown again.
        from allauth.account.signals import _add_email
        from allauth.mfa.signals import on_add_email

        _add_email.disconnect(on_add_email)
