from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.identifiers import normalise, validate_credit_code
from accounts.models import Organisation


class CreditCodeField(forms.CharField):
    """A Unified Social Credit Code: full-width forms, spaces and lower case are mended before it is checked."""

    default_validators = [validate_credit_code]

    def to_python(self, value):
        return normalise(super().to_python(value))


class RegisterOrganisationForm(forms.ModelForm):
    credit_code = CreditCodeField(
        label=_("Unified Social Credit Code"),
        help_text=_("18 characters, as on the business licence (GB 32100)."),
    )

    class Meta:
        model = Organisation
        fields = ["kind", "name", "credit_code", "address", "contact_name", "contact_phone"]
        widgets = {"kind": forms.RadioSelect}
        help_texts = {"name": _("As on the business licence.")}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = Organisation._meta.get_field("kind").choices


class OrganisationContactForm(forms.ModelForm):
    """What members may change: name, code and kind are the registry's."""

    class Meta:
        model = Organisation
        fields = ["address", "contact_name", "contact_phone"]
