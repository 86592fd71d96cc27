"""A city's training awards: frozen inputs judged in columns, against the rule as one SQL statement and the usual loop.

Limit: one `INSERT..SELECT` into a lean table. Ours: `casework.columns` and `policy.rules.findings`, without anything
kept beside the amounts; then explained and audited: the findings of each row, from which its steps are built again, and
one audit record a part that vouches for every row. Usual: an object loaded, assessed with its steps and saved, each.
"""

import os
import resource
from datetime import date
from decimal import Decimal
from typing import Any

from bench.measure import Clock, Times, ratios, show

LOOP_ROWS = int(os.environ.get("BENCH_LOOP_ROWS", "1000"))
NAMES = (
    "training_start", "training_end", "contract_start", "contract_end", "place", "certified", "education",
    "designated", "already_subsidised",
)  # fmt: skip
#: One person a row; a tenth sits within a day of a limit, and each condition fails some.
FACTS = """
CREATE TABLE bench_facts AS
SELECT n AS id, start AS training_start, CASE n %% 10 WHEN 0 THEN (start + interval '3 months')::date - n %% 3
        ELSE start + 60 + n %% 90 END AS training_end,
    start + 120 AS contract_start, CASE n %% 11 WHEN 0 THEN NULL
        WHEN 1 THEN (start + 120 + interval '12 months')::date - n %% 3 ELSE start + 120 + 300 + n %% 500 END
        AS contract_end,
    CASE n %% 3 WHEN 0 THEN 'elsewhere' ELSE 'local' END AS place, n %% 17 <> 0 AS certified,
    CASE n %% 19 WHEN 0 THEN 'secondary' WHEN 1 THEN 'other' ELSE 'bachelor' END AS education,
    n %% 23 <> 0 AS designated, n %% 29 = 0 AS already_subsidised
FROM (SELECT n, date '2015-01-01' + n %% 300 AS start FROM generate_series(1, %s) AS n) AS numbered
"""
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
READ = f"SELECT id, {', '.join(NAMES)} FROM bench_facts WHERE id > %s AND id <= %s ORDER BY id"  # noqa: S608


