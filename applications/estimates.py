"""The live estimate of a claim that is being written: the programme's own rules on what can be read so far."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from applications.selectors import Rates
from applications.years import YearClaim, pending_claims
from casework import presentation
from casework.models import Case
from casework.programmes import programme_of
from policy.rules.money import add
from policy.rules.versions import VersionError

#: The reasons of a year that earns nothing because too little counts.
BELOW = ("offshore.threshold_short", "offshore.threshold_equal")


class Figures(NamedTuple):
    """What one receipt counts with."""

    currency: str
    amount: Decimal
    received_on: date


@dataclass(frozen=True)
class Estimate:
    """`sheet` is the context of `_partials/sheet.html`, None when no single policy version covers the year."""

    sheet: dict[str, Any] | None
    counted: int
    left_out: int
    below_threshold: bool = False
    pending: "Pending | None" = None


@dataclass(frozen=True)
class Pending:
    """What waits for a decision in the same year, and what the year would then earn; a note beside the estimate."""

    claims: list[YearClaim]
    year_rmb: Decimal


def estimate(case: Case, figures: Iterable[Figures], *, rates: Rates, unread: int = 0) -> Estimate:
    """What the claim would earn with these receipts, after what the year has granted before.

    `unread` rows could not be read; they and those without a published rate are left out and counted.
    """
    values = [rates.usd(line.currency, line.amount, line.received_on) for line in figures]
    known = [value for value in values if value is not None]
    left_out = len(values) - len(known) + unread
    programme = programme_of(case)
    snapshot = {
        "year": case.year,
        "usd": format(add(*known), "f"),
        "organisation": {"credit_code": case.organisation.credit_code},
    }
    try:
        basis = programme.basis(case, snapshot)
        result = programme.assess(snapshot, basis)
        pending = _pending(case, snapshot, basis)
    except VersionError:
        return Estimate(None, len(known), left_out)
    json = {"reasons": result.reasons, "steps": result.steps, "details": result.details}
    sheet = presentation.offshore_sheet(result.amount_rmb, json, result.policy_key)
    return Estimate(
        sheet=sheet | {"title": _("Estimate"), "note": _("Estimate; the office decides.")},
        counted=len(known),
        left_out=left_out,
        below_threshold=any(reason["code"] in BELOW for reason in result.reasons),
        pending=pending,
    )


def _pending(case: Case, snapshot: Mapping[str, Any], basis: Mapping[str, Any]) -> Pending | None:
    claims = pending_claims(case)
    if not claims:
        return None
    earlier = add(Decimal(basis["earlier_usd"]), *(claim.usd for claim in claims))
    # With nothing granted before, the award of a claim is the award of its year.
    whole = programme_of(case).assess(snapshot, {"earlier_usd": str(earlier), "granted_rmb": "0.00"})
    return Pending(claims, whole.amount_rmb)
