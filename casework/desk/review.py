"""What the review page shows, and which conclusions it offers."""

from collections.abc import Sequence
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
from casework.diff import diff
from casework.enums import Outcome, Stage
from casework.lines import cut_lines, marked
from casework.models import Case, Review, Submission
from casework.permissions import authority_for, may_hold, may_recalculate, may_review, stage_of
from casework.programmes import Flag, programme_of
from casework.reopening import open_remarks
from casework.standing import Authority, Standing, standing_of
from casework.workload import colleagues
from ledger.selectors import allowance_of_year
from policy.workdays import working_days


@dataclass(frozen=True)
class Choice:
    """One button: the conclusion, and what pressing it does."""

    outcome: str
    label: str
    look: str

    @property
    def key(self) -> str:
        """The letter that leads to it (static/js/keys.js)."""
        return KEYS[Outcome(self.outcome)]


KEYS = {Outcome.PASS: "p", Outcome.RETURN: "r", Outcome.PROPOSE_REJECTION: "x", Outcome.REJECT: "x"}


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
    """Every review once: one that went along to a later calculation stands where it is now."""
    reviews = list(
        case.reviews.select_related("reviewer", "assessment", "delegation__giver", "ground").order_by("id")
    )
    carried = {review.carried_from_id for review in reviews}
    return [
        Opinion(
            review,
            _TONES[Outcome(review.outcome)],
            review.void_at is not None or review.assessment_id != case.current_assessment_id,
        )
        for review in reviews
        if review.pk not in carried
    ]


def warnings_of(case: Case, snapshot: dict) -> list[dict[str, Any]]:
    """Each warning once, with its words and all of its evidence, the programme's as of now."""
    found = list(programme_of(case).flags(case, snapshot))
    if "boundary" in case.warnings:
        found.insert(0, Flag("boundary", str(flags.EXPLANATIONS["boundary"])))
    grouped: dict[tuple[str, str], list[dict[str, str]]] = {}
    for flag in found:
        url = flag.url or (f"#row-{flag.line}" if flag.line else "")
        evidence = {"text": flag.evidence, "url": url}
        grouped.setdefault((flag.code, flag.message), []).extend([evidence] if flag.evidence else [])
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


MOST_ASSIGNMENTS = 10
#: Other cases of an organisation that the page lists; the queue finds the rest.
MOST_OTHERS = 30


def other_cases(case: Case, user: User) -> dict[str, list[dict[str, Any]]]:
    """The organisation's other filed cases, newest first: `same` year, and `before` it."""
    others = (
        Case.objects.visible_to(user)
        .filter(organisation=case.organisation_id, year__lte=case.year, submitted_at__isnull=False)
        .exclude(pk=case.pk)
        .order_by("-year", "-id")[:MOST_OTHERS]
    )
    found: dict[str, list[dict[str, Any]]] = {"same": [], "before": []}
    for other in others:
        row = {"case": other, "status": presentation.status_view(other, for_official=True)}
        found["same" if other.year == case.year else "before"].append(row)
    return found


def change_since_first(case: Case, submissions: Sequence[Submission]) -> corrections.Correction | None:
    """The latest submission beside the first one; None unless there were more than two, of which each step is shown."""
    if len(submissions) < 3:
        return None
    first, latest = submissions[0], submissions[-1]
    changes = diff(first.snapshot, latest.snapshot, programme_of(case).layout)
    return corrections.Correction(first, latest, changes, [])


def other_cases_context(case: Case, user: User) -> dict[str, Any]:
    found = other_cases(case, user)
    return {"others": found["same"], "previous": found["before"]}


def _acts_for(user: User, case: Case, standing: Standing) -> User | None:
    """Whom the official would act for, if they do not act by their own role."""
    authority = authority_for(user, case, standing)
    return authority.delegation.giver if isinstance(authority, Authority) and authority.delegation else None


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
    standing = standing_of(user)
    answer, hold = may_review(user, case, standing), may_hold(user, case, standing)
    cut = cut_lines(shown_case.current_assessment, shown.snapshot, rules)
    filed = rules.evidence(shown_case, shown.snapshot)
    decidable = bool(answer) and calculation == "done" and case.current_assessment is not None
    return {
        "case": case,
        "stage": stage,
        "status": presentation.status_view(case, for_official=True),
        "age": age(case, timezone.localdate(), calendar),
        "times": corrections.times(case, calendar=calendar),
        "correction": corrections.last_correction(case, submissions),
        "open_remarks": corrections.remark_views(case, open_remarks(case), latest.snapshot),
        "shown": shown,
        "latest": latest,
        "answer": answer,
        "may_hold": hold,
        "is_reviewer": bool(standing.authorities),
        "acts_for": _acts_for(user, case, standing) if answer else None,
        "assignments": list(
            case.assignments.select_related("assignee", "by", "before").order_by("-id")[:MOST_ASSIGNMENTS]
        ),
        "cut_lines": cut,
        "colleagues": colleagues(case, but={case.assigned_to_id}) if stage and standing.authorities else [],
        "conflict": bool(standing.has_conflict([user.pk], case)),
        "since_first": change_since_first(case, submissions),
        "choices": choices(case) if decidable else [],
        "calculation": calculation,
        "may_recalculate": may_recalculate(user, case, standing),
        "sheet": presentation.sheet(case.current_assessment, case.programme),
        "assessment": case.current_assessment,
        "warnings": warnings_of(case, latest.snapshot),
        "events": presentation.timeline(case, for_official=True),
        "opinions": opinions(case),
        **other_cases_context(case, user),
        "allowance": allowance(case),
        "submissions": submissions,
        "evidence": render_to_string(
            rules.evidence_template,
            {
                "case": case,
                "submission": shown,
                "for_official": True,
                "is_reviewer": bool(standing.authorities),
                "pins": decidable and shown is latest,
                **filed,
                "lines": marked(filed["lines"], rules.layout.key, cut),
            },
        ),
    }
