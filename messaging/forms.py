"""What comes by mail, and in which language."""

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import is_official
from messaging.enums import FOR_OFFICIALS, Delivery, Event
from messaging.services import deliveries


class PreferencesForm(forms.Form):
    language = forms.ChoiceField(
        label=_("Language of the mails"),
        choices=settings.LANGUAGES,
        help_text=_("Changes also when you switch the portal's language."),
    )

    def __init__(self, *args, user: User, **kwargs):
        now = deliveries([user.pk])[user.pk]
        super().__init__(*args, initial={"language": user.reads}, **kwargs)
        events = [event for event in Event if event not in FOR_OFFICIALS or is_official(user)]
        for event in events:
            self.fields[event.value] = forms.ChoiceField(
                label=event.label, choices=Delivery.choices, initial=now[event]
            )

    @property
    def chosen(self) -> dict[str, str]:
        return {name: value for name, value in self.cleaned_data.items() if name != "language"}
