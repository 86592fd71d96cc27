from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from applications.models import ExchangeRate, OffshoreClaim, Receipt
from casework.enums import Status
from casework.models import Case
from policy.enums import ProgrammeCode


def rate_on(currency: str, day: date) -> ExchangeRate | None:
    """The published rate of a currency on a day; None for USD (its rate is 1) and when no rate is there."""
    if currency == "USD":
        return None
    return (
        ExchangeRate.objects.filter(currency=currency, valid_from__lte=day, valid_to__gte=day)
        .order_by("-valid_from")
        .first()
    )


def usd_of(currency: str, amount: Decimal, day: date) -> Decimal | None:
    """USD of an amount received on a day, unrounded; None when no rate is published for that day."""
    if currency == "USD":
        return amount
    rate = rate_on(currency, day)
    return None if rate is None else amount * rate.usd_per_unit


def usd_total(receipts: Iterable[Receipt]) -> tuple[Decimal, list[Receipt]]:
    """The unrounded USD sum of receipts, and those for which no rate is published."""
    total, missing = Decimal(0), []
    for receipt in receipts:
        usd = usd_of(receipt.currency, receipt.amount, receipt.received_on)
        if usd is None:
            missing.append(receipt)
        else:
            total += usd
    return total, missing


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


def claim_of(case: Case) -> OffshoreClaim:
    return OffshoreClaim.objects.get(case=case)
