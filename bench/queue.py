"""The officials' queue at 1,000 and at 1,000,000 cases: the same page, the same number of queries, how much slower.

Each line is the fastest of several requests to the page by Django's test client, signed in as a reviewer, on a
connection of the application's user, behind row-level security as in a web process; the ratio within one run counts,
the milliseconds are the machine's. Beside it stands what a request costs in processor time, here and in the database,
which others on the machine disturb less. Limit: the rows of a page as one SQL statement. Usual: the queries alone of a
list of Django's admin with a search and filters, its first page and its last.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

FEW = 1_000
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "7"))
LIMIT = 3.0

#: Ten cases an organisation; two in a hundred wait for officials, warnings on every fourth.
ORGANISATIONS = """
INSERT INTO accounts_organisation (kind, name, credit_code, division, address, contact_name, contact_phone, is_sample,
    version, created_at)
SELECT 'enterprise',
    (ARRAY['赣江','滕王','艾溪湖','瑶湖','红谷','梅岭','青云','象湖'])[1 + n %% 8]
        || (ARRAY['软件','信息','数据','动漫','云服务','智能'])[1 + n / 8 %% 6] || lpad(n::text, 6, '0')
        || CASE WHEN n %% 997 = 0 THEN '生物医药' ELSE '' END || '有限公司',
    'BENCH' || lpad(n::text, 13, '0'),
    (ARRAY['360102','360103','360104','360111','360112','360113','360121','360123','360124','110101'])[1 + n %% 10],
    '', 'Contact', '0791-0000000', true, 1, now()
FROM generate_series(%(from)s, %(to)s) n
ON CONFLICT DO NOTHING;
"""
CASES = """
INSERT INTO casework_case (number, programme, organisation_id, year, status, version, created_by_id, created_at,
    changed_by_id, changed_at, submitted_by_id, submitted_at, stage_since, initial_reviewer_id, final_reviewer_id,
    decided_at, current_assessment_id, amount_rmb, warnings, assigned_to_id, division)
SELECT CASE WHEN n %% 2 = 0 THEN 'OS-' ELSE 'TR-' END || (2013 + n %% 13) || '-' || lpad((n + 1000000)::text, 8, '0'),
    CASE WHEN n %% 2 = 0 THEN 'offshore' ELSE 'training' END,
    organisation.id, 2013 + n %% 13, state.status, 1, %(clerk)s, now(), %(clerk)s, now(), %(clerk)s,
    now() - (n %% 5000) * interval '17 hours', now() - (n %% 5000) * interval '17 hours' + n * interval '1 microsecond',
    CASE WHEN state.status IN ('initial_review', 'returned', 'withdrawn', 'lapsed') THEN NULL ELSE %(initial)s END,
    CASE WHEN state.status IN ('approved', 'rejected') THEN %(final)s END,
    CASE WHEN state.status IN ('approved', 'rejected') THEN now() END,
    CASE WHEN state.status IN ('approved', 'rejected', 'final_review') THEN %(assessment)s END,
    (n %% 500) * 1000 + CASE WHEN n %% 1009 = 0 THEN 499000 ELSE 0 END,
    CASE WHEN n %% 4 = 0 THEN ARRAY['recognition'] WHEN n %% 1013 = 0 THEN ARRAY['jump'] ELSE '{}'::varchar[] END,
    CASE WHEN state.status = 'initial_review' AND n %% 3 = 0 THEN %(initial)s END,
    organisation.division
FROM generate_series(%(from)s, %(to)s) n
JOIN accounts_organisation organisation ON organisation.credit_code = 'BENCH' || lpad((n / 10)::text, 13, '0')
CROSS JOIN LATERAL (SELECT CASE n %% 100 WHEN 0 THEN 'initial_review' WHEN 1 THEN 'final_review' WHEN 2 THEN 'returned'
    WHEN 3 THEN 'withdrawn' WHEN 4 THEN 'rejected' WHEN 5 THEN CASE WHEN n %% 1000 = 5 THEN 'lapsed' ELSE 'approved' END
    ELSE 'approved' END AS status) state;
