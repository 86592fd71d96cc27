from collections.abc import Iterable, Mapping, Sequence

from django import forms
from django.utils.translation import gettext_lazy as _

from casework.corrections import RemarkView

ANSWER_LENGTH = 1000


def pin(form: forms.BaseForm, remarks: Mapping[str, Sequence[RemarkView]]) -> None:
    """Let each field of the form carry the remarks under its name; `bootstrap5/field.html` shows them."""
    for name, views in remarks.items():
        if views and name in form.fields:
            form.fields[name].remarks = views


class WithdrawForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The bureau reads it in the history of the claim."),
    )


class AnswersForm(forms.Form):
    """The applicant's words to each remark; none is needed where the correction speaks for itself."""

    def __init__(self, *args, remarks: Iterable[RemarkView], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.remarks = {f"answer-{view.remark.pk}": view.remark for view in remarks}
        for name, view in zip(self.remarks, remarks, strict=True):
            self.fields[name] = forms.CharField(
                label=view.label,
                required=False,
                max_length=ANSWER_LENGTH,
                widget=forms.Textarea(attrs={"rows": 2}),
                help_text=view.remark.text,
            )

    def answers(self) -> dict[int, str]:
        return {remark.pk: self.cleaned_data[name] for name, remark in self.remarks.items()}
