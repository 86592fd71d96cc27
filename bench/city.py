"""A city to measure with, in the portal's own tables: cases and assessments by SQL, their inputs in columns.

The rows are what `recomputations.services.freeze` would have written; how fast that is, is measured by itself. Loading
goes past the triggers and is no part of any figure.
"""

from typing import Any

CLAIM_LINES = 100
#: The keys of cases and assessments begin above this one.
FIRST = 1_000_000_000
RECEIPTS = 10
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
#: Ten receipts an enterprise; many totals near the threshold and near what the cap is worth.
RECEIPT_FACTS = """
CREATE TABLE bench_receipts AS
SELECT 1 + (n - 1) / 10 AS enterprise, 1 + (n - 1) %% 10 AS position,
    CASE (n - 1) / 10 %% 4 WHEN 0 THEN 20000 WHEN 1 THEN 20000 WHEN 2 THEN 250000 ELSE 1000 + n %% 300000 END
        + CASE WHEN n %% 10 = 1 THEN ((n - 1) / 10 %% 7 - 3) * 0.01 ELSE 0 END AS usd
FROM generate_series(1, %s) AS n
"""
CASES = """
INSERT INTO casework_case (id, number, programme, organisation_id, year, status, version, created_by_id, created_at,
    changed_by_id, changed_at, submitted_by_id, submitted_at, stage_since, current_assessment_id, amount_rmb,
    warnings, division)
SELECT %(first)s + n, 'BENCH-' || %(programme)s || '-' || n, %(programme)s, %(organisation)s, 2015, 'initial_review', 1,
    %(user)s, now(), %(user)s, now(), %(user)s, now(), now(), %(first)s + n, 0, '{}', '360102'
FROM generate_series(1, %(count)s) AS n
"""
ASSESSMENTS = """
INSERT INTO casework_assessment (id, case_id, submission_id, run_id, policy_key, inputs, inputs_hash, amount_rmb,
    result, hash, created_at)
SELECT %(first)s + n, %(first)s + n, 0, 0, '2013', '{}', '', 0, '{}', '', now() FROM generate_series(1, %(count)s) AS n
"""
FROZEN = """
INSERT INTO recomputations_frozen (assessment_id, rows)
SELECT %(first)s + n, %(rows)s FROM generate_series(1, %(count)s) AS n
"""
LINES = r"""
INSERT INTO training_frozenclaim (assessment_id, trainees, enrolments, persons, signed, trainings,
    contracts, conditions)
SELECT %(first)s + 1 + (id - 1) / %(rows)s, count(*), string_agg(id::text, E'\n' ORDER BY id), '',
    string_agg(contract_start::text, E'\n' ORDER BY id),
    string_agg(training_start || '/' || training_end, E'\n' ORDER BY id),
    string_agg(contract_start || '/' || coalesce(contract_end::text, ''), E'\n' ORDER BY id),
    string_agg(concat_ws(' ', CASE WHEN certified THEN 'yes' ELSE 'no' END, education,
        CASE WHEN designated THEN 'yes' ELSE 'no' END, CASE WHEN already_subsidised THEN 'yes' ELSE 'no' END, place),
        E'\n' ORDER BY id)
FROM bench_facts GROUP BY 1 ORDER BY 1
"""
CLAIMS = """
INSERT INTO applications_frozenclaim (assessment_id, year, earlier_usd, granted_rmb, receipts_usd)
SELECT %(first)s + enterprise, 2015, 0, 0, string_agg(usd::numeric(18,2)::text, ' ' ORDER BY position)
FROM bench_receipts GROUP BY enterprise ORDER BY enterprise
"""
TABLES = (
    "training_recomputedline", "applications_recomputedclaim", "training_frozenclaim", "applications_frozenclaim",
    "recomputations_frozen", "recomputations_part", "recomputations_recomputation",
)  # fmt: skip


def run(statement: str, params: Any = None) -> list[tuple]:
    """One statement, however long it takes, and its rows."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(statement, params)
        return cursor.fetchall() if cursor.description else []


def clear() -> None:
    """Nothing of an earlier city is left."""
    run("SET session_replication_role = replica")
    for table in TABLES:
        run(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    run(f"TRUNCATE {', '.join(TABLES)}")
    for table in TABLES:
        run(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    run("DELETE FROM casework_assessment WHERE id > %s", [FIRST])
    run("DELETE FROM casework_case WHERE id > %s", [FIRST])
    run("SET session_replication_role = origin")


def _load(programme: str, count: int, rows: int, *statements: str) -> None:
    from tests import factories

    kind = {"institution": True} if programme == "training" else {}
    organisation = factories.OrganisationFactory(**kind)
    values = {
        "first": FIRST,
        "programme": programme,
        "organisation": organisation.pk,
        "user": factories.clerk_of(organisation).pk,
        "count": count,
        "rows": rows,
    }
    run("SET session_replication_role = replica")
    for statement in (CASES, ASSESSMENTS, FROZEN, *statements):
        run(statement, values)
    run("SET session_replication_role = origin")
    for table in ("casework_case", "casework_assessment", *TABLES):
        run(f"VACUUM ANALYZE {table}")


def load_training(rows: int) -> None:
    """So many trainees, a hundred a claim; `bench_facts` has the same facts in one flat table."""
    clear()
    run("DROP TABLE IF EXISTS bench_facts")
    run(FACTS, [rows])
    run("ALTER TABLE bench_facts ADD PRIMARY KEY (id)")
    run("ANALYZE bench_facts")
    _load("training", -(-rows // CLAIM_LINES), CLAIM_LINES, LINES)


def load_offshore(enterprises: int) -> None:
    """So many claims with ten receipts each; `bench_receipts` has the same receipts in one flat table."""
    clear()
    run("DROP TABLE IF EXISTS bench_receipts")
    run(RECEIPT_FACTS, [enterprises * RECEIPTS])
    run("ANALYZE bench_receipts")
    _load("offshore", enterprises, 1, CLAIMS)


def lean(name: str, columns: str) -> None:
    """An empty table of the measurement's own, which workers may write as the portal's user."""
    from django.conf import settings

    from accounts.scope import wide

    run(f"DROP TABLE IF EXISTS {name}")
    run(f"CREATE TABLE {name} ({columns})")
    run(f"GRANT SELECT, INSERT ON {name} TO {wide(settings.DATABASE_APP_ROLE)}")


def recomputation(programme: str, rows: int):
    """Asked for and cut into parts, nothing sent: the measurement hands the parts out itself.

    A city of so many rows has two parts at least: two workers get as much, whatever its size.
    """
    from casework.columns import PART
    from policy.selectors import frozen, published_versions
    from recomputations import services
    from recomputations.models import Recomputation

    terms = [frozen(version) for version in published_versions(programme)]
    found = Recomputation.objects.create(programme=programme, terms=terms, part_rows=min(PART, -(-rows // 2)))
    quiet, services._send = services._send, lambda task, ids: None
    try:
        services.plan(found.pk)
    finally:
        services._send = quiet
    return found
