from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.forms.formsets import BaseFormSet, formset_factory
from django.utils.translation import gettext_lazy as _

from casework.diff import Layout
from casework.enums import Outcome, RemarkCode, Stage, TargetKind
from casework.reopening import Target, fields_of_rows, targets
from casework.services.decisions import RemarkDraft
from casework.transitions import Refused

REASON_LENGTH = 2000
REMARK_LENGTH = 1000
MOST_REMARKS = 200
EMPTY_ROWS = 3
#: The decision's form on the page: the remarks stand beside the evidence, outside of it.
DECISION_ID = "decision"


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


class RemarkForm(forms.Form):
    """One remark: the place, within a row perhaps one of its fields, and the words that the applicant will read."""

    place = forms.ChoiceField(label=_("About"), required=False)
    part = forms.ChoiceField(label=_("Which part"), required=False)
    code = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("No kind")), *RemarkCode.choices]
    )
    text = forms.CharField(
        label=_("What is to be corrected"),
        required=False,
        max_length=REMARK_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args, places: Iterable[Target], parts: Iterable[tuple[str, str]], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["form"] = DECISION_ID
        self.places = {place.path: place for place in places}
        self.fields["place"].choices = [
            ("", _("Choose what the remark is about")),
            *((place.path, place.label) for place in self.places.values()),
        ]
        self.fields["part"].choices = [("", _("The whole row")), *parts]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if self.is_blank:
            return data
        if not data.get("place") and "place" not in self.errors:
            self.add_error("place", _("Choose what the remark is about."))
        if not data.get("text", "").strip() and "text" not in self.errors:
            self.add_error("text", _("Write what is to be corrected."))
        return data

    @property
    def is_blank(self) -> bool:
        """Nothing was written: an empty row of the form is no remark."""
        return not any(self[name].data for name in ("place", "part", "text"))

    def draft(self) -> RemarkDraft:
        data = self.cleaned_data
        is_row = self.places[data["place"]].kind == TargetKind.ROW
        path = f"{data['place']}/{data['part']}" if is_row and data["part"] else data["place"]
        return RemarkDraft(path, data["text"], data["code"])


class BaseRemarkFormSet(BaseFormSet):
    def drafts(self) -> list[RemarkDraft]:
        """The remarks that were written. Raises Refused when one of them lacks something."""
        if not self.is_bound or self.prefix + "-TOTAL_FORMS" not in self.data:
            return []
        if not self.is_valid():
            messages = [
                message for form in self.forms for errors in form.errors.values() for message in errors
            ]
            raise Refused("remarks", str(([*self.non_form_errors(), *messages])[0]))
        return [form.draft() for form in self.forms if not form.is_blank]


_RemarkFormSet = formset_factory(
    RemarkForm, formset=BaseRemarkFormSet, extra=EMPTY_ROWS, max_num=MOST_REMARKS, absolute_max=MOST_REMARKS
)


def remark_formset(
    snapshot: Mapping[str, Any], layout: Layout, data: Mapping[str, str] | None = None
) -> BaseRemarkFormSet:
    return _RemarkFormSet(
        data,
        prefix="remarks",
        form_kwargs={"places": targets(snapshot, layout), "parts": fields_of_rows(layout)},
    )


def with_more_remarks(data: Mapping[str, str]) -> Mapping[str, str]:
    """The form as it was sent, with further empty rows: a browser without JavaScript asks for them."""
    more = data.copy()
    typed = data.get("remarks-TOTAL_FORMS", "")
    total = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 5 else 0
    more["remarks-TOTAL_FORMS"] = str(min(total + EMPTY_ROWS, MOST_REMARKS))
    return more
