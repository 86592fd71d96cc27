"""Forms of the officials' desk about organisations."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.enums import AccreditationKind, OrganisationKind
from accounts.identifiers import normalise
from accounts.models import Accreditation, Organisation
from accounts.permissions import may_accredit

KIND_OF = {
    OrganisationKind.ENTERPRISE: AccreditationKind.RECOGNITION,
    OrganisationKind.INSTITUTION: AccreditationKind.DESIGNATION,
}


class DayInput(forms.DateInput):
    """The browser's own calendar; typing works as well."""

    input_type = "date"

    def __init__(self, attrs=None):
        super().__init__(attrs, format="%Y-%m-%d")


class OrganisationByCode(forms.ModelChoiceField):
    """An organisation named by its credit code: a list of all of them would be too long to choose from."""

    widget = forms.TextInput(attrs={"size": 24, "maxlength": 18, "autocomplete": "off"})
    default_error_messages = {
        "invalid_choice": _(
            "No organisation with the code “%(value)s” is registered. Check it with the organisation."
        ),
    }

    def __init__(self, **kwargs):
        super().__init__(Organisation.objects.all(), to_field_name="credit_code", **kwargs)

    def to_python(self, value):
        return super().to_python(normalise(value) if isinstance(value, str) else value)

    def prepare_value(self, value):
        # The address of the form may name the organisation by its key (`?organisation=12`).
        if isinstance(value, str) and value.isdecimal() and len(value) < 10:
            value = self.queryset.filter(pk=int(value)).first() or value
        return super().prepare_value(value)


class EndsAfterStart:
    """The constraint `accreditation_ends_after_start`, said at the field."""

    def clean(self):
        data = super().clean()
        start, end = data.get("valid_from", self.instance.valid_from), data.get("valid_to")
        if start and end and end < start:
            self.add_error("valid_to", _("It cannot end before it begins."))
        return data


class GrantForm(EndsAfterStart, forms.ModelForm):
    """A new recognition or designation. `user` is set by the admin."""

    user = None
    organisation = OrganisationByCode(
        label=_("Organisation"), help_text=_("Its Unified Social Credit Code, 18 characters.")
    )

    class Meta:
        model = Accreditation
        fields = ["kind", "organisation", "document_number", "valid_from", "valid_to"]
        widgets = {"valid_from": DayInput, "valid_to": DayInput}

    def clean(self):
        data = super().clean()
        organisation, kind, number = (data.get(name) for name in ("organisation", "kind", "document_number"))
        if organisation and kind and KIND_OF[OrganisationKind(organisation.kind)] != kind:
            self.add_error("kind", _("Enterprises are recognised, training institutions are designated."))
        if organisation and not (answer := may_accredit(self.user, organisation)):
            self.add_error("organisation", answer.reason)
        if kind and number and Accreditation.objects.filter(kind=kind, document_number=number).exists():
            self.add_error("document_number", _("A document with this number is entered already."))
        return data


class EndForm(EndsAfterStart, forms.ModelForm):
    """The last day of a recognition or designation: the one thing about it that changes."""

    class Meta:
        model = Accreditation
        fields = ["valid_to"]
        widgets = {"valid_to": DayInput}
