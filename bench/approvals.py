"""Approvals against one hot cap: the ledger's post and a whole audited approval, against one guarded statement.

Limit: one prepared statement in psycopg, a guarded UPDATE that feeds the INSERT, from four connections at once. Usual:
`SELECT .. FOR UPDATE`, look, save, write an entry, in Django. The ledger's statement is also sent alone, as the limit's
is: the rest of a post is Django. Then a cap that suffices for half of those who ask: what
was granted beyond it is counted. Then batches: the posts of all who ask as one statement that adds up in their order
and takes those that fit, into the ledger's own tables with their triggers; and what the portal does with such
statements, a fund's queue served and a batch of payments committed. At last whole approvals, and where their time goes.
"""

import os
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from bench import city
from bench.measure import Clock, ratios, show

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
    alone = _alone(balance, user)
    usual = _usual(balance, user)
    beyond = _beyond(user)
    batch = _batch(user)
    served, committed = _funds()
    approved, parts = _approved()
    # All are told for as many posts, so that the ratios are those of one.
    times = {
        "guarded statement": guarded,
        "ledger post": posted,
        "its statement alone, prepared": alone,
        "select for update": usual,
        "batch by window sum": batch,
        "a fund's queue served": served,
        "a batch of payments committed": committed,
        "whole audited approval": _scaled(approved, RACERS * POSTS / APPROVALS),
    }
    found = ratios(
        times,
        (
            ("guarded statement", "ledger post"),
            ("guarded statement", "its statement alone, prepared"),
            ("guarded statement", "whole audited approval"),
            ("select for update", "ledger post"),
            ("select for update", "batch by window sum"),
            ("select for update", "a fund's queue served"),
            ("select for update", "a batch of payments committed"),
        ),
    )
    return show(
        "approvals", RACERS * POSTS, times, found, targets=TARGETS, connections=RACERS, overshoot_rmb=str(beyond),
        overshoot_target_rmb="0", one_approval=parts,
    )  # fmt: skip


def _scaled(times: tuple[float, float], factor: float) -> tuple[float, float]:
    wall, used = times
    return wall * factor, used * factor


def _at_once(call: Callable[[int, int], object]) -> tuple[float, float]:
    """Times for POSTS calls in each of RACERS threads, connections being open."""
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
    clock = Clock(server=True)
    gate.wait(60)
    for thread in threads:
        thread.join()
    times = clock.read()
    if failures:
        raise failures[0]
    return times


def _guarded() -> tuple[float, float]:
    return _plain(GUARDED, lambda key: {"rmb": Decimal("1.00"), "key": key})


def _alone(balance, user) -> tuple[float, float]:
    """The ledger's statement as the limit's is sent: what no client can undercut, as long as its tables check."""
    from ledger import services

    return _plain(services._GRANT, lambda key: [balance.pk, Decimal("1.00"), f"alone-{key}", user.pk])


def _plain(statement: str, params: Callable[[str], Any]) -> tuple[float, float]:
    """Times for a statement that psycopg prepares, without Django."""
    import psycopg
    from django.db import connection

    connection.ensure_connection()
    place = connection.connection.info.dsn
    plain = [psycopg.connect(place, autocommit=True, prepare_threshold=1) for _ in range(RACERS)]
    try:
        return _at_once(lambda racer, number: plain[racer].execute(statement, params(f"{racer}-{number}")))
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


def _posted() -> tuple[tuple[float, float], Any, Any]:
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


def _usual(balance, user) -> tuple[float, float]:
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


