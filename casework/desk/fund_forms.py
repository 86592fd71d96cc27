from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from casework.fields import MoneyField
from ledger.enums import ChangeKind
from ledger.levels import CITY, LEVELS
from policy.enums import ProgrammeCode
from policy.practice import FIRST_YEAR


class ProposalForm(forms.Form):
    """A change of a fund as an official writes it."""

    kind = forms.ChoiceField(label=_("What"), choices=ChangeKind)
    programme = forms.ChoiceField(label=_("Programme"), choices=ProgrammeCode)
    year = forms.TypedChoiceField(label=_("Year"), coerce=int)
    division = forms.ChoiceField(
        label=_("Level"),
        required=False,
        help_text=_("A budget's level. For a share: the district that it holds for, or all districts."),
    )
    amount_rmb = MoneyField(
        label=_("Amount (RMB)"),
        required=False,
        help_text=_("For a budget. With a minus, it takes a part back that nobody holds."),
    )
    city_percent = forms.DecimalField(
        label=_("Share of the city (%)"),
        required=False,
        max_digits=5,
        decimal_places=2,
        min_value=0,
        max_value=100,
        help_text=_("For a share. It holds for awards that are made after it is confirmed."),
    )
    document = forms.CharField(
        label=_("Document number"),
        max_length=80,
        widget=forms.TextInput(attrs={"class": "vLargeTextField"}),
        help_text=_("The document that decides this."),
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=300, widget=forms.TextInput(attrs={"class": "vLargeTextField"})
    )

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, label_suffix="", **kwargs)
        years = range(timezone.localdate().year + 1, FIRST_YEAR - 1, -1)
        self.fields["year"].choices = [(year, str(year)) for year in years]
        self.fields["division"].choices = [
            ("", _("City for a budget, all districts for a share")),
            *LEVELS.items(),
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("kind") == ChangeKind.BUDGET and not data.get("amount_rmb"):
            self.add_error("amount_rmb", _("Write an amount other than zero."))
        if data.get("kind") == ChangeKind.SHARE:
            if data.get("city_percent") is None:
                self.add_error("city_percent", _("Write a share from 0 to 100 percent."))
            if data.get("division") == CITY:
                self.add_error("division", _("A share is about districts: choose one, or all of them."))
        return data
