"""Forms of policy versions. A rule is three fields: its value, its clause and the words of the source."""

from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from policy.drafting import Content, PolicyRefused, RuleRefused
from policy.models import PolicyVersion
from policy.rules.parameters import Parameter
from policy.selectors import parameters_of
from policy.words import choices_of, parameter_label, problem_text, unit_label

_WIDE = {"class": "vLargeTextField", "rows": 2}


def _day(**options) -> forms.DateField:
    return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **options)


def _code(**options) -> forms.CharField:
    return forms.CharField(max_length=20, strip=True, **options)


class CopyForm(forms.Form):
    """A new draft with the rules of another version."""

    code = _code(label=_("version"), help_text=_("A short name, such as 2016."))
    in_force_from = _day(label=_("in force from"))
    in_force_to = _day(label=_("in force to"), required=False, help_text=_("Empty: open-ended."))
    title_zh = forms.CharField(label=_("title in Chinese"), max_length=200)
    title_en = forms.CharField(label=_("title in English"), max_length=200)


class ImportForm(forms.Form):
    file = forms.FileField(label=_("file"), help_text=_("As this portal exported it, ending in .toml."))
    code = _code(
        label=_("version"),
        required=False,
        help_text=_("Another name for the draft; empty: the name in the file."),
    )


class DraftForm(forms.Form):
    """Everything that a draft says."""

    revision = forms.IntegerField(widget=forms.HiddenInput)
    code = _code(label=_("version"))
    title_zh = forms.CharField(label=_("title in Chinese"), max_length=200)
    title_en = forms.CharField(label=_("title in English"), max_length=200)
    in_force_from = _day(label=_("in force from"))
    in_force_to = _day(label=_("in force to"), required=False, help_text=_("Empty: open-ended."))

    def __init__(self, version: PolicyVersion, data: Any = None) -> None:
        self.version = version
        self.parameters: Sequence[Parameter] = parameters_of(version)
        names = ("revision", "code", "title_zh", "title_en", "in_force_from", "in_force_to")
        initial = {name: getattr(version, name) for name in names}
        super().__init__(data, initial=initial)
        for one in self.parameters:
            self._add(one)

    def _add(self, one: Parameter) -> None:
        label, choices = parameter_label(one.name), choices_of(one.name, one.unit)
        if one.unit == "list":
            value = forms.MultipleChoiceField(
                choices=choices, widget=forms.CheckboxSelectMultiple, label=label
            )
            value.initial = [word.strip() for word in one.value.split(",")]
        elif choices:
            value = forms.ChoiceField(choices=choices, label=label, initial=one.value)
        else:
            value = forms.CharField(max_length=300, label=label, initial=one.value)
            value.widget.attrs["inputmode"] = "decimal"
        self.fields[f"value-{one.name}"] = value
        self.fields[f"clause-{one.name}"] = forms.CharField(
            max_length=500, label=_("clause"), initial=one.clause, widget=forms.Textarea(attrs=_WIDE)
        )
        self.fields[f"quotation-{one.name}"] = forms.CharField(
            max_length=4000,
            label=_("quotation"),
            initial=one.quotation,
            required=False,
            strip=False,
            widget=forms.Textarea(attrs=_WIDE),
        )

    def rules(self) -> Iterator[dict[str, Any]]:
        """The rows of the page: name, unit, and the three bound fields."""
        for one in self.parameters:
            yield {
                "label": parameter_label(one.name),
                "unit": unit_label(one.unit),
                "value": self[f"value-{one.name}"],
                "is_list": one.unit == "list",
                "clause": self[f"clause-{one.name}"],
                "quotation": self[f"quotation-{one.name}"],
            }

    def content(self) -> Content:
        """What was typed. Only of a valid form."""
        data = self.cleaned_data
        parameters = []
        for one in self.parameters:
            value = data[f"value-{one.name}"]
            parameters.append(
                Parameter(
                    one.name,
                    ",".join(value) if isinstance(value, list) else value.strip(),
                    one.unit,
                    data[f"clause-{one.name}"],
                    data[f"quotation-{one.name}"],
                )
            )
        return Content(
            data["code"],
            data["title_zh"],
            data["title_en"],
            data["in_force_from"],
            data["in_force_to"],
            parameters,
        )


def show_refusal(form: forms.Form, refusal: PolicyRefused) -> None:
    """Put a service's refusal where the person can mend it."""
    if isinstance(refusal, RuleRefused):
        field = f"value-{refusal.parameter}"
        if field not in form.fields:
            field = refusal.parameter
        if field in form.fields:
            form.add_error(field, problem_text(refusal.error))
            return
    form.add_error("code" if refusal.code == "code_taken" else None, refusal.message)
