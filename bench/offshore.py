"""A city's offshore claims by `recomputations`, against the rule as one SQL statement and the usual loop.

Limit: one `INSERT..SELECT` with `GROUP BY` from a flat table of receipts into a lean one. Ours: receipts added up as
whole numbers, `policy.rules.offshore` judges, COPY writes, two worker processes. Usual: claim by claim through objects.
"""

import os
from decimal import Decimal
from typing import Any

from bench import city
from bench.awards import model
from bench.measure import Clock, Times, ratios, show
from bench.workers import workers

ENTERPRISES = int(os.environ.get("BENCH_ENTERPRISES", "100000"))
LOOP_CLAIMS = int(os.environ.get("BENCH_LOOP_CLAIMS", "500"))
LIMIT = """
INSERT INTO bench_limit SELECT enterprise, usd, CASE WHEN usd {sign} %(threshold)s
    THEN least(%(cap)s::numeric, round(usd * %(rate)s::numeric, 2)) ELSE 0 END
FROM (SELECT enterprise, sum(usd) AS usd FROM bench_receipts GROUP BY enterprise) AS added
"""
TARGETS = {
    "limit / explained and audited, two workers": 1.0,
    "usual loop / explained and audited, two workers": 150,
}


def measure(enterprises: int) -> dict[str, Any]:
    """Prints the table and the JSON of so many enterprises."""
    from policy.selectors import offshore_terms_for
    from recomputations import services

    city.load_offshore(enterprises)
    terms = offshore_terms_for(2015)
    city.lean("bench_limit", "id bigint, usd numeric(18,2), rmb numeric(14,2)")
    times: Times = {"limit": min(_limit(terms), _limit(terms))}
    with workers(1) as run:
        alone = run(services.work, _ids(city.recomputation("offshore", enterprises)))
    times["explained and audited, one worker"] = alone.times
    with workers(2) as run:
        first = city.recomputation("offshore", enterprises)
        both = run(services.work, _ids(first))
        second = run(services.work, _ids(city.recomputation("offshore", enterprises)))
    times["explained and audited, two workers"] = min(both.times, second.times)
    ((count,),) = city.run(
        "SELECT count(*) FROM bench_limit l FULL JOIN (SELECT r.claim_id - %s AS id, r.award_rmb"
        " FROM applications_recomputedclaim r JOIN recomputations_part p ON p.id = r.part_id"
        " WHERE p.recomputation_id = %s) AS ours USING (id) WHERE l.rmb IS DISTINCT FROM ours.award_rmb",
        [city.FIRST, first.pk],
    )
    assert count == 0, f"{count} enterprises differ between the rule in SQL and ours"
    some = min(LOOP_CLAIMS, enterprises)
    loop = _loop(terms, some)
    times["usual loop"] = tuple(value / some * enterprises for value in loop)
    pairs = tuple(tuple(name.split(" / ")) for name in TARGETS)
    return show(
        "offshore_awards", enterprises, times, ratios(times, pairs), targets=TARGETS, receipts=city.RECEIPTS,
        worker_peak_mb=max(both.peak_mb, alone.peak_mb),
    )  # fmt: skip


def _ids(recomputation) -> list[int]:
    return list(recomputation.parts.values_list("pk", flat=True))


def _limit(terms) -> tuple[float, float]:
    statement = LIMIT.format(sign={"gt": ">", "gte": ">="}[terms.threshold_op])
    values = {"threshold": terms.threshold_usd, "cap": terms.cap_rmb, "rate": terms.rate_rmb_per_usd}
    city.run("TRUNCATE bench_limit")
    clock = Clock()
    city.run(statement, values)
    return clock.read()


def _loop(terms, claims: int) -> tuple[float, float]:
    from django.db import models

    from policy.rules.money import ZERO
    from policy.rules.offshore import assess_claim

    usd = models.DecimalField(max_digits=18, decimal_places=2)
    receipts = model(
        "BenchReceipts",
        "bench_receipts",
        {
            "enterprise": models.BigIntegerField(),
            "position": models.IntegerField(primary_key=True),
            "usd": usd,
        },
    )
    awards = model(
        "BenchClaims",
        "bench_claims",
        {
            "usd": models.DecimalField(max_digits=18, decimal_places=2),
            "rmb": models.DecimalField(max_digits=14, decimal_places=2),
            "trace": models.JSONField(),
        },
    )
    city.run("CREATE INDEX IF NOT EXISTS bench_receipts_of ON bench_receipts (enterprise)")
    city.run("DROP TABLE IF EXISTS bench_claims")
    city.run(
        "CREATE TABLE bench_claims (id bigserial PRIMARY KEY, usd numeric(18,2), rmb numeric(14,2), trace jsonb)"
    )
    clock = Clock()
    for number in range(1, claims + 1):
        total = sum((row.usd for row in receipts.objects.filter(enterprise=number)), Decimal(0))
        result = assess_claim(usd=total, earlier_usd=Decimal(0), earlier_granted_rmb=ZERO, terms=terms)
        awards(usd=total, rmb=result.award_rmb, trace=[step.to_json() for step in result.steps]).save()
    return clock.read()
