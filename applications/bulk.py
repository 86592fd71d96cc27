"""Offshore claims of a whole city: receipts added up as whole numbers, the rule applied by `policy.rules.offshore`."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from applications.frozen import FrozenClaim, RecomputedClaim
from casework import columns
from casework.lines import by_key
from casework.models import Assessment
from casework.programmes import programme
from policy.enums import ProgrammeCode
from policy.rules.money import ZERO, add, shifted
from policy.rules.offshore import ClaimAssessment, assess_claim, claim_award_of
from policy.rules.terms import OffshoreTerms
from policy.rules.versions import version_for_year
from policy.selectors import thawed
from recomputations.models import Part
from recomputations.programmes import Judged, Kept

#: The columns of a claim in the order in which they are written.
FROZEN = ("assessment_id", "year", "earlier_usd", "granted_rmb", "receipts_usd")
JUDGED = ("assessment_id", "year", "trim_scale(earlier_usd)", "granted_rmb", "receipts_usd")
CLAIMS = """
SELECT k.* FROM casework_case c JOIN applications_frozenclaim k ON k.assessment_id = c.current_assessment_id
WHERE c.programme = 'offshore' AND c.id BETWEEN %(first)s AND %(last)s
    AND (%(year)s::int IS NULL OR c.year = %(year)s) ORDER BY k.assessment_id
"""
TOTALS = """
SELECT r.claim_id, r.award_rmb FROM recomputations_part p JOIN applications_recomputedclaim r ON r.part_id = p.id
WHERE p.recomputation_id = %(recomputation)s
"""


def frozen_row(assessment: Assessment) -> tuple[Any, ...]:
    """One claim in the order of FROZEN, its receipts as far as they were accepted."""
    rules, basis = programme(ProgrammeCode.OFFSHORE), assessment.inputs["basis"]
    snapshot = assessment.submission.snapshot
    counted = rules.accepted(snapshot, by_key(assessment.inputs.get("lines", ())))
    return (
        assessment.pk,
        snapshot["year"],
        Decimal(basis["earlier_usd"]),
        Decimal(basis["granted_rmb"]),
        evened(line["usd"] for line in counted["lines"]),
    )


def evened(amounts: Iterable[str]) -> str:
    """Amounts side by side, each with as many decimals as the longest.

    >>> evened(["150000", "-0.125"])
    '150000.000 -0.125'
    """
    values = [Decimal(amount) for amount in amounts]
    decimals = max((-value.as_tuple().exponent for value in values), default=0)
    return " ".join(f"{value:.{max(decimals, 0)}f}" for value in values)


def total_of(receipts: str) -> Decimal:
    """The exact sum of what `evened` wrote: its digits add up as whole numbers.

    >>> total_of("150000.000 -0.125"), total_of("")
    (Decimal('149999.875'), Decimal('0'))
    """
    point = receipts.rfind(".")
    decimals = len(receipts) - point - 1 if point >= 0 else 0
    return shifted(sum(map(int, receipts.replace(".", "").split())), decimals)


def explained(row: RecomputedClaim, terms: Sequence[OffshoreTerms] | None = None) -> ClaimAssessment:
    """The whole assessment behind a recomputed row, its steps with numbers and clauses.

    `terms` are those of its recomputation; without them they are read.
    Raises ValueError when the row is not what the rules find of its claim.
    """
    claim = row.claim
    terms = terms or [thawed(ProgrammeCode.OFFSHORE, one) for one in row.part.recomputation.terms]
    version, usd = version_for_year(terms, claim.year), total_of(claim.receipts_usd)
    found = claim_award_of(add(claim.earlier_usd, usd), claim.granted_rmb, version)
    if found != (row.award_rmb, row.findings):
        raise ValueError(f"{row.award_rmb} ({row.findings}) is not what the rules find of claim {claim}")
    return assess_claim(
        usd=usd, earlier_usd=claim.earlier_usd, earlier_granted_rmb=claim.granted_rmb, terms=version
    )


class OffshoreBulk:
    code = ProgrammeCode.OFFSHORE
    kept = Kept(
        table="applications_recomputedclaim",
        columns=("claim_id", "award_rmb", "findings"),
        key="claim_id",
        totals=TOTALS,
    )

    def rows_of(self, assessments: Sequence[Assessment]) -> list[int]:
        return [1] * len(assessments)

    def freeze(self, assessments: Sequence[Assessment]) -> None:
        cells = ([str(cell) for cell in column] for column in zip(*map(frozen_row, assessments), strict=True))
        columns.write("applications_frozenclaim", FROZEN, columns.lines(*cells))

    def differs(self, assessments: Sequence[Assessment]) -> Iterable[tuple[str, str, str]]:
        found = FrozenClaim.objects.filter(pk__in=[one.pk for one in assessments]).values_list(*FROZEN)
        present = {row[0]: row for row in found}
        for assessment in assessments:
            wanted, row = frozen_row(assessment), present.get(assessment.pk)
            if row != wanted:
                yield f"assessment {assessment.pk}", _said(wanted), _said(row)

    def judge(self, part: Part, terms: Sequence[OffshoreTerms]) -> Judged:
        span = {"first": part.first_case, "last": part.last_case, "year": part.recomputation.year}
        return judge(span, terms, part=part.pk)


def _said(row: Sequence[Any] | None) -> str:
    return " ".join(map(str, row[1:])) if row else "-"


def judge(span: dict[str, Any], terms: Sequence[OffshoreTerms], *, part: int) -> Judged:
    """What the terms say of the claims between two cases; the rows begin with `part`."""
    claims, years, earlier, granted, receipts = columns.gather(CLAIMS, JUDGED, span)
    of_year = {year: version_for_year(terms, int(year)) for year in set(years)}
    before = {text: Decimal(text) for text in {*earlier, *granted}}
    rmb, rows = ZERO, []
    for claim, year, counted, paid, usd in zip(claims, years, earlier, granted, receipts, strict=True):
        total = total_of(usd) if counted == "0" else add(before[counted], total_of(usd))
        award, found = claim_award_of(total, before[paid], of_year[year])
        rmb += award
        rows.append(f"{part}\t{claim}\t{award}\t{found}\n")
    return Judged("".join(rows).encode(), len(rows), rmb)
