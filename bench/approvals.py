"""Approvals against one hot cap: the ledger's post and a whole audited approval, against one guarded statement.

Limit: one prepared statement in psycopg, a guarded UPDATE that feeds the INSERT, from four connections at once. Usual:
`SELECT .. FOR UPDATE`, look, save, write an entry, in Django. Then a cap that suffices for half of those who ask: what
was granted beyond it is counted. At last a batch: the posts of all who ask as one statement that adds up in their order
and takes those that fit, into the ledger's own tables with their triggers.
"""

import os
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from bench import city
from bench.measure import ratios, show

RACERS = 4
POSTS = int(os.environ.get("BENCH_POSTS", "400"))
APPROVALS = int(os.environ.get("BENCH_APPROVALS", "40"))
GUARDED = """
WITH moved AS (UPDATE bench_cap SET granted = granted + %(rmb)s WHERE id = 1 AND granted + %(rmb)s <= cap RETURNING id)
INSERT INTO bench_cap_entry (balance, rmb, key) SELECT id, %(rmb)s, %(key)s FROM moved
"""
BATCH = """
INSERT INTO ledger_entry (balance_id, kind, amount_rmb, key, posted_by_id, posted_at)
SELECT %(balance)s, 'grant', rmb, 'batch-' || %(balance)s || '-' || n, %(user)s, now()
FROM (SELECT n, 1.00 AS rmb, sum(1.00) OVER (ORDER BY n) AS so_far FROM generate_series(1, %(asking)s) AS n) AS asked
WHERE so_far <= (SELECT limit_rmb - granted_rmb FROM ledger_balance WHERE id = %(balance)s FOR UPDATE)
"""
TARGETS = {"guarded statement / ledger post": 0.75, "select for update / batch by window sum": 50}


def measure() -> dict[str, Any]:
    """Prints the table and the JSON."""
    city.run("DROP TABLE IF EXISTS bench_cap, bench_cap_entry")
    city.run("CREATE TABLE bench_cap (id int PRIMARY KEY, cap numeric(16,2), granted numeric(16,2))")
    city.run(
        "CREATE TABLE bench_cap_entry (id bigserial PRIMARY KEY, balance int, rmb numeric(16,2), key text UNIQUE)"
    )
    city.run("INSERT INTO bench_cap VALUES (1, 1000000000, 0)")
    guarded = _guarded()
    posted, balance, user = _posted()
    usual = _usual(balance, user)
    beyond = _beyond(user)
    batch = _batch(user)
    approved = _approved()
    # All are told for as many posts, so that the ratios are those of one.
    times = {
        "guarded statement": (guarded, 0.0),
        "ledger post": (posted, 0.0),
        "select for update": (usual, 0.0),
        "batch by window sum": (batch, 0.0),
        "whole audited approval": (approved / APPROVALS * RACERS * POSTS, 0.0),
    }
    found = ratios(
        times,
        (
            ("guarded statement", "ledger post"),
            ("guarded statement", "whole audited approval"),
            ("select for update", "ledger post"),
            ("select for update", "batch by window sum"),
        ),
    )
    return show(
        "approvals", RACERS * POSTS, times, found, targets=TARGETS, connections=RACERS, overshoot_rmb=str(beyond),
        overshoot_target_rmb="0",
    )  # fmt: skip


def _at_once(call: Callable[[int, int], object]) -> float:
    """Seconds for POSTS calls in each of RACERS threads, connections being open."""
    from django.db import connection

    gate, failures = threading.Barrier(RACERS + 1), []

    def race(racer: int) -> None:
        try:
            connection.ensure_connection()
            call(racer, -1)
            gate.wait(60)
            for number in range(POSTS):
                call(racer, number)
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=race, args=[racer]) for racer in range(RACERS)]
    for thread in threads:
        thread.start()
    gate.wait(60)
    begin = time.perf_counter()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return time.perf_counter() - begin


