"""The papers of a training claim: application, undertaking, roster of the trainees with masked identity numbers."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from casework.models import Case, Submission
from casework.prints.papers import Paper, Papers
from policy.practice import FRAUD_EXCLUSION_YEARS
from training.selectors import claim_of, preview


def _context(case: Case, submission: Submission | None) -> dict[str, Any]:
    found = _written(case) if submission is None else _filed(case, submission)
    return found | {"exclusion_years": FRAUD_EXCLUSION_YEARS}


def _filed(case: Case, submission: Submission) -> dict[str, Any]:
    data, assessment = submission.snapshot, case.current_assessment
    details = assessment.result["details"] if assessment else None
    results = {person["enrolment"]: person for person in details["people"]} if details else {}
    return {
        "lines": [line | {"result": results.get(line["enrolment"])} for line in data["lines"]],
        "details": details,
        "note": data["note"],
        "undertaking_by": data["undertaking_by"],
        "undertaking_at": data["undertaking_at"],
        "amount": case.amount_rmb,
        "policy": assessment.policy_key if assessment else "",
    }


def _written(case: Case) -> dict[str, Any]:
    found = preview(case)
    return {
        "lines": found.lines,
        "details": found.details,
        "note": claim_of(case).note,
        "undertaking_by": "",
        "amount": found.amount_rmb,
        "policy": found.policy,
    }


PAPERS = Papers(
    papers=(
        Paper("application", _("Application form: training subsidy"), "prints/training_application.html"),
        Paper("undertaking", _("Undertaking"), "prints/training_undertaking.html"),
        Paper("roster", _("Roster of trainees"), "prints/training_roster.html", wide=True),
    ),
    context=_context,
)
