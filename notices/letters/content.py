"""What a letter says, as JSON: frozen with the decision, so that later words and names change nothing."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from casework.clock import day_of
from casework.enums import Outcome, Payee, Stage, Status
from casework.models import Assessment, Award, Case, Transition
from casework.prints.capitals import in_capitals
from notices.enums import LetterKind
from policy.remedies import remedies_on


def content_of(case: Case, step: Transition) -> tuple[LetterKind, dict[str, Any]]:
    """Kind and content of the letter about an approval or a rejection."""
    assessment = case.current_assessment
    base = _base(case, assessment, day_of(step.at))
    if step.to_status == Status.APPROVED:
        return LetterKind.AWARD, base | _award(assessment)
    return LetterKind.REJECTION, base | _rejection(case, step)


def recovery_of(
    award: Award,
    *,
    decided_on: date,
    amount_rmb: Decimal,
    paid_rmb: Decimal,
    reason: str,
    clauses: Sequence[Mapping[str, str]],
    pay_by: date,
    order: str = "",
    payment: str = "",
    payee: str = "",
    pay_into: Sequence[str] = (),
) -> dict[str, Any]:
    """Content of a recovery order: `amount_rmb` of the `paid_rmb` paid of an award, due by the end of `pay_by`.

    `clauses` are {clause, quotation}; `order` and `payment` are numbers, `payee` is the kind of payee (never a person's
    name: letters stay); `pay_into` names the bureau's account line by line. For `letters.write` with
    `kind=LetterKind.RECOVERY` and a `source` like "recovery:3"; the room of the source tells `verifying.register`
    whether it is still in force.
    """
    return _base(award.case, award.assessment, decided_on) | {
        "amount_rmb": str(amount_rmb),
        "capitals": in_capitals(amount_rmb),
        "paid_rmb": str(paid_rmb),
        "reason": reason,
        "clauses": [dict(clause) for clause in clauses],
        "pay_by": pay_by.isoformat(),
        "order": order,
        "payment": payment,
        "payee": payee,
        "pay_into": list(pay_into),
    }


def _base(case: Case, assessment: Assessment, day: date) -> dict[str, Any]:
    """What every letter says."""
    remedies = remedies_on(day)
    return {
        "case": case.number,
        "programme": case.programme,
        "year": case.year,
        "organisation": {"name": case.organisation.name, "credit_code": case.organisation.credit_code},
        "filed_on": day_of(case.submitted_at).isoformat(),
        "decided_on": day.isoformat(),
        "policy": assessment.policy_key,
        "assessment": assessment.hash,
        "submission": assessment.submission.snapshot_hash,
        "remedies": {
            "reconsideration_days": remedies.reconsideration_days,
            "litigation_months": remedies.litigation_months,
        },
    }


def _award(assessment: Assessment) -> dict[str, Any]:
    sums: dict[str, list[Decimal]] = {}
    for line in assessment.result["lines"]:
        sums.setdefault(line["payee"], []).append(Decimal(line["amount_rmb"]))
    return {
        "amount_rmb": str(assessment.amount_rmb),
        "capitals": in_capitals(assessment.amount_rmb),
        "payees": [
            {"payee": payee, "count": len(amounts), "amount_rmb": str(sum(amounts))}
            for payee in Payee.values
            if (amounts := sums.get(payee))
        ],
        "clauses": clauses_of_trace(assessment.result),
    }


def clauses_of_trace(result: Mapping[str, Any]) -> list[dict[str, str]]:
    """The clauses that the calculation's steps cite, each once, with the words of the source."""
    steps: Sequence[Mapping[str, Any]] = [
        *result["steps"],
        *(step for person in result["details"].get("people", ()) for step in person["steps"]),
    ]
    found: dict[str, list[str]] = {}
    for step in steps:
        words = found.setdefault(step["clause"], [])
        if step.get("quotation") and step["quotation"] not in words:
            words.append(step["quotation"])
    return [{"clause": clause, "quotation": " / ".join(words)} for clause, words in found.items() if clause]


def _rejection(case: Case, step: Transition) -> dict[str, Any]:
    review = case.reviews.select_related("ground").get(
        assessment=case.current_assessment, stage=Stage.FINAL, outcome=Outcome.REJECT
    )
    ground = review.ground
    return {
        "amount_rmb": "0.00",
        "reason": step.reason,
        "ground": ground.code,
        "clauses": [{"clause": ground.clause, "quotation": ground.quotation}],
    }
