"""What officials write after payment. Forms take the row that they are about."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from casework.fields import DayField, MoneyField
from payments.enums import CheckCause, Conclusion, Finding
from payments.models import PersonFile
from policy.enums import ProgrammeCode
from policy.practice import FIRST_YEAR


class RowForm(forms.Form):
    def __init__(self, *args: Any, row: Any = None, **kwargs: Any) -> None:
        self.row = row
        super().__init__(*args, **kwargs)


def _words(label: Any, *, most: int = 1000, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label, max_length=most, help_text=help_text, widget=forms.Textarea(attrs={"rows": 3})
    )


class DrawForm(forms.Form):
    """What a sample is drawn from."""

    programme = forms.ChoiceField(label=_("Programme"), choices=ProgrammeCode)
    year = forms.TypedChoiceField(label=_("Year of the claims"), coerce=int)
    size = forms.IntegerField(
        label=_("How many payments"),
        required=False,
        min_value=1,
        max_value=100_000,
        help_text=_("Empty: the share that practice asks for."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        years = range(timezone.localdate().year, FIRST_YEAR - 1, -1)
        self.fields["year"].choices = [(year, str(year)) for year in years]


class OpenForm(forms.Form):
    """A check that was not drawn."""

    payment_number = forms.CharField(label=_("Payment number"), max_length=20)
    cause = forms.ChoiceField(
        label=_("Cause"), choices=[(c.value, c.label) for c in (CheckCause.REPORT, CheckCause.AUDIT)]
    )
    occasion = _words(_("Occasion"), most=300)


class FindingForm(RowForm):
    finding = forms.ChoiceField(label=_("Finding"), choices=Finding)
    evidence = forms.CharField(
        label=_("Evidence"), max_length=300, help_text=_("What was looked at, with its number.")
    )
    text = _words(_("What was found"), help_text=_("The applicant reads it and may reply."))


class ConclusionForm(RowForm):
    conclusion = forms.ChoiceField(label=_("Conclusion"), choices=Conclusion)
    text = _words(_("Reasons"), help_text=_("The applicant reads them."))


class OrderForm(RowForm):
    amount_rmb = MoneyField(label=_("Amount to recover (RMB)"))
    reason = _words(_("Reason of the order"), help_text=_("The applicant reads it."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.row is not None:
            self.fields["amount_rmb"].initial = self.row.payment.amount_rmb


class DebarForm(RowForm):
    reason = _words(_("Reason of the debarment"), help_text=_("The applicant reads it."))


class NoteForm(RowForm):
    note = _words(_("Why it is turned down"), most=300)


class RepaymentForm(RowForm):
    amount_rmb = MoneyField(label=_("Amount received (RMB)"))
    received_on = DayField(label=_("Day at the bank"))
    bank_reference = forms.CharField(label=_("Bank reference of the transfer"), max_length=60)


class StandsForm(RowForm):
    stands = forms.TypedChoiceField(
        label=_("Whose registration stands"), coerce=int, empty_value=None, required=False
    )
    reason = _words(_("Reason of the proposal"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if isinstance(self.row, PersonFile):
            sides = self.row.sides.select_related("organisation")
            self.fields["stands"].choices = [
                *((side.organisation_id, side.organisation.name) for side in sides),
                ("", _("Each of them: they are different people, or both trainings are lawful")),
            ]
