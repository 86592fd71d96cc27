"""The papers of an offshore claim: application, undertaking, revenue by contract, receipts."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from applications.estimates import Figures, estimate
from applications.selectors import Rates, claim_lines, claim_of
from casework.models import Case, Submission
from casework.prints.papers import Paper, Papers
from policy.practice import FRAUD_EXCLUSION_YEARS
from policy.rules.money import add


def by_contract(lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The receipts summed for each contract: how many, and their USD; contracts in the order of their first receipt."""
    rows: dict[int, dict[str, Any]] = {}
    for line in lines:
        row = rows.setdefault(
            line["contract"]["id"], {"contract": line["contract"], "count": 0, "usd": Decimal(0)}
        )
        row["count"] += 1
        if line["usd"]:
            row["usd"] = add(row["usd"], Decimal(line["usd"]))
    return list(rows.values())


def _context(case: Case, submission: Submission | None) -> dict[str, Any]:
    found = _written(case) if submission is None else _filed(case, submission)
    return found | {"rows": by_contract(found["lines"]), "exclusion_years": FRAUD_EXCLUSION_YEARS}


def _filed(case: Case, submission: Submission) -> dict[str, Any]:
    data, assessment = submission.snapshot, case.current_assessment
    return {
        "lines": data["lines"],
        "usd": data["usd"],
        "note": data["note"],
        "undertaking_by": data["undertaking_by"],
        "undertaking_at": data["undertaking_at"],
        "amount": case.amount_rmb,
        "policy": assessment.policy_key if assessment else "",
    }


def _written(case: Case) -> dict[str, Any]:
    claim = claim_of(case)
    filed, receipts = claim_lines(claim), list(claim.receipts.all())
    figures = [Figures(receipt.currency, receipt.amount, receipt.received_on) for receipt in receipts]
    sheet = estimate(case, figures, rates=Rates(line.currency for line in figures)).sheet
    return {
        "lines": filed.lines,
        "usd": filed.usd,
        "note": claim.note,
        "undertaking_by": "",
        "amount": sheet["amount"] if sheet else None,
        "policy": sheet["policy"] if sheet else "",
    }


PAPERS = Papers(
    papers=(
        Paper(
            "application",
            _("Application form: offshore outsourcing incentive"),
            "prints/offshore_application.html",
        ),
        Paper("undertaking", _("Undertaking"), "prints/offshore_undertaking.html"),
        Paper("summary", _("Summary of foreign exchange revenue"), "prints/offshore_summary.html", wide=True),
        Paper("receipts", _("List of receipts"), "prints/offshore_receipts.html", wide=True),
    ),
    context=_context,
)
