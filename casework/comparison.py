"""What changed between two assessments of a case: amount, lines, steps."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from casework.enums import Payee
from casework.models import Assessment
from casework.templatetags.portal import in_language
from casework.templatetags.sheet import STEPS


@dataclass(frozen=True)
class Difference:
    """One thing that differs; "" where one side lacks it."""

    what: str
    before: str
    after: str


def compare(before: Assessment, after: Assessment) -> list[Difference]:
    """The differences of two assessments, the amount first; [] when they come to the same."""
    found = [
        Difference(_("Amount (RMB)"), f"{before.amount_rmb:,.2f}", f"{after.amount_rmb:,.2f}"),
        Difference(_("Policy version"), before.policy_key, after.policy_key),
        *_pairs(_lines(before.result), _lines(after.result)),
        *_pairs(_steps(before.result), _steps(after.result)),
        *_pairs(_reasons(before.result), _reasons(after.result)),
    ]
    return [difference for difference in found if difference.before != difference.after]


def _pairs(before: Mapping[str, str], after: Mapping[str, str]) -> list[Difference]:
    return [
        Difference(name, before.get(name, ""), after.get(name, ""))
        for name in dict.fromkeys([*before, *after])
    ]


def _lines(result: Mapping[str, Any]) -> dict[str, str]:
    return {
        f"{Payee(line['payee']).label} {line['reference']}": f"{Decimal(line['amount_rmb']):,.2f}"
        for line in result["lines"]
    }


def _steps(result: Mapping[str, Any]) -> dict[str, str]:
    return {str(STEPS.get(step["code"], step["code"])): in_language(step) for step in result["steps"]}


def _reasons(result: Mapping[str, Any]) -> dict[str, str]:
    return {in_language(reason): _("yes") for reason in result["reasons"]}
