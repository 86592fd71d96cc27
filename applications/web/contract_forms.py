from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.forms import VisibleField
from accounts.models import Organisation
from applications.checks import check_ends_on, check_signed_on
from applications.contract_services import CONTRACT_FIELDS
from applications.models import Contract
from casework.fields import DayField, MoneyField


class ContractForm(forms.ModelForm):
    """A contract of one of the person's enterprises. With one enterprise, or an old contract, nobody asks which."""

    organisation = forms.ModelChoiceField(
        label=_("Enterprise"),
        queryset=Organisation.objects.none(),
        error_messages={"invalid_choice": _("Choose one of your own enterprises.")},
    )
    value = MoneyField(
        label=_("Contract value"),
        min_value=0,
        error_messages={"min_value": _("A contract's value cannot be negative.")},
    )
    signed_on = DayField(label=_("Signed on"))
    starts_on = DayField(label=_("Starts on"))
    ends_on = DayField(label=_("Ends on"), required=False, help_text=_("Empty: open-ended."))

    class Meta:
        model = Contract
        fields = CONTRACT_FIELDS
        field_classes = dict.fromkeys(["name", "client_name"], VisibleField)

    def __init__(self, *args, enterprises=None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        enterprises = list(enterprises or ())
        if self.instance.pk or len(enterprises) == 1:
            del self.fields["organisation"]
            if not self.instance.pk:
                self.instance.organisation = enterprises[0]
        else:
            self.fields["organisation"].queryset = Organisation.objects.filter(
                pk__in=[organisation.pk for organisation in enterprises]
            )
            self.order_fields(["organisation"])

    def clean_contract_number(self) -> str:
        return self.cleaned_data["contract_number"].strip()

    def clean_signed_on(self):
        day = self.cleaned_data["signed_on"]
        check_signed_on(day)
        return day

    def clean(self):
        data = super().clean()
        try:
            check_ends_on(data.get("starts_on"), data.get("ends_on"))
        except ValidationError as error:
            self.add_error("ends_on", error)
        organisation = data.get("organisation") or getattr(self.instance, "organisation", None)
        number = data.get("contract_number")
        if organisation and number:
            same = Contract.objects.filter(organisation=organisation, contract_number=number)
            if same.exclude(pk=self.instance.pk).exists():
                self.add_error(
                    "contract_number", _("You have registered a contract with this number already.")
                )
        return data

    def _post_clean(self) -> None:
        """The fields have said what is wrong; the instance is written by the service."""
