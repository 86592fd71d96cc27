"""Why a number is shown, on whose wish data are handed out or erased."""

import re

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.identifiers import normalise
from casework.fields import DayField


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        min_length=4,
        max_length=300,
        help_text=_("It is kept with your name and the time, and cannot be changed afterwards."),
    )

    def clean_reason(self) -> str:
        reason = self.cleaned_data["reason"]
        if re.search(r"[0-9]{15}", normalise(reason)):
            raise ValidationError(_("Do not write an identity number into the reason."), code="number")
        return reason


class RequestForm(ReasonForm):
    requested_on = DayField(label=_("Asked for by the trainee on"))
    field_order = ["requested_on", "reason"]

    def clean_requested_on(self):
        day = self.cleaned_data["requested_on"]
        if day > timezone.localdate():
            raise ValidationError(
                _("This day is in the future. Write the day of the request."), code="future"
            )
        return day
