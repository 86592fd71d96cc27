"""A city's training awards by `recomputations`, against the rule as one SQL statement and the usual loop.

Limit: one `INSERT..SELECT` from a flat table into a lean one. Ours, by two worker processes: amounts alone; then what
the portal does, each row with its findings, from which its steps are built again, and one audit record a part that
vouches for every row. Usual: an object loaded, assessed with its steps and saved, each.
"""

import os
from operator import add
from typing import Any

from bench import city
from bench.measure import Clock, Times, ratios, show
from bench.workers import workers

LOOP_ROWS = int(os.environ.get("BENCH_LOOP_ROWS", "1000"))
#: The rule once more, independently: PostgreSQL's months end where ours do.
LIMIT = """
INSERT INTO bench_limit SELECT id, CASE WHEN good THEN CASE place WHEN 'local' THEN %(local_trainee)s::numeric(14,2)
        ELSE %(elsewhere_trainee)s::numeric(14,2) END ELSE 0 END,
    CASE WHEN good THEN CASE place WHEN 'local' THEN %(local_institution)s::numeric(14,2)
        ELSE %(elsewhere_institution)s::numeric(14,2) END ELSE 0 END
FROM (SELECT id, place, certified AND designated AND NOT already_subsidised AND education = ANY(%(levels)s)
        AND training_end {training} (training_start + %(training)s * interval '1 month')::date - 1
        AND (contract_end IS NULL OR contract_end {contract}
            (contract_start + %(contract)s * interval '1 month')::date - 1) AS good FROM bench_facts) AS judged
"""
TARGETS = {
    "limit / amounts, two workers": 0.75,
    "limit / explained and audited, two workers": 0.45,
    "usual loop / explained and audited, two workers": 150,
}
MOST_MB = 250


def measure(rows: int) -> dict[str, Any]:
    """Prints the table and the JSON of a city of so many trainees; what it says, for `bench.scale`."""
    from recomputations import services

    city.load_training(rows)
    terms = _terms()
    for name in ("limit", "amounts"):
        city.lean(f"bench_{name}", "id bigint, trainee_rmb numeric(14,2), institution_rmb numeric(14,2)")
    times: Times = {"limit": min(_limit(terms), _limit(terms))}
    with workers(1) as run:
        run(services.work, _ids(city.recomputation("training", rows))[:1])  # the process is warm
        alone = run(services.work, _ids(city.recomputation("training", rows)))
    times["explained and audited, one worker"] = alone.times
    with workers(2) as run:
        bare = city.recomputation("training", rows)
        ids = list(bare.parts.values_list("pk", flat=True))
        both = run(amounts, ids)
        times["amounts, two workers"] = both.times
        city.run("TRUNCATE bench_amounts")
        both = run(amounts, ids)
        times["amounts, two workers"] = min(times["amounts, two workers"], both.times)
        kept = city.recomputation("training", rows)
        explained = run(services.work, _ids(kept))
        again = run(services.work, list(kept.parts.values_list("pk", flat=True)))
        second = city.recomputation("training", rows)
        explained_again = run(services.work, _ids(second))
    best = min(explained.times, explained_again.times)
    times["explained and audited, two workers"] = best
    _check_equal("SELECT id, trainee_rmb, institution_rmb FROM bench_amounts")
    for one in (kept, second):
        _check_equal(
            f"SELECT (r.claim_id - {city.FIRST} - 1) * {city.CLAIM_LINES} + r.position + 1, r.trainee_rmb,"
            " r.institution_rmb FROM training_recomputedline r JOIN recomputations_part p ON p.id = r.part_id"
            f" WHERE p.recomputation_id = {one.pk}"
        )
    some = min(LOOP_ROWS, rows)
    loop = _loop(terms, some)
    times["usual loop"] = tuple(value / some * rows for value in loop)
    pairs = tuple(tuple(name.split(" / ")) for name in TARGETS)
    peak = max(explained.peak_mb, explained_again.peak_mb, alone.peak_mb)
    return show(
        "training_awards", rows, times, ratios(times, pairs), targets=TARGETS,
        worker_peak_mb=peak, worker_peak_target_mb=MOST_MB, delivered_again_seconds=round(again.wall, 2),
        bytes_a_row=_bytes_a_row(rows), edits_found=_edit_is_found(kept),
    )  # fmt: skip


def _bytes_a_row(rows: int) -> dict[str, int]:
    """What a trainee takes on the disk with indexes: frozen inputs in columns, and what a recomputation keeps."""
    ((frozen,),) = city.run("SELECT pg_total_relation_size('training_frozenclaim')")
    ((kept,),) = city.run(
        "SELECT pg_total_relation_size('training_recomputedline')::float / count(*) FROM training_recomputedline"
    )
    return {"frozen inputs": round(frozen / rows), "kept of a recomputation": round(kept)}


