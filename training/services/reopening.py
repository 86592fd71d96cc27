"""What of a returned claim an institution may change: the rows and values that an official marked."""

from typing import Any

from casework.enums import Status
from casework.models import Case
from casework.reopening import outside, refusal, reopened
from training.assessment import frozen_line
from training.layout import LAYOUT
from training.models import Enrolment
from training.selectors import with_evidence


def returned_case_of(enrolment_id: int) -> Case | None:
    """The returned claim that holds this enrolment, if there is one."""
    return Case.objects.filter(
        status=Status.RETURNED,
        training_claim__lines__enrolment=enrolment_id,
        training_claim__lines__released=False,
    ).first()


def state_of(enrolment_id: int) -> dict[str, Any]:
    """One enrolment as a claim of it alone would be frozen; designations are the bureau's and left out."""
    enrolment = with_evidence(Enrolment.objects.filter(pk=enrolment_id)).get()
    return {"lines": [frozen_line(enrolment, ())]}


def refuse_unasked(case: Case, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Raise Refused("closed") when something changed that was not marked."""
    if changes := outside(before, after, LAYOUT, reopened(case)):
        raise refusal(changes)
