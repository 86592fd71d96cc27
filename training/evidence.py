"""What the days, the certificate and the labour contract of an enrolment must satisfy before they are kept.

Only what cannot be true is refused here; what does not earn the subsidy is for `policy.rules` to say.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _


@dataclass(frozen=True)
class CertificateData:
    number: str
    issued_on: date


@dataclass(frozen=True)
class ContractData:
    """A labour contract as a form brings it; `ends_on` None is open-ended. Name and division serve a new employer."""

    employer_code: str
    signed_on: date
    starts_on: date
    ends_on: date | None = None
    employer_name: str = ""
    employer_division: str = ""
    position: str = ""


def contradictions(
    *,
    starts_on: date | None,
    ends_on: date | None,
    certificate_issued_on: date | None,
    signed_on: date | None,
    contract_starts_on: date | None,
    contract_ends_on: date | None,
    today: date,
) -> Iterator[tuple[str, str]]:
    """What contradicts itself or the calendar, as (field, message); a day that is not known (None) breaks nothing."""
    if starts_on and ends_on and ends_on < starts_on:
        yield "ends_on", _("The last day cannot be before the first day.")
    if certificate_issued_on:
        if certificate_issued_on > today:
            yield (
                "certificate_issued_on",
                _("This day is in the future. Write the day printed on the certificate."),
            )
        if ends_on and ends_on > today:
            yield "ends_on", _("The training has not ended yet, so it cannot have a certificate.")
        elif ends_on and certificate_issued_on < ends_on:
            yield (
                "certificate_issued_on",
                _("The certificate cannot be older than the end of the training. Compare both dates."),
            )
    if signed_on and signed_on > today:
        yield "signed_on", _("This day is in the future. Add the contract when it is signed.")
    if contract_starts_on and contract_ends_on and contract_ends_on < contract_starts_on:
        yield "contract_ends_on", _("The contract cannot end before it starts.")


def check_consent_on(day: date) -> None:
    if day > timezone.localdate():
        raise ValidationError(_("This day is in the future. Write the day of the signature."), code="future")


def gaps(
    data: Mapping[str, Any], *, has_certificate_day: bool, has_contract: bool, employer_known: bool
) -> Iterator[tuple[str, str]]:
    """What is missing once something of a certificate or a contract is written, as (field, message).

    A field that was written and could not be read is missing from `data` too; whoever shows the form knows it.
    """
    if has_certificate_day:
        if not data.get("certificate_number"):
            yield "certificate_number", _("Write the number of the certificate too, or clear its day.")
    elif data.get("certificate_number"):
        yield "certificate_issued_on", _("Write the day of issue too, or clear the number.")
    if not has_contract:
        return
    if not data.get("employer_code"):
        yield "employer_code", _("Write the employer's credit code, or clear the whole contract.")
    if not data.get("signed_on"):
        yield "signed_on", _("Write the day of the signature, or clear the whole contract.")
    if not data.get("contract_starts_on"):
        yield "contract_starts_on", _("Write the first day of the contract, or clear the whole contract.")
    if not data.get("open_ended") and not data.get("contract_ends_on"):
        yield "contract_ends_on", _("Write the last day of the contract, or tick “open-ended”.")
    if data.get("employer_code") and not employer_known and not data.get("employer_name"):
        yield "employer_name", _("This employer is not known yet: write its name as on the business licence.")


def check_open_ended(open_ended: bool, ends_on: date | None) -> None:
    if open_ended and ends_on:
        raise ValidationError(_("Clear this day, or untick “open-ended”: it cannot be both."))
