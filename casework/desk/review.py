"""What the review page shows, and which conclusions it offers."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from casework import corrections, presentation
from casework.desk import flags
from casework.desk.queue import age
from casework.enums import Outcome, Stage
from casework.models import Case, Review
from casework.permissions import may_recalculate, may_review, stage_of
from casework.programmes import Flag, programme_of
from casework.reopening import open_remarks
from ledger.selectors import allowance_of_year
from policy.workdays import working_days


@dataclass(frozen=True)
class Choice:
    """One button: the conclusion, and what pressing it does."""

    outcome: str
    label: str
    look: str


def consequence(case: Case) -> str:
    """What a pass does to a case at its present stage."""
    if stage_of(case) is Stage.INITIAL:
        return _("Pass initial review, on to final review")
    return _("Approve, award %(amount)s RMB") % {"amount": f"{case.amount_rmb:,.2f}"}


def choices(case: Case) -> list[Choice]:
    """The conclusions of the stage, the usual one first."""
    refusal = (
        Choice(Outcome.PROPOSE_REJECTION, _("Propose rejection, on to final review"), "danger")
        if stage_of(case) is Stage.INITIAL
        else Choice(Outcome.REJECT, _("Reject: nothing is paid"), "danger")
    )
    return [
        Choice(Outcome.PASS, consequence(case), "primary"),
        Choice(Outcome.RETURN, _("Return for correction"), "plain"),
        refusal,
    ]


@dataclass(frozen=True)
class Opinion:
    """A review as the page lists it; void when the calculation it saw is no longer the case's."""

    review: Review
    tone: str
    void: bool


_TONES = {
    Outcome.PASS: "good",
    Outcome.PROPOSE_REJECTION: "bad",
    Outcome.RETURN: "warn",
    Outcome.REJECT: "bad",
}


def opinions(case: Case) -> list[Opinion]:
    return [
        Opinion(review, _TONES[Outcome(review.outcome)], review.assessment_id != case.current_assessment_id)
        for review in case.reviews.select_related("reviewer", "assessment", "ground").order_by("id")
    ]


def warnings_of(case: Case, snapshot: dict) -> list[dict[str, Any]]:
    """Each warning once, with its words and all of its evidence, the programme's as of now."""
    found = list(programme_of(case).flags(case, snapshot))
    if "boundary" in case.warnings:
        found.insert(0, Flag("boundary", str(flags.EXPLANATIONS["boundary"])))
    grouped: dict[tuple[str, str], list[str]] = {}
    for flag in found:
        grouped.setdefault((flag.code, flag.message), []).extend([flag.evidence] if flag.evidence else [])
    return [
        {"word": flags.word(code), "message": message, "evidence": evidence}
        for (code, message), evidence in grouped.items()
    ]


def allowance(case: Case) -> dict[str, Decimal] | None:
    """Granted, limit and left of the organisation's year; None for a programme without a yearly limit."""
    balance = allowance_of_year(
        organisation_id=case.organisation_id, programme=case.programme, year=case.year
    )
    if balance:
        return {"limit": balance.limit_rmb, "granted": balance.granted_rmb, "left": balance.left_rmb}
    assessment = case.current_assessment
    cap = assessment.result["details"].get("cap_rmb") if assessment else None
    if cap is None:
        return None
    return {"limit": Decimal(cap), "granted": Decimal(0), "left": Decimal(cap)}


def other_cases(case: Case, user: User) -> list[dict[str, Any]]:
    """The organisation's other filed cases of the same year."""
    others = (
        Case.objects.visible_to(user)
        .filter(organisation=case.organisation_id, year=case.year, submitted_at__isnull=False)
        .exclude(pk=case.pk)
        .order_by("-id")
    )
    return [{"case": other, "status": presentation.status_view(other)} for other in others]


def context(case: Case, user: User, submission: str = "") -> dict[str, Any]:
    """Everything about one case that an official looks at before deciding.

    `submission` is the number of an earlier one whose evidence is shown instead of the latest.
    """
    submissions = list(case.submissions.select_related("submitted_by").order_by("number"))
    latest = submissions[-1]
    shown = next((found for found in submissions if str(found.number) == submission), latest)
    shown_case = case if shown is latest else corrections.as_submitted(case, shown)
    calendar = working_days()
    rules = programme_of(case)
    stage, calculation = stage_of(case), presentation.calculation_state(case)
    answer = may_review(user, case)
    decidable = bool(answer) and calculation == "done" and case.current_assessment is not None
    return {
        "case": case,
        "stage": stage,
        "status": presentation.status_view(case),
        "age": age(case, timezone.localdate(), calendar),
        "times": corrections.times(case, calendar=calendar),
        "correction": corrections.last_correction(case, submissions),
        "open_remarks": corrections.remark_views(case, open_remarks(case), latest.snapshot),
        "shown": shown,
        "latest": latest,
        "answer": answer,
        "choices": choices(case) if decidable else [],
        "calculation": calculation,
        "may_recalculate": may_recalculate(user, case),
        "sheet": presentation.sheet(case.current_assessment, case.programme),
        "assessment": case.current_assessment,
        "warnings": warnings_of(case, latest.snapshot),
        "events": presentation.timeline(case, for_official=True),
        "opinions": opinions(case),
        "others": other_cases(case, user),
        "allowance": allowance(case),
        "submissions": submissions,
        "evidence": render_to_string(
            rules.evidence_template,
            {
                "case": case,
                "submission": shown,
                "for_official": True,
                "pins": decidable and shown is latest,
                **rules.evidence(shown_case, shown.snapshot),
            },
        ),
    }
