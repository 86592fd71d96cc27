"""What the days, the certificate and the labour contract of an enrolment must satisfy before they are kept.

Only what cannot be true is refused here; what does not earn the subsidy is for `policy.rules` to say.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

EARLIEST, LATEST = date(1990, 1, 1), date(2100, 12, 31)


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
