"""The account of a payee, as its organisation types it. The number is typed here and never shown again."""

from django import forms
from django.utils.translation import gettext_lazy as _

from payments.services.accounts import AccountData


class AccountForm(forms.Form):
    holder_name = forms.CharField(
        label=_("Account holder"), max_length=120, help_text=_("Exactly as the bank has the name.")
    )
    holder_note = forms.CharField(
        label=_("Why the holder has another name (optional)"),
        max_length=200,
        required=False,
        help_text=_("Only when the account belongs to somebody else than the payee."),
    )
    number = forms.CharField(
        label=_("Account number"),
        max_length=50,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "inputmode": "numeric", "data-code": True}
        ),
        help_text=_("Kept encrypted; afterwards only its last four digits are shown."),
    )
    bank_name = forms.CharField(label=_("Bank"), max_length=80)
    branch = forms.CharField(label=_("Branch"), max_length=120)
    cnaps = forms.CharField(
        label=_("CNAPS code"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric", "data-code": True}),
        help_text=_("12 digits of the bank's branch."),
    )

    def data_typed(self) -> AccountData:
        return AccountData(**self.cleaned_data)
