import unicodedata

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.enums import MembershipRole
from accounts.identifiers import normalise, validate_credit_code
from accounts.members import INVITATION_DAYS
from accounts.models import Membership, Organisation


class CreditCodeField(forms.CharField):
    """A Unified Social Credit Code: full-width forms, spaces and lower case are mended before it is checked."""

    default_validators = [validate_credit_code]

    def to_python(self, value):
        return normalise(super().to_python(value))


class VisibleField(forms.CharField):
    """A name as it is read: no sign that nobody sees, none that turns the words around it."""

    def to_python(self, value):
        return "".join(
            sign for sign in super().to_python(value) if unicodedata.category(sign) != "Cf"
        ).strip()


class RegisterOrganisationForm(forms.ModelForm):
    credit_code = CreditCodeField(
        label=_("Unified Social Credit Code"),
        help_text=_("18 characters, as on the business licence (GB 32100)."),
    )

    class Meta:
        model = Organisation
        fields = ["kind", "name", "credit_code", "address", "contact_name", "contact_phone"]
        field_classes = dict.fromkeys(["name", "address", "contact_name", "contact_phone"], VisibleField)
        widgets = {"kind": forms.RadioSelect}
        help_texts = {"name": _("As on the business licence.")}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = Organisation._meta.get_field("kind").choices


class OrganisationContactForm(forms.ModelForm):
    """What members may change: name, code and kind are the registry's. `version` is what the form was opened with."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Organisation
        fields = ["address", "contact_name", "contact_phone"]
        field_classes = dict.fromkeys(fields, VisibleField)

    def __init__(self, *args, instance: Organisation, **kwargs):
        super().__init__(*args, instance=instance, initial={"version": instance.version}, **kwargs)
        #: What somebody else saved meanwhile, where it differs from what was typed: (label, value).
        self.meanwhile: list[tuple[str, str]] = []

    @property
    def changed_fields(self) -> list[str]:
        return [name for name in self.changed_data if name in self.Meta.fields]

    def mark_stale(self, present: Organisation) -> None:
        """Refuse a form that was opened before somebody else's change, and name what is there now."""
        typed = self.cleaned_data
        self.meanwhile = [
            (str(self.fields[name].label), getattr(present, name) or "—")
            for name in self.Meta.fields
            if getattr(present, name) != typed[name]
        ]
        self.add_error(
            None,
            forms.ValidationError(
                _("Somebody else changed these data meanwhile. Compare them with yours, then save again."),
                code="stale",
            ),
        )
        # The next attempt is made knowing that state.
        self.data = self.data.copy()
        self.data["version"] = str(present.version)


class InviteForm(forms.Form):
    """Whom to invite, as what."""

    email = forms.EmailField(
        label=_("Email address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    role = forms.ChoiceField(
        label=_("Role"),
        choices=MembershipRole.choices,
        initial=MembershipRole.CLERK,
        help_text=_("Owners manage people, clerks fill in and file, read-only members look."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["email"].help_text = gettext(
            "The invitation works once, for %(days)d days, and only for this address."
        ) % {"days": INVITATION_DAYS}


class RoleForm(forms.Form):
    """A role that an owner may give: ownership is offered and accepted instead."""

    ROLES = [(role.value, role.label) for role in (MembershipRole.CLERK, MembershipRole.READER)]
    role = forms.ChoiceField(choices=ROLES)


class HandoverForm(forms.Form):
    """To whom ownership is offered."""

    member = forms.ModelChoiceField(
        label=_("New owner"),
        queryset=Membership.objects.none(),
        empty_label=None,
        error_messages={
            "required": _("Choose a member of this organisation."),
            "invalid_choice": _("Choose a member of this organisation."),
        },
    )
    stays_owner = forms.BooleanField(
        label=_("I remain an owner as well"),
        required=False,
        help_text=_("Otherwise you become a clerk when the offer is accepted."),
    )

    def __init__(self, *args, organisation: Organisation, **kwargs):
        super().__init__(*args, **kwargs)
        members = organisation.memberships.exclude(role=MembershipRole.OWNER).select_related("user")
        self.fields["member"].queryset = members.order_by("created_at", "pk")
        self.fields["member"].label_from_instance = lambda member: str(member.user)
