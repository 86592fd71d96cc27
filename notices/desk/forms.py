from django import forms
from django.utils.translation import gettext_lazy as _

from notices.enums import Finding
from notices.forms import ObjectionForm
from policy.enums import ProgrammeCode


class MakeForm(forms.Form):
    """Which programme and year, and which of the waiting awards."""

    programme = forms.ChoiceField(choices=ProgrammeCode.choices, widget=forms.HiddenInput)
    year = forms.IntegerField(min_value=1900, max_value=9999, widget=forms.HiddenInput)
    awards = forms.TypedMultipleChoiceField(label=_("Awards"), coerce=int)
    remark = forms.CharField(
        label=_("Remark"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Stands below the list, for everybody to read."),
    )


class WithdrawNoticeForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Everybody reads it on the page of the notice."),
    )


class PaperForm(ObjectionForm):
    """An objection as it came on paper; the objector's own words are copied."""

    field_order = ("paper_number", "received_on", "objector", "contact", "grounds")

    paper_number = forms.CharField(label=_("Number in the register of letters"), max_length=40)
    received_on = forms.DateField(
        label=_("Received on"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_(
            "The day on which the paper reached the bureau; it decides whether the objection is in time."
        ),
    )

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["objector"].help_text = _("As the paper says; kept encrypted.")
        self.fields["contact"].help_text = _("Where the answer goes; kept encrypted.")
        self.fields["grounds"].help_text = _(
            "The organisation reads these words: leave out what tells who objects."
        )


class StepForm(forms.Form):
    """An official's conclusion on an objection or appeal."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    finding = forms.ChoiceField(label=_("Conclusion"), choices=[("", "—"), *Finding.choices])
    words = forms.CharField(label=_("Reason"), max_length=4000, widget=forms.Textarea(attrs={"rows": 5}))
