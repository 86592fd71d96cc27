"""The claim's forms beside its receipts: which claim, the note, the undertaking."""

from collections.abc import Sequence

from django import forms
from django.utils.translation import gettext_lazy

from accounts.forms import VisibleField
from accounts.identifiers import validate_signature
from accounts.models import Organisation
from applications.selectors import enterprises_of
from casework.reopening import EVERYTHING, Reopened


class NewClaimForm(forms.Form):
    organisation = forms.ModelChoiceField(
        label=gettext_lazy("Enterprise"),
        queryset=Organisation.objects.none(),
        error_messages={"invalid_choice": gettext_lazy("Choose one of your own enterprises.")},
    )
    year = forms.TypedChoiceField(
        label=gettext_lazy("Year"),
        coerce=int,
        help_text=gettext_lazy("The calendar year in which the money was received."),
        error_messages={
            "invalid_choice": gettext_lazy("Choose one of the years listed: no policy covers another.")
        },
    )

    def __init__(self, *args, user, years: Sequence[int], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        enterprises = enterprises_of(user)
        self.fields["organisation"].queryset = enterprises
        self.fields["year"].choices = [(year, str(year)) for year in years]
        if len(enterprises) == 1:
            self.fields["organisation"].initial = enterprises[0]
            self.fields["organisation"].empty_label = None


class ClaimForm(forms.Form):
    """`reopened` closes what an official did not mark; it then shows what is saved."""

    note = forms.CharField(
        label=gettext_lazy("Explanation for the reviewer"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("What an official should know: a refund, a client that changed its name."),
    )

    def __init__(self, *args, saved_note: str, reopened: Reopened = EVERYTHING, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if not reopened.allows("note"):
            self.fields["note"].disabled, self.initial["note"] = True, saved_note


class SubmitForm(forms.Form):
    undertaking = forms.BooleanField(
        label=gettext_lazy("I give this undertaking for the enterprise"),
        error_messages={
            "required": gettext_lazy(
                "Accept the undertaking: without it the claim cannot be filed. Nothing is lost."
            )
        },
    )
    name = VisibleField(
        label=gettext_lazy("Name of the person who gives it"),
        max_length=60,
        validators=[validate_signature],
        error_messages={"required": gettext_lazy("Write the name of the person who gives the undertaking.")},
    )
