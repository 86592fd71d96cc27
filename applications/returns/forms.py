"""The form of a return: people and place once, and one row for each country, sector and kind of service."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.formsets import BaseFormSet, formset_factory
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Organisation
from applications.enums import ServiceType
from applications.models import BusinessLine, BusinessReturn
from applications.returns.checks import check_amount, check_park, check_period, check_sector
from applications.returns.models import WHOLE_YEAR
from applications.returns.services import MOST_LINES, Line
from casework.fields import MoneyField
from policy import industry
from policy.countries import COUNTRIES
from policy.practice import FIRST_YEAR
from policy.sectors import Sector

PREFIX = "lines"
#: More people than the city has work for is a slip of the keyboard.
MOST_PEOPLE = 1_000_000
EMPTY_ROWS = 2


class NewReturnForm(forms.Form):
    """Which period is reported."""

    organisation = forms.ModelChoiceField(
        label=gettext_lazy("Enterprise"),
        queryset=Organisation.objects.none(),
        error_messages={"invalid_choice": gettext_lazy("Choose one of your own enterprises.")},
    )
    year = forms.IntegerField(
        label=gettext_lazy("Year"),
        help_text=gettext_lazy("A year that is over, or a month of this year."),
        widget=forms.NumberInput(attrs={"min": FIRST_YEAR}),
        error_messages={"invalid": gettext_lazy("Write the year in four digits, such as 2025.")},
    )
    month = forms.TypedChoiceField(
        label=gettext_lazy("Period"),
        coerce=int,
        required=False,
        empty_value=WHOLE_YEAR,
        help_text=gettext_lazy("Every recognised enterprise reports the year; months are voluntary."),
    )

    def __init__(self, *args, enterprises: Sequence[Organisation], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].queryset = Organisation.objects.filter(
            pk__in=[organisation.pk for organisation in enterprises]
        )
        if len(enterprises) == 1:
            self.fields["organisation"].initial = enterprises[0]
            self.fields["organisation"].empty_label = None
        months = [(number, _("Month %(number)d") % {"number": number}) for number in range(1, 13)]
        self.fields["month"].choices = [("", _("The whole year")), *months]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("year") is not None and data.get("month") is not None:
            try:
                check_period(data["year"], data["month"])
            except ValidationError as error:
                self.add_error("year", error)
        return data


def count_field(name: str) -> forms.IntegerField:
    """A number of people; the model's words."""
    field = BusinessReturn._meta.get_field(name)
    return forms.IntegerField(
        label=capfirst(field.verbose_name),
        help_text=field.help_text,
        min_value=0,
        max_value=MOST_PEOPLE,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages={
            "invalid": gettext_lazy("Write a whole number of people."),
            "min_value": gettext_lazy("The number of people cannot be negative."),
            "max_value": gettext_lazy("This number of people cannot be right."),
            "required": gettext_lazy("Write the number of people; 0 when there is nobody."),
        },
    )


class ReturnForm(forms.Form):
    """People and place of one period."""

    headcount = count_field("headcount")
    graduates_hired = count_field("graduates_hired")
    park = forms.ChoiceField(
        label=capfirst(BusinessReturn._meta.get_field("park").verbose_name),
        help_text=BusinessReturn._meta.get_field("park").help_text,
        required=False,
    )
    note = forms.CharField(
        label=capfirst(BusinessReturn._meta.get_field("note").verbose_name),
        help_text=gettext_lazy("Needed where figures are not plausible; officials read it."),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args, year: int, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.year = year
        self.fields["park"].choices = [
            ("", _("Outside of the gathering areas")),
            *((park.code, str(park)) for park in industry.parks(year)),
        ]

    def clean_park(self) -> str:
        check_park(self.cleaned_data["park"], self.year)
        return self.cleaned_data["park"]


class LineForm(forms.Form):
    """One line; a blank one does not count."""

    sector = forms.ChoiceField(label=capfirst(BusinessLine._meta.get_field("sector").verbose_name))
    service_type = forms.ChoiceField(
        label=capfirst(BusinessLine._meta.get_field("service_type").verbose_name),
        choices=[("", gettext_lazy("Choose")), *ServiceType.choices],
    )
    client_country = forms.ChoiceField(
        label=capfirst(BusinessLine._meta.get_field("client_country").verbose_name),
        choices=[("", gettext_lazy("Choose")), *COUNTRIES],
    )
    amount_usd = MoneyField(
        label=capfirst(BusinessLine._meta.get_field("amount_usd").verbose_name),
        error_messages={"required": gettext_lazy("Enter the business in USD.")},
    )

    def __init__(self, *args, year: int, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.year = year
        self.fields["sector"].choices = [
            ("", _("Choose")),
            *((code, Sector(code).label) for code in industry.sectors(year)),
        ]

    def clean_sector(self) -> str:
        check_sector(self.cleaned_data["sector"], self.year)
        return self.cleaned_data["sector"]

    def clean_amount_usd(self):
        check_amount(self.cleaned_data["amount_usd"])
        return self.cleaned_data["amount_usd"]

    @property
    def is_removed(self) -> bool:
        return bool(self["DELETE"].data) if self.is_bound and "DELETE" in self.fields else False

    @property
    def line(self) -> Line:
        return Line(**{name: self.cleaned_data[name] for name in Line.__dataclass_fields__})


class BaseLineFormSet(BaseFormSet):
    row_name = gettext_lazy("Line %(number)d")
    default_error_messages = {
        **BaseFormSet.default_error_messages,
        "too_many_forms": gettext_lazy("A return holds at most %(num)d lines. Put small ones together."),
    }

    def initial_form_count(self) -> int:
        return 0

    def total_form_count(self) -> int:
        return super().total_form_count() if self.is_bound else len(self.initial or ()) + self.extra

    @property
    def filled(self) -> list[LineForm]:
        return [form for form in self.forms if form.has_changed() and not form.is_removed]

    def lines(self) -> list[Line]:
        return [form.line for form in self.filled]

    def clean(self) -> None:
        seen: dict[tuple, int] = {}
        for number, form in enumerate(self.forms, start=1):
            if form not in self.filled or form.errors:
                continue
            if (first := seen.setdefault(form.line.key, number)) != number:
                form.add_error(
                    "sector",
                    _("Line %(number)d has the same sector, kind of service and country. Add the two up.")
                    % {"number": first},
                )


_FormSet = formset_factory(
    LineForm,
    formset=BaseLineFormSet,
    extra=EMPTY_ROWS,
    can_delete=True,
    max_num=MOST_LINES,
    absolute_max=2 * MOST_LINES,
    validate_max=True,
)


def line_formset(found: BusinessReturn, data=None) -> BaseLineFormSet:
    rows = None
    if data is None:
        names = tuple(Line.__dataclass_fields__)
        rows = [{name: getattr(line, name) for name in names} for line in found.lines.all()]
    return _FormSet(data, prefix=PREFIX, initial=rows, form_kwargs={"year": found.year})
