"""What the database itself refuses about money."""

from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from ledger.models import Balance, Entry
from ledger.selectors import granted_in_year
from ledger.services import LimitExceeded, allowance, grant
from tests import factories


@pytest.fixture
def balance(db) -> Balance:
    return allowance(
        organisation=factories.OrganisationFactory(),
        programme="offshore",
        year=2015,
        limit_rmb=Decimal("500000.00"),
    )


@pytest.fixture
def official(db):
    return factories.official()


def test_a_grant_moves_its_balance(balance, official):
    grant(balance=balance, amount_rmb=Decimal("500000.00"), key="award:1", user=official)
    granted = granted_in_year(organisation_id=balance.organisation_id, programme="offshore", year=2015)
    assert granted == Decimal("500000.00")


def test_one_fen_beyond_the_limit_is_refused_and_nothing_is_posted(balance, official):
    grant(balance=balance, amount_rmb=Decimal("499999.99"), key="award:1", user=official)
    with pytest.raises(LimitExceeded):
        grant(balance=balance, amount_rmb=Decimal("0.02"), key="award:2", user=official)
    balance.refresh_from_db()
    assert (balance.granted_rmb, balance.entries.count()) == (Decimal("499999.99"), 1)


def test_the_same_award_is_posted_once(balance, official):
    grant(balance=balance, amount_rmb=Decimal("1.00"), key="award:1", user=official)
    with pytest.raises(IntegrityError, match="ledger_entry_key_once"), transaction.atomic():
        grant(balance=balance, amount_rmb=Decimal("1.00"), key="award:1", user=official)
    balance.refresh_from_db()
    assert balance.granted_rmb == Decimal("1.00")


BATCH = """
INSERT INTO ledger_entry (balance_id, kind, amount_rmb, key, posted_by_id)
SELECT balance, 'grant', amount, 'award:' || n, %s FROM unnest(%s::bigint[], %s::numeric[]) WITH ORDINALITY
    AS asked (balance, amount, n)
"""


def moves() -> int:
    """How many times this transaction has written a balance."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_get_xact_tuples_updated('ledger_balance'::regclass)")
        return cursor.fetchone()[0]


def test_a_batch_moves_each_of_its_balances_once(balance, official):
    other = allowance(
        organisation=balance.organisation, programme="offshore", year=2016, limit_rmb=Decimal("10.00")
    )
    before = moves()
    with connection.cursor() as cursor:
        cursor.execute(BATCH, [official.pk, [balance.pk, other.pk] * 3, ["1", "2", "3", "3", "0.01", "5"]])
    assert moves() == before + 2
    balance.refresh_from_db()
    other.refresh_from_db()
    assert (balance.granted_rmb, other.granted_rmb) == (Decimal("4.01"), Decimal("10.00"))


def test_a_batch_with_one_fen_too_much_posts_nothing(balance, official):
    with pytest.raises(IntegrityError, match="ledger_balance_within_limit"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(BATCH, [official.pk, [balance.pk] * 3, ["499999.98", "0.01", "0.02"]])
    balance.refresh_from_db()
    assert (balance.granted_rmb, balance.entries.count()) == (Decimal("0.00"), 0)


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("UPDATE ledger_balance SET granted_rmb = 5", "ledger_balance_moved_by_entries_only"),
        ("UPDATE ledger_balance SET limit_rmb = limit_rmb * 10", "ledger_balance_limit_is_fixed"),
        ("UPDATE ledger_balance SET year = 2016", "ledger_balance_limit_is_fixed"),
        ("DELETE FROM ledger_balance", "Cannot delete"),
        ("UPDATE ledger_entry SET amount_rmb = 5", "Cannot update"),
        ("DELETE FROM ledger_entry", "Cannot update or delete"),
        ("TRUNCATE ledger_entry", "no_truncate"),
        (
            "INSERT INTO ledger_entry (balance_id, kind, amount_rmb, key, posted_by_id)"
            " SELECT id, 'grant', -1, 'x', (SELECT posted_by_id FROM ledger_entry LIMIT 1) FROM ledger_balance",
            "ledger_entry_sign",
        ),
        (
            "INSERT INTO ledger_balance (kind, programme, year, division, limit_rmb, granted_rmb, reserved_rmb,"
            " committed_rmb, paid_rmb, recovered_rmb) VALUES ('fund', 'offshore', 2015, '360100', 10, 0, 0, 0, 0, 0)",
            "ledger_balance_moved_by_entries_only",
        ),
    ],
)
def test_sql_cannot_go_round_the_ledger(balance, official, statement, name):
    grant(balance=balance, amount_rmb=Decimal("1.00"), key="award:1", user=official)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(DatabaseError, match=name), transaction.atomic():
            cursor.execute(statement)
    balance.refresh_from_db()
    assert (balance.granted_rmb, Entry.objects.count()) == (Decimal("1.00"), 1)
