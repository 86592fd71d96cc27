"""An enterprise's calendar year: what counts so far, what waits, what is being written, and what all of it earns."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Organisation
from applications.models import Receipt
from applications.selectors import usd_total
from casework import presentation
from casework.enums import EDITABLE, IN_REVIEW, Status
from casework.models import Case
from ledger.selectors import granted_in_year
from policy.enums import ProgrammeCode
from policy.rules import offshore
from policy.rules.money import add, subtract
from policy.rules.terms import OffshoreTerms
from policy.rules.versions import VersionError
from policy.selectors import offshore_terms_for

COUNTED = (Status.APPROVED, *IN_REVIEW, *EDITABLE)


@dataclass(frozen=True)
class YearClaim:
    """One claim of the year and the USD that it counts with, unrounded; `left_out` receipts have no rate yet."""

    case: Case
    status: presentation.StatusView
    usd: Decimal
    left_out: int = 0

    @property
    def is_approved(self) -> bool:
        return self.case.status == Status.APPROVED

    @property
    def is_pending(self) -> bool:
        return self.case.status in IN_REVIEW


@dataclass(frozen=True)
class Year:
    """The claims in the order in which they count: approved ones, those in review, the drafts."""

    organisation: Organisation
    year: int
    claims: list[YearClaim]
    granted_rmb: Decimal
    terms: OffshoreTerms | None

    @property
    def approved_usd(self) -> Decimal:
        return add(*(claim.usd for claim in self.claims if claim.is_approved))

    @property
    def pending_usd(self) -> Decimal:
        return add(*(claim.usd for claim in self.claims if claim.is_pending))

    @property
    def draft_usd(self) -> Decimal:
        return add(*(claim.usd for claim in self.claims if not claim.is_approved and not claim.is_pending))

    @property
    def total_usd(self) -> Decimal:
        return add(*(claim.usd for claim in self.claims))

    @property
    def left_rmb(self) -> Decimal | None:
        """What the year's allowance still has; None while no single policy version covers the year."""
        return None if self.terms is None else subtract(self.terms.cap_rmb, self.granted_rmb)

    @cached_property
    def assessment(self) -> offshore.YearAssessment | None:
        """What the rules say of the year if everything that is filed or drafted is approved as it stands."""
        if self.terms is None:
            return None
        return offshore.assess_year(claims=[claim.usd for claim in self.claims], terms=self.terms)

    def sheet(self) -> dict[str, Any] | None:
        """Context of `_partials/sheet.html`, with the trace of the year."""
        found, terms = self.assessment, self.terms
        if found is None or terms is None:
            return None
        result = {
            "reasons": [reason.to_json() for reason in found.reasons],
            "steps": [step.to_json() for step in found.steps],
            "details": {
                "cumulative_usd": str(found.total_usd),
                "threshold_usd": str(terms.threshold_usd),
                "threshold_op": str(terms.threshold_op),
                "rate_rmb_per_usd": str(terms.rate_rmb_per_usd),
                "cap_rmb": str(terms.cap_rmb),
            },
        }
        sheet = presentation.offshore_sheet(found.year_total_rmb, result, terms.code)
        note = _("If every claim of the year is approved as it stands. The office decides.")
        return sheet | {"title": _("Award of the year"), "note": note}


def year_of(organisation: Organisation, year: int) -> Year:
    """The year of an enterprise; the number of queries does not grow with its claims."""
    cases = list(
        Case.objects.filter(
            organisation=organisation, programme=ProgrammeCode.OFFSHORE, year=year, status__in=COUNTED
        )
        .select_related("current_assessment")
        .order_by("decided_at", "submitted_at", "id")
    )
    cases.sort(key=lambda case: (case.status != Status.APPROVED, case.status not in IN_REVIEW))
    try:
        terms = offshore_terms_for(year)
    except VersionError:
        terms = None
    return Year(
        organisation=organisation,
        year=year,
        claims=_counted(cases),
        granted_rmb=granted_in_year(
            organisation_id=organisation.pk, programme=ProgrammeCode.OFFSHORE, year=year
        ),
        terms=terms,
    )


def pending_claims(case: Case) -> list[YearClaim]:
    """The claims of the same enterprise and year that wait for a decision, without this one."""
    cases = Case.objects.filter(
        organisation=case.organisation_id, programme=case.programme, year=case.year, status__in=IN_REVIEW
    )
    return _counted(list(cases.exclude(pk=case.pk).order_by("submitted_at", "id")))


def _counted(cases: list[Case]) -> list[YearClaim]:
    filed, written = _filed_usd(cases), _written_usd(cases)
    claims = []
    for case in cases:
        usd, left_out = written.get(case.pk) or (filed.get(case.pk, Decimal(0)), 0)
        claims.append(YearClaim(case, presentation.status_view(case), usd, left_out))
    return claims


def _filed_usd(cases: Iterable[Case]) -> dict[int, Decimal]:
    """The USD of what was filed last, by case."""
    filed = (
        Case.objects.filter(pk__in=[case.pk for case in cases if case.status not in EDITABLE])
        .filter(submissions__isnull=False)
        .order_by("submissions__number")
        .values_list("pk", "submissions__snapshot__usd")
    )
    return {pk: Decimal(usd) for pk, usd in filed}


def _written_usd(cases: Iterable[Case]) -> dict[int, tuple[Decimal, int]]:
    """The USD of the receipts that a draft or a returned claim holds now, and how many have no rate yet, by case."""
    written: dict[int, list[Receipt]] = {case.pk: [] for case in cases if case.status in EDITABLE}
    for receipt in Receipt.objects.filter(claim__case__in=written).select_related("claim"):
        written[receipt.claim.case_id].append(receipt)
    totals = {}
    for pk, receipts in written.items():
        usd, missing = usd_total(receipts)
        totals[pk] = (usd, len(missing))
    return totals
