"""Form fields that read what people really type, and what several forms of this room share."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from casework.templatetags.portal import day_text
from training.evidence import EARLIEST, LATEST
from training.models import Versioned
from training.selectors import writable_institutions

_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def plain(text: str) -> str:
    """Full-width letters, digits and signs as plain ones."""
    return unicodedata.normalize("NFKC", text).strip()


class DayInput(forms.DateInput):
    """A date picker; a day that it cannot show (2015-02-30) stays readable in a plain text field."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        shown = context["widget"]["value"]
        context["widget"]["type"] = (
            "date" if not shown or _ISO_DAY.fullmatch(shown) and _exists(shown) else "text"
        )
        return context


def _exists(day: str) -> bool:
    try:
        return bool(date.fromisoformat(day))
    except ValueError:
        return False


class DayField(forms.DateField):
    """A day: 2015-07-01, 2015/7/1, 2015年7月1日; centuries away from now are slips of the keyboard."""

    widget = DayInput
    input_formats = ["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d"]
    default_error_messages = {
        "invalid": _("Write the day as year-month-day, such as 2015-07-01."),
        "far": _("This year cannot be right. Compare the day with the document."),
    }

    def to_python(self, value: Any) -> date | None:
        return super().to_python(plain(value) if isinstance(value, str) else value)

    def validate(self, value: date | None) -> None:
        super().validate(value)
        if value is not None and not EARLIEST <= value <= LATEST:
            raise ValidationError(self.error_messages["far"], code="far")


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