def _batch(user) -> tuple[float, float]:
    """Times for one statement that posts what RACERS times POSTS ask, half of which fits; told for all of them."""
    asking = RACERS * POSTS
    balance = _balance(str(asking // 2))
    clock = Clock(server=True)
    city.run(BATCH, {"balance": balance.pk, "user": user.pk, "asking": asking})
    times = clock.read()
    balance.refresh_from_db()
    assert balance.granted_rmb == balance.limit_rmb, balance.granted_rmb
    return _scaled(times, asking / (asking // 2))


def _funds() -> tuple[tuple[float, float], tuple[float, float]]:
    """Times for a budget that serves RACERS times POSTS who wait, and for committing all of them to payments."""
    from accounts.enums import OfficialRole
    from ledger import changes, funds
    from ledger.enums import ChangeKind, EntryKind
    from ledger.models import Reservation
    from tests import factories

    asking = RACERS * POSTS
    finance = [factories.official(OfficialRole.FINANCE) for _ in range(2)]
    fund = funds.fund_balance(programme="offshore", year=2014)
    Reservation.objects.bulk_create(
        Reservation(balance=fund, key=f"bench:{number}", amount_rmb=1, queued_by=finance[0])
        for number in range(asking)
    )
    budget = changes.propose(
        user=finance[0], kind=ChangeKind.BUDGET, programme="offshore", year=2014, amount_rmb=Decimal(asking),
        document="bench", reason="bench",
    )  # fmt: skip
    clock = Clock(server=True)
    changes.confirm(change_id=budget.pk, user=finance[1])
    served = clock.read()
    fund.refresh_from_db()
    assert fund.reserved_rmb == asking, fund.reserved_rmb
    moves = [funds.Move(f"bench:{n}", f"payment:{n}", Decimal(1)) for n in range(asking)]
    clock = Clock(server=True)
    funds.move(EntryKind.COMMIT, moves, user=finance[0])
    return served, clock.read()


class Statements:
    """Counts statements and their time, as Django sends them."""

    def __init__(self) -> None:
        self.count, self.seconds = 0, 0.0

    def __call__(self, execute, sql, params, many, context):
        begin = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.count += 1
            self.seconds += time.perf_counter() - begin


def _approved() -> tuple[tuple[float, float], dict[str, float]]:
    """Times for APPROVALS final passes, one after the other: review, step, award, ledger, fund, letter, audit.

    And of one: its statements, their share, and that of the messages to workers; the rest is Python and the commit.
    """
    from django.db import connection

    from accounts.enums import OfficialRole
    from casework.enums import Outcome, Stage
    from casework.services import decisions
    from notices.services import letters
    from tests import factories

    initial = factories.official(OfficialRole.INITIAL_REVIEWER)
    final = factories.official(OfficialRole.FINAL_REVIEWER)
    cases = []
    for _ in range(APPROVALS + 1):
        enterprise = factories.OrganisationFactory()
        case = factories.filed_offshore(enterprise, factories.clerk_of(enterprise), "250000")
        cases.append(factories.decide(case, initial, Stage.INITIAL))
    factories.decide(cases.pop(), final, Stage.FINAL)
    shown, sent = [case.current_assessment.hash for case in cases], [0.0]
    nudge = letters.nudge

    def timed(letter_id: int) -> None:
        begin = time.perf_counter()
        nudge(letter_id)
        sent[0] += time.perf_counter() - begin

    letters.nudge, statements = timed, Statements()
    clock = Clock(server=True)
    try:
        with connection.execute_wrapper(statements):
            for case, seen in zip(cases, shown, strict=True):
                decisions.decide(
                    case_id=case.pk, user=final, stage=Stage.FINAL, outcome=Outcome.PASS,
                    assessment_hash=seen,
                )  # fmt: skip
    finally:
        letters.nudge = nudge
    times = clock.read()
    return times, {
        "ms": round(times[0] / APPROVALS * 1e3, 1),
        "processor_ms": round(times[1] / APPROVALS * 1e3, 1),
        "statements": round(statements.count / APPROVALS, 1),
        "ms_in_statements": round(statements.seconds / APPROVALS * 1e3, 1),
        "ms_in_messages": round(sent[0] / APPROVALS * 1e3, 1),
    }
