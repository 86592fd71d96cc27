"""The live estimate of a claim that is being written: the programme's own rules on what can be read so far."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from applications.selectors import Rates
from casework import presentation
from casework.models import Case
from casework.programmes import programme_of
from policy.rules.money import add
from policy.rules.versions import VersionError


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
        result = programme.assess(snapshot, programme.basis(case, snapshot))
    except VersionError:
        return Estimate(None, len(known), left_out)
    json = {"reasons": result.reasons, "steps": result.steps, "details": result.details}
    sheet = presentation.offshore_sheet(result.amount_rmb, json, result.policy_key)
    return Estimate(
        sheet | {"title": _("Estimate"), "note": _("Estimate; the office decides.")}, len(known), left_out
    )