"""
REFERENCES = """
INSERT INTO casework_filedreference (case_id, submission_id, key, written, plain)
SELECT id, %(submission)s, id::text, 'BANK-' || id, 'BANK' || id FROM casework_case WHERE id > %(after)s;
"""
PAGES = {
    "waiting for me": "queue=mine",
    "in other hands": "queue=others",
    "all": "queue=all",
    "stage": "queue=all&stage=approved",
    "rare stage": "queue=all&stage=lapsed",
    "programme": "queue=all&programme=training",
    "year": "queue=all&year=2015",
    "district": "queue=all&division=360113",
    "elsewhere": "queue=all&division=elsewhere",
    "warning": "queue=all&warning=recognition",
    "rare warning": "queue=all&warning=jump",
    "amount": "queue=all&amount_from=100000&amount_to=200000",
    "rare amount": "queue=all&amount_from=900000",
    "age": "queue=all&age=late",
    "three filters": "queue=all&stage=approved&year=2015&division=360102",
    "name, two characters": "queue=all&q=软件",
    "name, rare": "queue=all&q=生物医药",
    "nothing found": "queue=all&q=没有这样",
    "credit code": "queue=all&q=BENCH0000000000007",
    "case number": "queue=all&q=OS-2013-01000052",
    "bank reference": "queue=all&q=bank 70 0",
}
LIMIT_SQL = """
SELECT c.id, c.number, o.name, c.amount_rmb, c.status, c.stage_since FROM casework_case c
JOIN accounts_organisation o ON o.id = c.organisation_id WHERE c.submitted_at IS NOT NULL
ORDER BY c.stage_since DESC, c.id DESC LIMIT 50
"""
DEPTHS = (0.1, 0.5, 0.99)


def people() -> dict[str, int]:
    """A clerk and three reviewers, and one real filed case whose assessment and submission the others borrow."""
    from accounts.enums import OfficialRole
    from tests import factories

    enterprise = factories.OrganisationFactory(name="Bench Enterprise")
    clerk = factories.clerk_of(enterprise)
    initial = factories.official(OfficialRole.INITIAL_REVIEWER)
    final = factories.official(OfficialRole.FINAL_REVIEWER)
    both = factories.official(OfficialRole.INITIAL_REVIEWER, OfficialRole.FINAL_REVIEWER)
    case = factories.filed_offshore(enterprise, clerk, "250000")
    return {
        "clerk": clerk.pk,
        "initial": initial.pk,
        "final": final.pk,
        "both": both.pk,
        "assessment": case.current_assessment_id,
        "submission": case.submissions.last().pk,
    }


def load(first: int, last: int, who: dict[str, int]) -> None:
    """Cases `first` to `last` as the database's owner, past the triggers that hold each step of a real case."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SELECT coalesce(max(id), 0) FROM casework_case")
        (after,) = cursor.fetchone()
        cursor.execute(ORGANISATIONS, {"from": first // 10, "to": last // 10})
        cursor.execute(CASES, {"from": first, "to": last, **who})
        cursor.execute(REFERENCES, {"after": after, **who})
        cursor.execute("SET session_replication_role = DEFAULT")
        for table in ("casework_case", "casework_filedreference", "accounts_organisation"):
            cursor.execute(f"VACUUM ANALYZE {table}")


def cursors(tab: str) -> dict[str, str]:
    """Addresses of pages deep in a tab: after the row at a tenth, the half, and nearly the end of all of it."""
    from casework.desk.keyset import Cursor
    from casework.models import Case

    rows = Case.objects.filter(submitted_at__isnull=False).order_by("-stage_since", "-pk")
    count = rows.count()
    found = {}
    for depth in DEPTHS:
        at, pk = rows.values_list("stage_since", "pk")[int(count * depth)]
        found[f"all, {depth:.0%} deep"] = f"queue={tab}&after={Cursor(at, pk).text.replace('+', '%2B')}"
    return found


class Counter:
    """Counts the statements that pass by (`connection.execute_wrapper`)."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, execute, sql, params, many, context):
        self.count += 1
        return execute(sql, params, many, context)


def pages(user) -> dict[str, tuple[float, int, float]]:
    """Milliseconds (the fastest: others use the machine too), queries and processor milliseconds of each page."""
    from django.db import connection
    from django.urls import reverse

    from bench.measure import Clock
    from tests.clients import Client

    client, url = Client(), reverse("admin:casework_case_changelist")
    addresses = {name: f"{url}?{query}" for name, query in (PAGES | cursors("all")).items()}
    found = {}
    with as_web_process():
        client.force_login(user)
        for name, address in addresses.items():
            client.get(address)  # what a process reads once (permissions, templates) is read now
            with connection.execute_wrapper(queries := Counter()):
                response = client.get(address)
            assert response.status_code == 200, (name, response.status_code)
            clock = Clock()
            fastest = _fastest(lambda address=address: client.get(address))
            found[name] = fastest, queries.count, clock.read()[1] * 1000 / ROUNDS
    return found


@contextmanager
def as_web_process() -> Iterator[None]:
    """The connection is the application's user's, who sees nobody's rows until a request says whose."""
    from django.conf import settings
    from django.db import connection

    from casework.models import Case

    owner = connection.settings_dict["USER"]
    connection.close()
    connection.settings_dict["USER"] = settings.DATABASE_APP_ROLE
    try:
        assert not Case.objects.exists(), "row-level security is not in force"
        yield
    finally:
        connection.close()
        connection.settings_dict["USER"] = owner


def _fastest(call: Callable[[], object]) -> float:
    """Milliseconds."""
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        call()
        times.append((time.perf_counter() - begin) * 1000)
    return min(times)


def beside(user) -> dict[str, float]:
    """Milliseconds of the limit and of the usual way, which is not asked to draw a page."""
    from django.contrib import admin
    from django.test import RequestFactory

    from bench import city
    from casework.models import Case

    class Usual(admin.ModelAdmin):
        list_display = ("number", "organisation", "programme", "year", "status", "amount_rmb")
        list_filter = ("programme", "status", "year", "organisation__division")
        list_select_related = ("organisation",)
        search_fields = ("number", "organisation__name")
        ordering = ("-stage_since",)

    def page(number: int) -> Callable[[], object]:
        def call() -> None:
            request = RequestFactory().get("/", {"p": number})
            request.user = user
            list(Usual(Case, admin.site).get_changelist_instance(request).result_list)

        return call

    last = (Case.objects.count() - 1) // Usual.list_per_page + 1
    return {
        "limit, one statement": _fastest(lambda: city.run(LIMIT_SQL)),
        "usual, first page": _fastest(page(1)),
        "usual, last page": _fastest(page(last)),
    }


def measure(many: int) -> dict[str, Any]:
    """Prints the table and the JSON."""
    from accounts.models import User

    who = people()
    user = User.objects.get(pk=who.pop("both"))
    load(1, FEW, who)
    at_few, beside_few = pages(user), beside(user)
    begin = time.perf_counter()
    load(FEW + 1, many, who)
    print(f"\nqueue: loaded {many:,} cases in {time.perf_counter() - begin:.0f} s", flush=True)
    return _show(many, at_few, pages(user), beside_few, beside(user))


def _show(many: int, at_few: dict, at_many: dict, beside_few: dict, beside_many: dict) -> dict[str, Any]:
    print(f"{'page':<24}{FEW:>9,} ms{many:>11,} ms   ratio  of processor time  queries")
    worst = worst_used = 0.0
    for name, (base, base_queries, base_used) in at_few.items():
        slow, queries, used = at_many[name]
        # A page that is empty or short when there are few cases says nothing: the first page of all is the measure.
        ratio = slow / max(base, at_few["all"][0])
        ratio_used = used / max(base_used, at_few["all"][2])
        worst, worst_used = max(worst, ratio), max(worst_used, ratio_used)
        same = "same" if queries == base_queries else f"{base_queries} -> {queries}"
        print(f"{name:<24}{base:>12.1f}{slow:>14.1f}{ratio:>8.2f}{ratio_used:>19.2f}  {queries} ({same})")
    for name, base in beside_few.items():
        print(f"{name:<24}{base:>12.1f}{beside_many[name]:>14.1f}{beside_many[name] / base:>8.2f}")
    same = all(at_few[name][1] == at_many[name][1] for name in at_few)
    verdict = "met" if worst <= LIMIT and same else "MISSED"
    print(
        f"worst ratio {worst:.2f}, of processor time {worst_used:.2f}; target {LIMIT}, the same queries: {verdict}"
    )
    told = {
        "few": FEW,
        "many": many,
        "load": os.getloadavg()[0],
        "milliseconds": {name: [round(at_few[name][0], 2), round(at_many[name][0], 2)] for name in at_few},
        "beside": {name: [round(base, 2), round(beside_many[name], 2)] for name, base in beside_few.items()},
        "worst_ratio": round(worst, 2),
        "worst_ratio_of_processor_time": round(worst_used, 2),
        "target": LIMIT,
        "same_queries": same,
    }
    print(json.dumps({"queue": told}), flush=True)
    return told
