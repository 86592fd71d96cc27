from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Upper
from django.utils import timezone

from accounts.enums import MembershipRole, OrganisationKind
from accounts.models import Organisation, User
from accounts.scope import across
from accounts.selectors import organisations_of
from applications.models import ExchangeRate, OffshoreClaim, Receipt
from casework.enums import Status
from casework.models import Case
from policy.enums import ProgrammeCode
from policy.rules.money import add, multiply
from policy.rules.versions import VersionError, version_for_year
from policy.selectors import published_versions

USD = "USD"


# Whose


def enterprises_of(user: User) -> QuerySet[Organisation]:
    """The enterprises that a person may file for."""
    return organisations_of(user).filter(
        kind=OrganisationKind.ENTERPRISE,
        memberships__user=user,
        memberships__role__in=(MembershipRole.OWNER, MembershipRole.CLERK),
    )


def offshore_cases(user: User) -> QuerySet[Case]:
    return (
        Case.objects.visible_to(user)
        .filter(programme=ProgrammeCode.OFFSHORE, offshore_claim__isnull=False)
        .select_related("organisation", "changed_by", "offshore_claim", "offshore_claim__typed_by")
    )


def claim_of(case: Case) -> OffshoreClaim:
    return OffshoreClaim.objects.get(case=case)


def claim_years(now: datetime | None = None) -> list[int]:
    """The years that may be claimed, newest first: those of the published policy up to this year in Nanchang."""
    versions = published_versions(ProgrammeCode.OFFSHORE)
    if not versions:
        return []
    this_year = timezone.localdate(now).year
    first = versions[0].in_force_from.year
    return [year for year in range(this_year, first - 1, -1) if _has_terms(versions, year)]


def _has_terms(versions, year: int) -> bool:
    try:
        version_for_year(versions, year)
    except VersionError:
        return False
    return True


def approved_claims_of_year(case: Case) -> list[Case]:
    """The organisation's approved offshore claims of the same year, oldest decision first, without this one."""
    return list(
        Case.objects.filter(
            organisation=case.organisation_id,
            programme=ProgrammeCode.OFFSHORE,
            year=case.year,
            status=Status.APPROVED,
        )
        .exclude(pk=case.pk)
        .select_related("current_assessment")
        .order_by("decided_at", "id")
    )


def approved_usd(organisation_id: int, year: int, *, but: int | None = None) -> Decimal:
    """USD that the organisation's approved offshore claims of a year counted, unrounded."""
    figures = (
        Case.objects.filter(
            organisation=organisation_id,
            programme=ProgrammeCode.OFFSHORE,
            year=year,
            status=Status.APPROVED,
        )
        .exclude(pk=but)
        .values_list("current_assessment__result__details__usd", flat=True)
    )
    return add(*(Decimal(usd) for usd in figures))


# Exchange rates


class Rates:
    """The published rates of some currencies, read once."""

    def __init__(self, currencies: Iterable[str]) -> None:
        wanted = set(currencies) - {USD}
        rows = ExchangeRate.objects.filter(currency__in=wanted).order_by("-valid_from") if wanted else ()
        self._rows: dict[str, list[ExchangeRate]] = {}
        for row in rows:
            self._rows.setdefault(row.currency, []).append(row)

    def on(self, currency: str, day: date) -> ExchangeRate | None:
        """The rate of a currency on a day; None for USD (its rate is 1) and when none is published."""
        return next((r for r in self._rows.get(currency, ()) if r.valid_from <= day <= r.valid_to), None)

    def missing(self, currency: str, day: date) -> bool:
        return currency != USD and self.on(currency, day) is None

    def usd(self, currency: str, amount: Decimal, day: date) -> Decimal | None:
        """USD of an amount received on a day, unrounded; None when no rate is published for that day."""
        if currency == USD:
            return amount
        rate = self.on(currency, day)
        return None if rate is None else multiply(amount, rate.usd_per_unit)


def rate_on(currency: str, day: date) -> ExchangeRate | None:
    """The published rate of a currency on a day; None for USD (its rate is 1) and when no rate is there."""
    return Rates([currency]).on(currency, day)


def usd_of(currency: str, amount: Decimal, day: date) -> Decimal | None:
    """USD of an amount received on a day, unrounded; None when no rate is published for that day."""
    return Rates([currency]).usd(currency, amount, day)


def usd_total(receipts: Iterable[Receipt]) -> tuple[Decimal, list[Receipt]]:
    """The unrounded USD sum of receipts, and those for which no rate is published."""
    receipts = list(receipts)
    rates = Rates(receipt.currency for receipt in receipts)
    total, missing = Decimal(0), []
    for receipt in receipts:
        usd = rates.usd(receipt.currency, receipt.amount, receipt.received_on)
        if usd is None:
            missing.append(receipt)
        else:
            total = add(total, usd)
    return total, missing


# What is filed


@dataclass(frozen=True)
class ClaimLines:
    """The receipts of a claim as they are filed, JSON-ready, and their unrounded USD sum."""

    lines: Sequence[dict[str, Any]]
    usd: Decimal
    missing: Sequence[Receipt] = field(default=())


def claim_lines(claim: OffshoreClaim) -> ClaimLines:
    """Receipts with contract, rate and source. A line whose rate is not published has no USD and is not summed."""
    receipts = list(claim.receipts.select_related("contract"))
    rates = Rates(receipt.currency for receipt in receipts)
    lines, total, missing = [], Decimal(0), []
    for receipt in receipts:
        rate = rates.on(receipt.currency, receipt.received_on)
        usd = rates.usd(receipt.currency, receipt.amount, receipt.received_on)
        if usd is None:
            missing.append(receipt)
        else:
            total = add(total, usd)
        lines.append(_line(receipt, rate, usd))
    return ClaimLines(lines, total, missing)


def _line(receipt: Receipt, rate: ExchangeRate | None, usd: Decimal | None) -> dict[str, Any]:
    contract = receipt.contract
    return {
        "receipt": receipt.pk,
        "bank_reference": receipt.bank_reference,
        "declaration_number": receipt.declaration_number,
        "received_on": receipt.received_on.isoformat(),
        "currency": receipt.currency,
        "amount": str(receipt.amount),
        "usd_per_unit": str(rate.usd_per_unit) if rate else "1" if receipt.currency == USD else "",
        "rate_source": rate.source if rate else "",
        "usd": "" if usd is None else format(usd, "f"),
        "contract": {
            "id": contract.pk,
            "contract_number": contract.contract_number,
            "registration_number": contract.registration_number,
            "name": contract.name,
            "client_name": contract.client_name,
            "client_country": contract.client_country,
            "is_related_party": contract.is_related_party,
            "service_type": contract.service_type,
            "sector": contract.sector,
            "currency": contract.currency,
            "value": str(contract.value),
            "signed_on": contract.signed_on.isoformat(),
        },
    }


def used_references(references: Iterable[str], *, but_claim: int | None) -> set[str]:
    """Those bank references that another claim holds, whoever filed it."""
    wanted = {reference.upper() for reference in references}
    found = Receipt.objects.filter(released=False).annotate(reference=Upper("bank_reference"))
    with across("whether a bank reference is taken, by whomever"):
        return set(
            found.filter(reference__in=wanted).exclude(claim=but_claim).values_list("reference", flat=True)
        )