def _guarded() -> float:
    import psycopg
    from django.db import connection

    connection.ensure_connection()
    place = connection.connection.info.dsn
    plain = [psycopg.connect(place, autocommit=True, prepare_threshold=1) for _ in range(RACERS)]
    try:
        return _at_once(
            lambda racer, number: plain[racer].execute(
                GUARDED, {"rmb": Decimal("1.00"), "key": f"{racer}-{number}"}
            )
        )
    finally:
        for one in plain:
            one.close()


def _balance(limit: str):
    from ledger import services
    from tests import factories

    return services.allowance(
        organisation=factories.OrganisationFactory(),
        programme="offshore",
        year=2015,
        limit_rmb=Decimal(limit),
    )


def _posted() -> tuple[float, Any, Any]:
    from ledger import services
    from tests import factories

    user, balance = factories.official(), _balance("1000000000")
    seconds = _at_once(
        lambda racer, number: services.grant(
            balance=balance, amount_rmb=Decimal("1.00"), key=f"bench-{racer}-{number}", user=user
        )
    )
    balance.refresh_from_db()
    assert balance.granted_rmb == RACERS * (POSTS + 1), balance.granted_rmb
    return seconds, balance, user


def _usual(balance, user) -> float:
    from django.db import models, transaction

    from bench.awards import model

    rmb = {"max_digits": 16, "decimal_places": 2}
    caps = model(
        "BenchCap", "bench_cap", {"cap": models.DecimalField(**rmb), "granted": models.DecimalField(**rmb)}
    )
    entries = model(
        "BenchCapEntry",
        "bench_cap_entry",
        {"balance": models.IntegerField(), "rmb": models.DecimalField(**rmb), "key": models.TextField()},
    )

    def post(racer: int, number: int) -> None:
        with transaction.atomic():
            cap = caps.objects.select_for_update().get(pk=1)
            if cap.granted + 1 > cap.cap:
                raise AssertionError("the cap is reached")
            cap.granted += Decimal("1.00")
            cap.save()
            entries.objects.create(balance=1, rmb=Decimal("1.00"), key=f"usual-{racer}-{number}")

    return _at_once(post)


def _beyond(user) -> Decimal:
    """RMB granted beyond a cap that suffices for half of those who ask at once."""
    from ledger import services
    from ledger.services import LimitExceeded

    balance = _balance(str(RACERS * POSTS // 2))

    def post(racer: int, number: int) -> None:
        try:
            services.grant(
                balance=balance, amount_rmb=Decimal("1.00"), key=f"half-{racer}-{number}", user=user
            )
        except LimitExceeded:
            pass

    _at_once(post)
    balance.refresh_from_db()
    return max(Decimal(0), balance.granted_rmb - balance.limit_rmb)


def _batch(user) -> float:
    """Seconds for one statement that posts what RACERS times POSTS ask, half of which fits; told for all of them."""
    asking = RACERS * POSTS
    balance = _balance(str(asking // 2))
    begin = time.perf_counter()
    city.run(BATCH, {"balance": balance.pk, "user": user.pk, "asking": asking})
    seconds = time.perf_counter() - begin
    balance.refresh_from_db()
    assert balance.granted_rmb == balance.limit_rmb, balance.granted_rmb
    return seconds * asking / (asking // 2)


def _approved() -> float:
    """Seconds for APPROVALS final passes, one after the other: review, step, award, ledger, fund, letter, audit."""
    from accounts.enums import OfficialRole
    from casework.enums import Stage
    from tests import factories

    initial = factories.official(OfficialRole.INITIAL_REVIEWER)
    final = factories.official(OfficialRole.FINAL_REVIEWER)
    cases = []
    for _ in range(APPROVALS):
        enterprise = factories.OrganisationFactory()
        case = factories.filed_offshore(enterprise, factories.clerk_of(enterprise), "250000")
        cases.append(factories.decide(case, initial, Stage.INITIAL))
    begin = time.perf_counter()
    for case in cases:
        factories.decide(case, final, Stage.FINAL)
    return time.perf_counter() - begin
