"""What of a filed claim the institution wrote: where remarks can be pinned, and what a comparison shows."""

from typing import Any

from django.utils.translation import gettext_lazy

from casework.diff import Layout, Place
from casework.templatetags.portal import day_text
from training.claim_models import TrainingClaim
from training.enums import Education, IdentityKind
from training.models import Certificate, Employer, Enrolment, LabourContract, Trainee, TrainingClass


def _day(value: Any) -> str:
    return day_text(value) if value else ""


def _choice(choices) -> Any:
    words = dict(choices)
    return lambda value: "" if value is None else str(words.get(value, value))


def _place(path: str, model, field: str, words=None, group: str = "") -> Place:
    more = {"words": words} if words else {}
    return Place(path, model._meta.get_field(field).verbose_name, group=group, **more)


LAYOUT = Layout(
    fields=(_place("note", TrainingClaim, "note"),),
    rows="lines",
    key="enrolment",
    rows_label=gettext_lazy("Adding and removing trainees"),
    row_label=lambda line: line["name"],
    row_fields=(
        _place("name", Trainee, "name", group="trainee"),
        _place("identity_kind", Trainee, "identity_kind", _choice(IdentityKind.choices), group="trainee"),
        _place("identity_masked", Trainee, "identity_masked", group="trainee"),
        _place("education", Trainee, "education", _choice(Education.choices), group="trainee"),
        _place("school", Trainee, "school", group="trainee"),
        _place("class/code", TrainingClass, "code", group="training"),
        _place("class/name", TrainingClass, "name", group="training"),
        _place("training_start", Enrolment, "starts_on", _day, group="training"),
        _place("training_end", Enrolment, "ends_on", _day, group="training"),
        _place("certificate/number", Certificate, "number", group="certificate"),
        _place("certificate/issued_on", Certificate, "issued_on", _day, group="certificate"),
        _place("contract/employer_code", Employer, "credit_code", group="contract"),
        _place("contract/employer", Employer, "name", group="contract"),
        _place("contract/division", Employer, "division", group="contract"),
        _place("contract/signed_on", LabourContract, "signed_on", _day, group="contract"),
        _place("contract/starts_on", LabourContract, "starts_on", _day, group="contract"),
        _place("contract/ends_on", LabourContract, "ends_on", _day, group="contract"),
        _place("contract/position", LabourContract, "position", group="contract"),
    ),
    subjects=lambda line: [(f"enrolment-{line['enrolment']}", f"lines/{line['enrolment']}")],
    groups={
        "trainee": gettext_lazy("The trainee"),
        "training": gettext_lazy("Class and days of training"),
        "certificate": gettext_lazy("Certificate"),
        "contract": gettext_lazy("Labour contract"),
    },
)
