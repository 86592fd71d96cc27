"""Form fields that read what people type: full-width digits, thousands separators, several spellings of a day."""

import re
import unicodedata
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

#: A day outside of these is a slip of the keyboard.
EARLIEST, LATEST = date(1990, 1, 1), date(2100, 12, 31)
_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
#: Written as a day, be there such a day or not: 2015-02-30, 2015/2/30, 20150230.
_WRITTEN_DAY = re.compile(r"[1-9][0-9]{3}([-/.年])[0-9]{1,2}[-/.月][0-9]{1,2}日?|[1-9][0-9]{7}")
_MINUS = str.maketrans({"−": "-", "–": "-", "—": "-"})
_AMOUNT = re.compile(r"-?(\d+|\d{1,3}(,\d{3})+)(\.\d*)?")


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
        context["widget"]["type"] = "date" if not shown or _is_day(shown) else "text"
        return context


def _is_day(text: str) -> bool:
    try:
        return bool(_ISO_DAY.fullmatch(text)) and bool(date.fromisoformat(text))
    except ValueError:
        return False


class DayField(forms.DateField):
    """A day: 2015-07-01, 2015/7/1, 2015年7月1日; centuries away from now are slips of the keyboard."""

    widget = DayInput
    input_formats = ["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d"]
    default_error_messages = {
        "invalid": _("Write the day as year-month-day, such as 2015-07-01."),
        "no_day": _("The calendar has no such day. Compare it with the document."),
        "far": _("This year cannot be right. Compare the day with the document."),
    }

    def to_python(self, value: Any) -> date | None:
        value = plain(value) if isinstance(value, str) else value
        try:
            return super().to_python(value)
        except ValidationError:
            if _WRITTEN_DAY.fullmatch(str(value)):
                raise ValidationError(self.error_messages["no_day"], code="no_day") from None
            raise

    def validate(self, value: date | None) -> None:
        super().validate(value)
        if value is not None and not EARLIEST <= value <= LATEST:
            raise ValidationError(self.error_messages["far"], code="far")


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
