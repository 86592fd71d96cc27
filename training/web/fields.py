"""What several forms of this room share."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from casework.templatetags.portal import day_text
from training.models import Versioned
from training.selectors import writable_institutions


class IdListField(forms.Field):
    """Numbers of rows, as checkboxes send them."""

    widget = forms.MultipleHiddenInput
    default_error_messages = {"invalid": _("Choose from the list.")}

    def to_python(self, value: Any) -> list[int]:
        if not value:
            return []
        if not all(item.isascii() and item.isdigit() and len(item) < 19 for item in value):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return [int(item) for item in value]


class InstitutionMixin(forms.Form):
    """A form for somebody who may act for several institutions; with only one there is nothing to ask."""

    def __init__(self, *args, user: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.institutions = list(writable_institutions(user))
        if len(self.institutions) == 1:
            del self.fields["institution"]
        else:
            self.fields["institution"].queryset = writable_institutions(user)

    @property
    def institution(self):
        """The chosen institution, once the form is valid."""
        return self.cleaned_data["institution"] if "institution" in self.fields else self.institutions[0]


class VersionMixin(forms.Form):
    """Optimistic locking in a form: it brings back the version that it was opened with."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    #: What was saved meanwhile, where it differs from what was typed: (label, value).
    meanwhile: list[tuple[str, str]] = []

    def mark_stale(self, message: str, row: Versioned, present: Mapping[str, Any]) -> None:
        """Refuse a form that was opened before somebody else's change, and show the present state beside it."""
        typed = self.cleaned_data
        self.meanwhile = [
            (str(self.fields[name].label), self._shown(name, value))
            for name, value in present.items()
            if name != "version" and name in self.fields and (typed.get(name) or None) != (value or None)
        ]
        self.add_error(None, ValidationError(message, code="stale"))
        # The next attempt is made knowing that state.
        self.data = self.data.copy()
        self.data["version"] = str(row.version)

    def _shown(self, name: str, value: Any) -> str:
        if isinstance(value, date):
            return day_text(value)
        choices = dict(getattr(self.fields[name], "choices", ()))
        return str(choices.get(value, value)) if value not in (None, "") else "—"


def add_errors(form: forms.Form, error: ValidationError) -> None:
    """Put a service's refusals at their fields; what belongs to no field of this form goes on top."""
    for name, errors in error.update_error_dict({}).items():
        form.add_error(name if name in form.fields and name != NON_FIELD_ERRORS else None, errors)
