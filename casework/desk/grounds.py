"""The ground of a rejection on the review page."""

from collections.abc import Mapping

from django import forms
from django.utils.translation import gettext_lazy as _

from casework.enums import GroundCode, Stage
from casework.grounds import clauses_of
from casework.models import Case, Ground
from casework.services.decisions import GroundDraft
from casework.templatetags.sheet import clause_text
from casework.transitions import Refused


class GroundForm(forms.Form):
    """Which ground, and which clause of the policy; blank for every conclusion but a rejection."""

    ground_code = forms.ChoiceField(label=_("Ground of a rejection"), required=False)
    ground_clause = forms.ChoiceField(label=_("Clause"), required=False)

    def __init__(self, case: Case, data: Mapping[str, str] | None = None) -> None:
        super().__init__(data, initial=_proposed(case))
        nothing = ("", _("Choose when you reject"))
        self.fields["ground_code"].choices = [nothing, *GroundCode.choices]
        self.fields["ground_clause"].choices = [
            nothing,
            *((found.clause, clause_text(found.clause)) for found in clauses_of(case)),
        ]

    def draft(self) -> GroundDraft | None:
        """What was chosen; None when nothing was. Raises Refused for half a choice, or one that no page offers."""
        if not self.is_valid():
            raise Refused("ground", str(_("Choose the ground of the rejection and its clause.")))
        code, clause = self.cleaned_data["ground_code"], self.cleaned_data["ground_clause"]
        if bool(code) != bool(clause):
            raise Refused("ground", str(_("Choose the ground of the rejection and its clause.")))
        return GroundDraft(code, clause) if code else None


def _proposed(case: Case) -> dict[str, str]:
    """The ground that the initial reviewer proposed for what the final reviewer now sees."""
    proposal = Ground.objects.filter(
        review__assessment=case.current_assessment_id, review__stage=Stage.INITIAL
    ).last()
    return {"ground_code": proposal.code, "ground_clause": proposal.clause} if proposal else {}