def measure(rows: int) -> None:
    """Prints the table and the JSON of a city of so many trainees."""
    from policy.terms_file import training_terms

    terms = training_terms(date(2015, 7, 1))
    _prepare(rows)
    times: Times = {"limit_insert_select": _limit(terms)}
    times["ours_amounts"] = _ours(terms, rows, is_explained=False)
    _check_equal("bench_amounts")
    times["ours_explained_and_audited"] = _ours(terms, rows, is_explained=True)
    _check_equal("bench_awards")
    _ours(terms, rows, is_explained=True)  # delivered again: nothing is written twice
    _check_equal("bench_awards")
    some = min(LOOP_ROWS, rows)
    loop = _loop(terms, some)
    times["usual_loop_scaled"] = tuple(value / some * rows for value in loop)
    found = ratios(
        times,
        (
            ("limit_insert_select", "ours_amounts"),
            ("limit_insert_select", "ours_explained_and_audited"),
            ("usual_loop_scaled", "ours_explained_and_audited"),
        ),
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    show("training_awards", rows, times, found, worker_peak_mb=peak, edits_found=_edit_is_found())


def _run(statement: str, params: Any = None) -> list[tuple]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(statement, params)
        return cursor.fetchall() if cursor.description else []


def _prepare(rows: int) -> None:
    _run(
        "DROP TABLE IF EXISTS bench_facts, bench_limit, bench_amounts, bench_awards, bench_parts, bench_loop"
    )
    _run(FACTS, [rows])
    _run("ALTER TABLE bench_facts ADD PRIMARY KEY (id)")
    _run("ANALYZE bench_facts")
    for name in ("limit", "amounts"):
        _run(
            f"CREATE TABLE bench_{name} (id bigint, trainee_rmb numeric(14,2), institution_rmb numeric(14,2))"
        )
    _run(
        "CREATE TABLE bench_awards (id bigint, trainee_rmb numeric(14,2), institution_rmb numeric(14,2),"
        " findings smallint NOT NULL)"
    )
    _run("CREATE TABLE bench_parts (part int PRIMARY KEY, rows_hash text)")


def _limit(terms) -> tuple[float, float]:
    signs = {"gt": ">", "gte": ">="}
    statement = LIMIT.format(training=signs[terms.training_op], contract=signs[terms.contract_op])
    values = {f"{place}_{payee}": amount for (place, payee), amount in terms.amounts.items()} | {
        "levels": list(terms.education_levels),
        "training": terms.min_training_months,
        "contract": terms.min_contract_months,
    }
    clock = Clock()
    _run(statement, values)
    return clock.read()


def _ours(terms, rows: int, *, is_explained: bool) -> tuple[float, float]:
    from casework.columns import PART
    from policy.rules.findings import Finder

    finder = Finder(terms, date.fromisoformat)
    clock = Clock()
    for part in range(-(-rows // PART)):
        do_part(finder, part, is_explained=is_explained)
    return clock.read()


def do_part(finder, part: int, *, is_explained: bool) -> None:
    """One part in one transaction; when it was done before, nothing happens."""
    from django.contrib.contenttypes.models import ContentType
    from django.db import transaction

    from audit import services as audit
    from casework import columns

    span = (part * columns.PART, (part + 1) * columns.PART)
    with transaction.atomic():
        if is_explained and not _run(
            "INSERT INTO bench_parts VALUES (%s) ON CONFLICT DO NOTHING RETURNING part", [part]
        ):
            return
        for ids, starts, ends, firsts, lasts, places, certified, levels, designated, before in columns.read(
            READ, span
        ):
            found = finder.columns(
                starts, ends, firsts, lasts, _flags(certified), levels, _flags(designated), _flags(before)
            )
            paid = finder.texts(found, places)
            if not is_explained:
                piece = columns.lines(ids, paid)
                columns.write("bench_amounts", ("id", "trainee_rmb", "institution_rmb"), piece)
                continue
            piece = columns.lines(ids, paid, map(str, found))
            digest = columns.write(
                "bench_awards", ("id", "trainee_rmb", "institution_rmb", "findings"), piece
            )
            _run("UPDATE bench_parts SET rows_hash = %s WHERE part = %s", [digest, part])
            audit.record(
                actor="worker",
                action="bench.part",
                obj=ContentType(pk=part),
                stream="bench:awards",
                data={"rows": span, "hash": digest},
            )


def _flags(texts: tuple[str, ...]) -> list[bool]:
    return [text == "t" for text in texts]


def _check_equal(table: str) -> None:
    names = "id, trainee_rmb, institution_rmb"
    ((count,),) = _run(
        f"SELECT count(*) FROM ((SELECT {names} FROM bench_limit EXCEPT ALL SELECT {names} FROM {table})"  # noqa: S608
        f" UNION ALL (SELECT {names} FROM {table} EXCEPT ALL SELECT {names} FROM bench_limit)) AS differing"
    )
    assert count == 0, f"{count} rows differ between the rule in SQL and {table}"


def _edit_is_found() -> bool:
    """Whether the hash of a part tells of one amount that was changed behind its back."""
    from casework.columns import PART, digest

    ((kept,),) = _run("SELECT rows_hash FROM bench_parts WHERE part = 0")
    query = "SELECT * FROM bench_awards WHERE id <= %s ORDER BY id"
    assert digest(query, [PART]) == kept
    _run("UPDATE bench_awards SET trainee_rmb = trainee_rmb + 0.01 WHERE id = 7")
    return digest(query, [PART]) != kept


def _loop(terms, rows: int) -> tuple[float, float]:
    """An object at a time, as such portals do it."""
    from django.db import models

    from policy.rules.training import TrainingFacts, assess_trainee

    types = {name: models.DateField(null=True) for name in NAMES[:4]} | {
        name: models.BooleanField() for name in ("certified", "designated", "already_subsidised")
    }
    types |= {name: models.TextField() for name in ("place", "education")}
    meta = {"app_label": "bench", "managed": False}
    facts = _model("BenchFacts", types, meta | {"db_table": "bench_facts"})
    amount = {"max_digits": 14, "decimal_places": 2}
    awards = _model(
        "BenchLoop",
        {
            "trainee_rmb": models.DecimalField(**amount),
            "institution_rmb": models.DecimalField(**amount),
            "trace": models.JSONField(),
        },
        meta | {"db_table": "bench_loop"},
    )
    _run(
        "CREATE TABLE bench_loop (id bigserial PRIMARY KEY, trainee_rmb numeric(14,2),"
        " institution_rmb numeric(14,2), trace jsonb)"
    )
    clock = Clock()
    for row in facts.objects.order_by("id")[:rows]:
        said = {name: getattr(row, name) for name in NAMES}
        result = assess_trainee(TrainingFacts(contract_signed=row.contract_start, **said), terms)
        awards(
            trainee_rmb=Decimal(result.trainee_rmb),
            institution_rmb=result.institution_rmb,
            trace=[step.to_json() for step in result.steps],
        ).save()
    return clock.read()


def _model(name: str, fields: dict, meta: dict):
    from django.db import models

    return type(name, (models.Model,), {**fields, "Meta": type("Meta", (), meta), "__module__": __name__})
