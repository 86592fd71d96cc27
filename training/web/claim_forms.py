"""Forms of the claim: which trainees, and the undertaking."""

from django import forms
from django.utils.translation import gettext_lazy

from accounts.forms import VisibleField
from accounts.identifiers import validate_signature
from accounts.models import Organisation
from training.web.fields import IdListField, InstitutionMixin


class NewClaimForm(InstitutionMixin, forms.Form):
    institution = forms.ModelChoiceField(
        label=gettext_lazy("Institution"),
        queryset=Organisation.objects.none(),
        error_messages={"invalid_choice": gettext_lazy("Choose one of your own institutions.")},
    )


class ChooseForm(forms.Form):
    """The ticked rows among those that the page showed: what stood on another page stays as it is."""

    version = forms.IntegerField()
    shown = IdListField(required=False)
    chosen = IdListField(required=False)


class ClaimFilter(forms.Form):
    """What the list of a claim shows; kept in the address."""

    ALL, CHOSEN, ELIGIBLE, OTHER = "", "chosen", "eligible", "other"

    show = forms.ChoiceField(
        label=gettext_lazy("Show"),
        required=False,
        choices=[
            (ALL, gettext_lazy("All trainees")),
            (CHOSEN, gettext_lazy("Chosen")),
            (ELIGIBLE, gettext_lazy("Eligible")),
            (OTHER, gettext_lazy("Not eligible or incomplete")),
        ],
    )
    training_class = forms.TypedChoiceField(
        label=gettext_lazy("Class"), required=False, coerce=int, empty_value=None
    )
    q = forms.CharField(label=gettext_lazy("Name"), required=False, max_length=60)

    def __init__(self, *args, classes: list[tuple[int, str]], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["training_class"].choices = [("", gettext_lazy("All classes")), *classes]


class SubmitForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)
    note = forms.CharField(
        label=gettext_lazy("Explanation for the reviewer"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("What an official should know, for example why a boundary case should count."),
    )
    undertaking = forms.BooleanField(
        label=gettext_lazy("I give this undertaking for the institution"),
        error_messages={
            "required": gettext_lazy(
                "Accept the undertaking: without it the claim cannot be filed. Nothing is lost."
            )
        },
    )
    signed_by = VisibleField(
        label=gettext_lazy("Name of the person who gives it"),
        max_length=60,
        validators=[validate_signature],
        error_messages={"required": gettext_lazy("Write the name of the person who gives the undertaking.")},
    )
