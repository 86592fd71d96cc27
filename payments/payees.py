"""Whom an award line pays: the organisation that filed, or a person of its claim.

A programme whose claims pay persons registers how it names them (`register`); payments imports no programme.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from accounts.crypto import renewed
from casework.enums import Payee, Status
from casework.models import Case
from payments.models import PayeeAccount

#: The address of an organisation's own account among a case's payees.
OWN = "own"
#: Names of the persons in a frozen claim by the reference of their award lines.
Names = Callable[[Mapping[str, Any]], Mapping[str, str]]
_names: dict[str, Names] = {}


def register(programme: str, names: Names) -> None:
    _names[programme] = names


@dataclass(frozen=True)
class PayeeOf:
    """One payee of a case. `person_key` is empty for the organisation itself."""

    reference: str
    person_key: str
    name: str


def key_of(line) -> str:
    """The `PayeeAccount.person_key` that an award line is paid to."""
    return line.person_key if line.payee == Payee.TRAINEE else ""


def payees_of(case: Case) -> list[PayeeOf]:
    """The payees of a case as awarded, or as calculated so far: the organisation, then its persons by name."""
    assessment = case.current_assessment
    if assessment is None or case.status in (Status.REJECTED, Status.WITHDRAWN, Status.LAPSED):
        return []
    paid = [line for line in assessment.result["lines"] if line["amount_rmb"] != "0.00"]
    persons = [line for line in paid if line["payee"] == Payee.TRAINEE]
    found = [PayeeOf(OWN, "", case.organisation.name)] if len(persons) < len(paid) else []
    if persons and case.programme in _names:
        names = _names[case.programme](assessment.submission.snapshot)
        found += sorted(
            (
                PayeeOf(line["reference"], renewed(line["person_key"]), names[line["reference"]])
                for line in persons
            ),
            key=lambda payee: payee.name,
        )
    return found


def payee_of(case: Case, reference: str) -> PayeeOf | None:
    return next((payee for payee in payees_of(case) if payee.reference == reference), None)


def latest_accounts(case: Case, payees: list[PayeeOf]) -> dict[str, list[PayeeAccount]]:
    """By person key: the verified account of a payee and the one on its way, newest first; one query."""
    accounts = PayeeAccount.objects.filter(
        organisation_id=case.organisation_id,
        person_key__in=[payee.person_key for payee in payees],
        state__in=("entered", "confirmed", "verified", "refused"),
    ).order_by("-id")
    found: dict[str, list[PayeeAccount]] = {}
    for account in accounts:
        found.setdefault(account.person_key, []).append(account)
    return found