def _terms():
    from policy.enums import ProgrammeCode
    from policy.selectors import published_terms

    (terms,) = published_terms(ProgrammeCode.TRAINING)
    return terms


def _ids(recomputation) -> list[int]:
    return list(recomputation.parts.filter(done_at__isnull=True).values_list("pk", flat=True))


def _limit(terms) -> tuple[float, float]:
    signs = {"gt": ">", "gte": ">="}
    statement = LIMIT.format(training=signs[terms.training_op], contract=signs[terms.contract_op])
    values = {f"{place}_{payee}": amount for (place, payee), amount in terms.amounts.items()} | {
        "levels": list(terms.education_levels),
        "training": terms.min_training_months,
        "contract": terms.min_contract_months,
    }
    city.run("TRUNCATE bench_limit")
    clock = Clock()
    city.run(statement, values)
    return clock.read()


def amounts(part_id: int) -> None:
    """A part's amounts alone, into a lean table: what explaining and vouching add is the difference."""
    from django.db import transaction

    from casework import columns
    from recomputations.models import Part
    from training.bulk import blocks_of, cells_of, claims_in, finder_of, span_of

    with transaction.atomic():
        part = Part.objects.select_related("recomputation").get(pk=part_id)
        found = claims_in(span_of(part), "enrolments", "trainings", "contracts", "conditions")
        finder, pieces = finder_of(_terms()), []
        for block in blocks_of(found):
            enrolments, *facts = map(cells_of, block[2:])
            codes = finder.columns(*facts)
            tails = {code: "\t{}\t{}\n".format(*finder.decoded(code)) for code in set(codes)}
            pieces.append("".join(map(add, enrolments, map(tails.__getitem__, codes))))
        columns.write("bench_amounts", ("id", "trainee_rmb", "institution_rmb"), "".join(pieces).encode())


def _check_equal(found: str) -> None:
    names = "id, trainee_rmb, institution_rmb"
    ((count,),) = city.run(
        f"SELECT count(*) FROM ((SELECT {names} FROM bench_limit EXCEPT ALL {found})"  # noqa: S608
        f" UNION ALL ({found} EXCEPT ALL SELECT {names} FROM bench_limit)) AS differing"
    )
    assert count == 0, f"{count} rows differ between the rule in SQL and {found}"


def _edit_is_found(recomputation) -> bool:
    """Whether the nightly check tells of one amount that was changed behind its back."""
    from recomputations.checks import rows

    assert list(rows()) == []
    city.run("SET session_replication_role = replica")
    part = recomputation.parts.first().pk
    city.run(
        "UPDATE training_recomputedline SET trainee_rmb = trainee_rmb + 0.01 WHERE part_id = %s AND position = 7"
        " AND claim_id = (SELECT max(claim_id) FROM training_recomputedline WHERE part_id = %s)",
        [part, part],
    )
    city.run("SET session_replication_role = origin")
    return len(list(rows())) == 1


def _loop(terms, rows: int) -> tuple[float, float]:
    """An object at a time, as such portals do it."""
    from django.db import models

    from policy.rules.training import TrainingFacts, assess_trainee

    types = {name: models.DateField(null=True) for name in city.NAMES[:4]} | {
        name: models.BooleanField() for name in ("certified", "designated", "already_subsidised")
    }
    types |= {name: models.TextField() for name in ("place", "education")}
    facts = model("BenchFacts", "bench_facts", types)
    awards = model(
        "BenchLoop",
        "bench_loop",
        {
            "trainee_rmb": models.DecimalField(max_digits=14, decimal_places=2),
            "institution_rmb": models.DecimalField(max_digits=14, decimal_places=2),
            "trace": models.JSONField(),
        },
    )
    city.run("DROP TABLE IF EXISTS bench_loop")
    city.run(
        "CREATE TABLE bench_loop (id bigserial PRIMARY KEY, trainee_rmb numeric(14,2),"
        " institution_rmb numeric(14,2), trace jsonb)"
    )
    clock = Clock()
    for pk in range(1, rows + 1):
        row = facts.objects.get(pk=pk)
        said = {name: getattr(row, name) for name in city.NAMES}
        result = assess_trainee(TrainingFacts(contract_signed=row.contract_start, **said), terms)
        awards(
            trainee_rmb=result.trainee_rmb,
            institution_rmb=result.institution_rmb,
            trace=[step.to_json() for step in result.steps],
        ).save()
    return clock.read()


def model(name: str, table: str, fields: dict):
    """A model of a table that is the measurement's own; one of its name, however often it is measured."""
    from django.apps import apps
    from django.db import models

    if known := apps.all_models["bench"].get(name.lower()):
        return known
    meta = type("Meta", (), {"app_label": "bench", "managed": False, "db_table": table})
    return type(name, (models.Model,), {**fields, "Meta": meta, "__module__": __name__})
