"""Offshore claims of a whole city: receipts added up by PostgreSQL, the rule applied by `policy.rules.offshore`."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from applications.frozen import FrozenReceipt, RecomputedClaim
from casework import columns
from casework.lines import by_key
from casework.models import Assessment
from casework.programmes import programme
from policy.enums import ProgrammeCode
from policy.rules.money import ZERO, add
from policy.rules.offshore import ClaimAssessment, assess_claim, claim_award_of
from policy.rules.terms import OffshoreTerms
from policy.rules.versions import version_for_year
from policy.selectors import thawed
from recomputations.models import Part
from recomputations.programmes import Judged, Kept

CLAIM = ("assessment_id", "year", "earlier_usd", "granted_rmb")
RECEIPT = ("claim_id", "position", "usd")
JUDGED = ("assessment_id", "year", "granted_rmb", "usd")
CLAIMS = """
SELECT k.assessment_id, k.year, k.granted_rmb, trim_scale(k.earlier_usd + coalesce(sum(r.usd), 0)) AS usd
FROM casework_case c JOIN applications_frozenclaim k ON k.assessment_id = c.current_assessment_id
LEFT JOIN applications_frozenreceipt r ON r.claim_id = k.assessment_id
WHERE c.programme = 'offshore' AND c.id BETWEEN %(first)s AND %(last)s
    AND (%(year)s::int IS NULL OR c.year = %(year)s) GROUP BY k.assessment_id ORDER BY k.assessment_id
"""
TOTALS = """
SELECT r.claim_id, r.award_rmb FROM recomputations_part p JOIN applications_recomputedclaim r ON r.part_id = p.id
WHERE p.recomputation_id = %(recomputation)s
"""


def frozen_claim(assessment: Assessment) -> tuple[str, ...]:
    """The cells of one claim in the order of CLAIM."""
    basis = assessment.inputs["basis"]
    year = assessment.submission.snapshot["year"]
    return str(assessment.pk), str(year), basis["earlier_usd"], basis["granted_rmb"]


def frozen_receipts(assessment: Assessment) -> Iterator[tuple[str, ...]]:
    """The cells of its receipts in the order of RECEIPT, as far as they were accepted."""
    rules = programme(ProgrammeCode.OFFSHORE)
    counted = rules.accepted(assessment.submission.snapshot, by_key(assessment.inputs.get("lines", ())))
    for position, line in enumerate(counted["lines"]):
        yield str(assessment.pk), str(position), line["usd"]


def explained(
    row: RecomputedClaim, terms: Sequence[OffshoreTerms] | None = None, usd: Decimal | None = None
) -> ClaimAssessment:
    """The whole assessment behind a recomputed row, its steps with numbers and clauses.

    `terms` are those of its recomputation, `usd` is the sum of its receipts; without them they are read.
    Raises ValueError when the row is not what the rules find of its claim.
    """
    claim = row.claim
    terms = terms or [thawed(ProgrammeCode.OFFSHORE, one) for one in row.part.recomputation.terms]
    version = version_for_year(terms, claim.year)
    if usd is None:
        usd = add(*FrozenReceipt.objects.filter(claim=claim).values_list("usd", flat=True))
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
        claims = [frozen_claim(assessment) for assessment in assessments]
        receipts = [row for assessment in assessments for row in frozen_receipts(assessment)]
        for table, names, rows in (
            ("applications_frozenclaim", CLAIM, claims),
            ("applications_frozenreceipt", RECEIPT, receipts),
        ):
            columns.write(table, names, columns.lines(*zip(*rows, strict=True)) if rows else b"")

    def differs(self, assessments: Sequence[Assessment]) -> Iterable[tuple[str, str, str]]:
        ids = [assessment.pk for assessment in assessments]
        receipts = [row for assessment in assessments for row in frozen_receipts(assessment)]
        yield from _compared(
            "claim", CLAIM, "applications_frozenclaim", map(frozen_claim, assessments), ids, 1
        )
        yield from _compared("receipt", RECEIPT, "applications_frozenreceipt", receipts, ids, 2)

    def judge(self, part: Part, terms: Sequence[OffshoreTerms]) -> Judged:
        span = {"first": part.first_case, "last": part.last_case, "year": part.recomputation.year}
        return judge(span, terms, part=part.pk)


def _compared(
    what: str, names: Sequence[str], table: str, wanted: Iterable[tuple], ids: list[int], width: int
) -> Iterator[tuple[str, str, str]]:
    """Rows of a table against what should stand there; the first `width` cells name a row, the others are numbers."""
    expected = {row[:width]: row for row in wanted}
    query = f"SELECT {', '.join(names)} FROM {table} WHERE {names[0]} = ANY(%s)"  # noqa: S608
    for part in columns.read(query, [ids]):
        for row in zip(*part, strict=True):
            said = expected.pop(row[:width], None)
            if said is None or [*map(Decimal, row[width:])] != [*map(Decimal, said[width:])]:
                yield f"{what} {' '.join(row[:width])}", _said(said, width), _said(row, width)
    for key, said in expected.items():
        yield f"{what} {' '.join(key)}", _said(said, width), "-"


def _said(row: Sequence[str] | None, width: int) -> str:
    return " ".join(row[width:]) if row else "-"


def judge(span: dict[str, Any], terms: Sequence[OffshoreTerms], *, part: int) -> Judged:
    """What the terms say of the claims between two cases; the rows begin with `part`."""
    (claims, years, granted, totals), _more = columns.gather(CLAIMS, JUDGED, span)
    of_year = {year: version_for_year(terms, int(year)) for year in set(years)}
    before = {text: Decimal(text) for text in set(granted)}
    rmb, rows = ZERO, []
    for claim, year, paid, usd in zip(claims, years, granted, totals, strict=True):
        award, found = claim_award_of(Decimal(usd), before[paid], of_year[year])
        rmb += award
        rows.append(f"{part}\t{claim}\t{award}\t{found}\n")
    return Judged("".join(rows).encode(), len(rows), rmb)
