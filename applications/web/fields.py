"""Form fields of this room: amounts with thousands separators, references with one spelling."""

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from applications.references import plain_reference
from casework.fields import plain

_MINUS = str.maketrans({"−": "-", "–": "-", "—": "-"})
_AMOUNT = re.compile(r"-?(\d+|\d{1,3}(,\d{3})+)(\.\d*)?")


class MoneyField(forms.DecimalField):
    """An amount; commas are accepted where they separate thousands and nowhere else."""

    widget = forms.TextInput
    default_error_messages = {
        "invalid": _("Write the amount in digits with a point before the cents, such as 1,234,567.89."),
        "max_decimal_places": _("At most two decimals."),
        "max_whole_digits": _("This amount is too long: at most 14 digits before the point."),
    }

    def __init__(self, **kwargs) -> None:
        super().__init__(max_digits=16, decimal_places=2, **kwargs)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return super().widget_attrs(widget) | {"data-money": True, "inputmode": "text", "autocomplete": "off"}

    def prepare_value(self, value: Any) -> Any:
        return f"{value:,f}" if isinstance(value, Decimal) else value

    def to_python(self, value: Any) -> Decimal | None:
        if value in self.empty_values or isinstance(value, Decimal):
            return super().to_python(value)
        text = re.sub(r"\s", "", plain(str(value)).translate(_MINUS))
        if not text:
            return None
        if not _AMOUNT.fullmatch(text):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(text.replace(",", ""))


class ReferenceField(forms.CharField):
    """A number on a document: no spaces, plain capitals, so that one document has one spelling."""

    def to_python(self, value: Any) -> str:
        return plain_reference(super().to_python(value))
