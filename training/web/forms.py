"""Forms of classes and trainees."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.forms import VisibleField
from accounts.models import Organisation, User
from casework.fields import DayField
from training.evidence import check_consent_on
from training.identities import validate_identity
from training.models import Trainee, TrainingClass
from training.web.fields import InstitutionMixin, VersionMixin


def _institution_field() -> forms.ModelChoiceField:
    return forms.ModelChoiceField(
        label=gettext_lazy("Institution"),
        queryset=Organisation.objects.none(),
        error_messages={"invalid_choice": gettext_lazy("Choose one of your own institutions.")},
    )


class ClassForm(VersionMixin, forms.ModelForm):
    starts_on = DayField(label=gettext_lazy("First day"))
    ends_on = DayField(label=gettext_lazy("Last day"))

    class Meta:
        model = TrainingClass
        fields = ["code", "name", "sector", "starts_on", "ends_on", "hours", "customised_for"]
        field_classes = dict.fromkeys(["name", "customised_for"], VisibleField)

    def clean(self) -> dict:
        data = super().clean()
        starts, ends = data.get("starts_on"), data.get("ends_on")
        if starts and ends and ends < starts:
            self.add_error("ends_on", _("The last day cannot be before the first day."))
        return data


class NewClassForm(InstitutionMixin, ClassForm):
    institution = _institution_field()
    field_order = ["institution"]


class TraineeForm(VersionMixin, forms.ModelForm):
    """A trainee. The identity number is typed here once and never shown again, so empty means unchanged."""

    identity = forms.CharField(
        label=gettext_lazy("Identity number"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "data-code": True}),
    )
    consent_on = DayField(
        label=gettext_lazy("Consent given on"),
        help_text=gettext_lazy("Day on which the trainee signed the consent to processing personal data."),
    )

    class Meta:
        model = Trainee
        fields = ["name", "identity_kind", "education", "school", "student_number", "consent_on"]
        field_classes = dict.fromkeys(["name", "school"], VisibleField)

    field_order = ["institution", "name", "identity_kind", "identity"]

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.kind_before = self.instance.identity_kind if self.instance.pk else None
        if self.instance.pk:
            self.fields["identity"].help_text = _(
                "Now: %(masked)s. Leave this empty to keep the number; it is stored encrypted and never shown in full."
            ) % {"masked": self.instance.identity_masked}
        else:
            self.fields["identity"].required = True
            self.fields["identity"].help_text = _("Stored encrypted; afterwards only a masked form is shown.")

    def clean_consent_on(self):
        day = self.cleaned_data["consent_on"]
        check_consent_on(day)
        return day

    def clean(self) -> dict:
        data = super().clean()
        kind, number = data.get("identity_kind"), data.get("identity")
        if kind and number:
            try:
                data["identity"] = validate_identity(kind, number)
            except ValidationError as error:
                self.add_error("identity", error)
        elif kind and self.kind_before and kind != self.kind_before:
            self.add_error("identity", _("Write the number of the other document too."))
        return data

    def point_to(self, trainee: Trainee) -> None:
        """This institution has the person already: say so at the field, with the way there."""
        self.add_error("identity", _("You have registered this person already."))
        self["identity"].help_text = format_html(
            '<a href="{}">{}</a>',
            trainee.get_absolute_url(),
            _("Open the entry of %(trainee)s") % {"trainee": f"{trainee.name} {trainee.identity_masked}"},
        )


class NewTraineeForm(InstitutionMixin, TraineeForm):
    institution = _institution_field()
    training_class = forms.ModelChoiceField(
        label=gettext_lazy("Class"),
        queryset=TrainingClass.objects.none(),
        required=False,
        empty_label=gettext_lazy("Enrol later"),
        help_text=gettext_lazy(
            "The trainee is enrolled for the days of the class; you can change them afterwards."
        ),
        error_messages={"invalid_choice": gettext_lazy("Choose one of your own classes.")},
    )

    def __init__(self, *args, user: User, **kwargs) -> None:
        super().__init__(*args, user=user, **kwargs)
        self.fields["training_class"].queryset = TrainingClass.objects.filter(
            institution__in=self.institutions
        )

    def clean(self) -> dict:
        data = super().clean()
        chosen = data.get("training_class")
        if (
            chosen
            and "institution" in self.fields
            and data.get("institution") not in (None, chosen.institution)
        ):
            self.add_error("training_class", _("This class belongs to another institution of yours."))
        return data


class TraineeFilter(forms.Form):
    """What the list of trainees shows; kept in the address."""

    ANY, ELIGIBLE, NOT_ELIGIBLE, NO_CONTRACT = "", "eligible", "not_eligible", "no_contract"
    ONE_DAY_SHORT = "one_day_short"
    #: Why somebody is not eligible: the reasons of the rules (policy.rules.texts) behind each choice.
    REASONS = {
        "contract_short": ("training.contract_short", "training.contract_equal"),
        "period_short": ("training.period_short", "training.period_equal"),
        "no_certificate": ("training.no_certificate",),
        "education": ("training.education",),
        "not_designated": ("training.not_designated",),
        "already_subsidised": ("training.already_subsidised",),
    }

    q = forms.CharField(label=gettext_lazy("Name"), required=False, max_length=60)
    show = forms.ChoiceField(
        label=gettext_lazy("Show"),
        required=False,
        choices=[
            (ANY, gettext_lazy("All trainees")),
            (ELIGIBLE, gettext_lazy("Eligible")),
            (NOT_ELIGIBLE, gettext_lazy("Not eligible")),
            (NO_CONTRACT, gettext_lazy("Labour contract missing")),
            (ONE_DAY_SHORT, gettext_lazy("Contract or training one day short")),
            ("contract_short", gettext_lazy("Labour contract too short")),
            ("period_short", gettext_lazy("Training too short")),
            ("no_certificate", gettext_lazy("No certificate")),
            ("education", gettext_lazy("Education outside the subsidy")),
            ("not_designated", gettext_lazy("Designation does not cover the training")),
            ("already_subsidised", gettext_lazy("Subsidised before")),
        ],
    )


class NameFilter(forms.Form):
    q = forms.CharField(label=gettext_lazy("Name"), required=False, max_length=60)


class EnrolForm(forms.Form):
    """Enrol several trainees of the institution in one class."""

    trainees = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Trainees"),
        queryset=Trainee.objects.none(),
        error_messages={
            "required": gettext_lazy("Choose at least one trainee."),
            "invalid_choice": gettext_lazy("Choose from the trainees of your institution."),
            "invalid_pk_value": gettext_lazy("Choose from the trainees of your institution."),
        },
    )

    def __init__(self, *args, training_class: TrainingClass, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["trainees"].queryset = Trainee.objects.filter(
            institution_id=training_class.institution_id, erased_at__isnull=True
        )


class EnrolInForm(forms.Form):
    """Enrol one trainee in one class."""

    training_class = forms.ModelChoiceField(
        label=gettext_lazy("Class"),
        queryset=TrainingClass.objects.none(),
        error_messages={"invalid_choice": gettext_lazy("Choose one of your own classes.")},
    )

    def __init__(self, *args, trainee: Trainee, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["training_class"].queryset = TrainingClass.objects.filter(
            institution_id=trainee.institution_id
        ).exclude(enrolments__trainee=trainee)
