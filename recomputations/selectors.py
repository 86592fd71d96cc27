"""What a recomputation found, beside what stands."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.db.models import Sum

from recomputations.models import Recomputation
from recomputations.programmes import bulk_of

#: Claims whose amount is another one than the assessment's. `kept` is the programme's own sum for each assessment.
DIFFERENCES = """
SELECT c.number, a.amount_rmb, found.rmb
FROM ({totals}) AS found (assessment_id, rmb) JOIN casework_assessment a ON a.id = found.assessment_id
JOIN casework_case c ON c.id = a.case_id WHERE a.amount_rmb <> found.rmb ORDER BY c.id LIMIT %(most)s
"""


@dataclass(frozen=True)
class Difference:
    """One claim whose amount would be another one."""

    case: str
    assessed_rmb: Decimal
    found_rmb: Decimal


def differences(recomputation: Recomputation, most: int = 1000) -> Iterator[Difference]:
    """The claims whose recomputed amount differs from their assessment, by case."""
    kept = bulk_of(recomputation.programme).kept
    with connection.cursor() as cursor:
        cursor.execute(
            DIFFERENCES.format(totals=kept.totals), {"recomputation": recomputation.pk, "most": most}
        )
        for row in cursor.fetchall():
            yield Difference(*row)


@dataclass(frozen=True)
class Standing:
    """How far it is, and what it comes to so far."""

    done: int
    parts: int
    rows: int
    amount_rmb: Decimal

    @property
    def is_done(self) -> bool:
        return self.done == self.parts


def standing(recomputation: Recomputation) -> Standing:
    parts = recomputation.parts
    done = parts.filter(done_at__isnull=False)
    sums = done.aggregate(rows=Sum("rows", default=0), rmb=Sum("amount_rmb", default=Decimal("0.00")))
    return Standing(done.count(), parts.count(), sums["rows"], sums["rmb"])
