"""The question: which versions, over which years."""

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from policy.enums import ProgrammeCode, VersionStatus
from policy.models import PolicyVersion
from policy.practice import FIRST_YEAR
from simulations.services.asking import MOST_ALTERNATIVES


class VersionsField(forms.ModelMultipleChoiceField):
    def label_from_instance(self, version: PolicyVersion) -> str:
        return f"{version} · {version.get_status_display()}"


class QuestionForm(forms.Form):
    question = forms.CharField(
        label=_("question"),
        max_length=200,
        help_text=_("What you want to know, in a sentence. It is the name of the simulation."),
    )
    programme = forms.ChoiceField(label=_("programme"), choices=ProgrammeCode)
    versions = VersionsField(
        label=_("versions to compare with what is in force"),
        queryset=PolicyVersion.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("One or several drafts or versions of the programme, at most %(most)d.")
        % {"most": MOST_ALTERNATIVES},
    )
    first_year = forms.IntegerField(label=_("first year"), min_value=FIRST_YEAR, max_value=2100)
    last_year = forms.IntegerField(label=_("last year"), min_value=FIRST_YEAR, max_value=2100)

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["versions"].queryset = PolicyVersion.objects.exclude(
            status=VersionStatus.DISCARDED
        ).order_by("programme", "-status", "in_force_from", "code")
        self.fields["first_year"].initial = FIRST_YEAR
        self.fields["last_year"].initial = timezone.localdate().year
