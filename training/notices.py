"""The people of a training award as a public notice shows them."""

from collections.abc import Sequence
from decimal import Decimal

from accounts.identifiers import mask_name
from casework.models import Award
from notices.people import MaskedPerson


def people_of(award: Award) -> Sequence[MaskedPerson]:
    """The eligible trainees, in the order of the claim, from what was frozen at filing and at assessment."""
    lines = {line["enrolment"]: line for line in award.assessment.submission.snapshot["lines"]}
    return [
        MaskedPerson(
            mask_name(lines[person["enrolment"]]["name"]),
            lines[person["enrolment"]]["identity_masked"],
            Decimal(person["trainee_rmb"]),
        )
        for person in award.assessment.result["details"]["people"]
        if person["eligible"]
    ]
