"""What a visitor types into the checker: read from the address, kept nowhere."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from casework.fields import DayField, MoneyField, plain
from policy.rules.terms import Place
from policy.rules.training import TrainingFacts
from training.enums import Education

ROWS, MOST_CLAIMS = 3, 24
_CLAIM = re.compile(r"claim([1-9][0-9]{0,3})")
YES_NO = [("yes", pgettext_lazy("answer", "Yes")), ("no", pgettext_lazy("answer", "No"))]


class YearField(forms.CharField):
    """A calendar year of four digits; full-width digits become plain. Returns an int."""

    default_error_messages = {
        "invalid": _("Write the year in four digits, such as 2015."),
    }

    def to_python(self, value: Any) -> str:
        return plain(super().to_python(value))

    def clean(self, value: Any) -> int:
        text = super().clean(value)
        if not (len(text) == 4 and text.isascii() and text.isdigit() and text[0] != "0"):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return int(text)


class OffshoreCheckForm(forms.Form):
    """`?year=2015&claim1=150000&claim2=100000`: the claims of one year in order, empty fields left out.

    `claims=150000,100000`, as the interface for programs writes it, is read as well.
    """

    year = YearField(
        label=_("Calendar year"),
        help_text=_("The year in which the bank received the money."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "maxlength": 8}),
    )

    def __init__(self, data: QueryDict | None = None, **kwargs) -> None:
        typed = None if data is None else data.dict()
        if typed and "claims" in typed:
            parts = typed["claims"].split(",")
            typed |= {f"claim{number}": part for number, part in enumerate(parts, start=1)}
        super().__init__(typed, **kwargs)
        filled = [
            int(found[1]) for name in typed or () if (found := _CLAIM.fullmatch(name)) and typed[name].strip()
        ]
        self.too_many = max(filled, default=0) > MOST_CLAIMS
        # One empty field more than what is filled in, so that a year grows without a script.
        for number in range(1, min(max([*filled, ROWS - 1]) + 1, MOST_CLAIMS) + 1):
            self.fields[f"claim{number}"] = MoneyField(
                label=_("Claim %(number)d (USD)") % {"number": number},
                required=number == 1,
                help_text=_("Executed offshore value; a refund is negative.") if number == 1 else "",
            )

    def clean(self) -> dict[str, Any]:
        if self.too_many:
            raise ValidationError(
                _("At most %(most)d claims. Add up the others.") % {"most": MOST_CLAIMS}, code="too_many"
            )
        return self.cleaned_data

    @property
    def claims(self) -> tuple[Decimal, ...]:
        """The amounts in order, once the form is valid."""
        values = (self.cleaned_data.get(name) for name in self.fields if name != "year")
        return tuple(value for value in values if value is not None)


class TrainingCheckForm(forms.Form):
    """One trainee, asked in plain words; the names are those of `policy.rules.training.TrainingFacts`."""

    training_start = DayField(label=_("First day of the training"))
    training_end = DayField(label=_("Last day of the training"))
    education = forms.ChoiceField(
        label=_("Education"),
        choices=Education.choices,
        initial=Education.BACHELOR,
    )
    certified = forms.ChoiceField(
        label=_("Certificate of the examination?"), choices=YES_NO, initial="yes", widget=forms.RadioSelect
    )
    designated = forms.ChoiceField(
        label=_("Was the institution designated for the whole training?"),
        choices=YES_NO,
        initial="yes",
        widget=forms.RadioSelect,
    )
    contract_start = DayField(label=_("First day of the labour contract"))
    contract_end = DayField(
        label=_("Last day of the labour contract"), required=False, help_text=_("Empty: without an end.")
    )
    signed = DayField(
        label=_("Day of signature"),
        required=False,
        help_text=_("Empty: the first day of the contract. It decides which policy version applies."),
    )
    place = forms.ChoiceField(
        label=_("Where is the employer?"),
        choices=[(Place.LOCAL, _("in Nanchang")), (Place.ELSEWHERE, _("elsewhere"))],
        initial=Place.LOCAL,
        widget=forms.RadioSelect,
    )
    already_subsidised = forms.ChoiceField(
        label=_("Was this person subsidised before?"),
        choices=YES_NO,
        initial="no",
        widget=forms.RadioSelect,
    )

    #: What the address may leave out.
    DEFAULTS: Mapping[str, str] = {
        "education": Education.BACHELOR,
        "certified": "yes",
        "designated": "yes",
        "place": Place.LOCAL,
        "already_subsidised": "no",
    }

    def __init__(self, data: QueryDict | None = None, **kwargs) -> None:
        super().__init__(None if data is None else {**self.DEFAULTS, **data.dict()}, **kwargs)

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        for start, end in (("training_start", "training_end"), ("contract_start", "contract_end")):
            if data.get(start) and data.get(end) and data[end] < data[start]:
                self.add_error(end, ValidationError(_("This day lies before the first day."), code="order"))
        return data

    @property
    def facts(self) -> TrainingFacts:
        """The facts for the rules, once the form is valid."""
        data = self.cleaned_data
        return TrainingFacts(
            training_start=data["training_start"],
            training_end=data["training_end"],
            contract_signed=data["signed"] or data["contract_start"],
            contract_start=data["contract_start"],
            contract_end=data["contract_end"],
            place=data["place"],
            certified=data["certified"] == "yes",
            education=data["education"],
            designated=data["designated"] == "yes",
            already_subsidised=data["already_subsidised"] == "yes",
        )
