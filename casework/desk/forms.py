from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from casework.enums import Outcome, Stage
from casework.transitions import Refused

REASON_LENGTH = 2000


class DecisionForm(forms.Form):
    """What an official concludes, and what their page showed when they did."""

    stage = forms.ChoiceField(choices=Stage.choices, widget=forms.HiddenInput)
    assessment_hash = forms.CharField(max_length=64, widget=forms.HiddenInput)
    outcome = forms.ChoiceField(choices=Outcome.choices)
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_(
            "Needed for all but a pass; the applicant reads it when a claim is returned or rejected."
        ),
    )

    def decision(self) -> dict[str, Any]:
        """The arguments of `casework.services.decisions.decide`. Raises Refused for what no page of ours sends."""
        if not self.is_valid():
            field, errors = next(iter(self.errors.items()))
            raise Refused("reason" if field == "reason" else "form", str(errors[0]))
        data = self.cleaned_data
        return data | {"stage": Stage(data["stage"]), "outcome": Outcome(data["outcome"])}
