from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.enums import MembershipRole
from accounts.models import Organisation, User
from casework.models import Case
from workbooks.sheets import Workbook


def writable(user: User, workbook: Workbook):
    """The organisations for which a person may upload such a workbook."""
    return Organisation.objects.filter(
        kind=workbook.organisation_kind,
        memberships__user=user,
        memberships__role__in=(MembershipRole.OWNER, MembershipRole.CLERK),
    ).order_by("name")


class UploadForm(forms.Form):
    """A workbook of one of the person's organisations; with only one, nobody asks which."""

    organisation = forms.ModelChoiceField(
        label=gettext_lazy("Organisation"),
        queryset=Organisation.objects.none(),
        error_messages={"invalid_choice": gettext_lazy("Choose one of your own organisations.")},
    )
    case = forms.ModelChoiceField(
        label=gettext_lazy("Claim for the receipts"),
        queryset=Case.objects.none(),
        to_field_name="number",
        required=False,
        empty_label=gettext_lazy("No receipts, only contracts"),
        help_text=gettext_lazy("Drafts and claims that were returned for correction."),
        error_messages={"invalid_choice": gettext_lazy("Choose one of your own claims that can be changed.")},
    )
    file = forms.FileField(
        label=gettext_lazy("Workbook"),
        max_length=255,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.ods,.csv"}),
        help_text=gettext_lazy(
            ".xlsx, .xls, .ods or .csv (UTF-8 or GB18030), up to 30 MB, without macros and password."
        ),
        error_messages={"required": gettext_lazy("Choose the workbook that you filled in.")},
    )

    def __init__(self, *args, user: User, workbook: Workbook, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.organisations = list(writable(user, workbook))
        if len(self.organisations) == 1:
            del self.fields["organisation"]
        else:
            self.fields["organisation"].queryset = writable(user, workbook)
        if workbook.cases is None:
            del self.fields["case"]
        else:
            self.fields["case"].queryset = workbook.cases(user).order_by("-year", "-id")
            self.fields["case"].label_from_instance = lambda case: (
                f"{case.number} · {case.year} · {case.organisation}"
            )

    def clean(self) -> dict:
        data = super().clean()
        case = data.get("case")
        if (
            case
            and "organisation" in self.fields
            and data.get("organisation") not in (None, case.organisation)
        ):
            self.add_error("case", _("This claim belongs to another organisation of yours."))
        return data

    @property
    def chosen(self) -> Organisation:
        return self.cleaned_data["organisation"] if "organisation" in self.fields else self.organisations[0]
