"""What the ledger compares when the portal reconciles (`ledger.reconciling`): plain sums, no trigger."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from audit.services import breaks
from ledger.reconciling import Check, query

# Each level's name in a difference: offshore 2015 360102; an allowance has its organisation's code.
_NAME = "concat_ws(' ', b.programme, b.year, nullif(b.division, ''), o.credit_code)"
_OWNER = "ledger_balance b LEFT JOIN accounts_organisation o ON o.id = b.organisation_id"
# What the entries of a kind add to a column.
_SIGNS = {
    "limit_rmb": {"budget": 1},
    "granted_rmb": {"grant": 1, "reversal": 1},
    "reserved_rmb": {"reserve": 1, "release": -1, "commit": -1, "uncommit": 1},
    "committed_rmb": {"commit": 1, "uncommit": -1, "pay": -1},
    "paid_rmb": {"pay": 1},
    "recovered_rmb": {"recover": 1},
    "released_rmb": {"release": 1, "cancel": 1},
}


def _sum(column: str) -> str:
    cases = " ".join(f"WHEN '{kind}' THEN {sign} * e.amount_rmb" for kind, sign in _SIGNS[column].items())
    return f"coalesce(sum(CASE e.kind {cases} ELSE 0 END), 0)"


def _columns(table: str, owner: str, name: str, columns: list[str], where: str = "true") -> str:
    """Each column of each row of `table` against the sum of its entries."""
    sums = ", ".join(f"{_sum(column)} AS {column}" for column in columns)
    parts = [
        f"SELECT concat({name}, ' {column}'), s.{column}, b.{column} FROM {owner}"
        f" JOIN s ON s.id = b.id WHERE ({where}) AND s.{column} <> b.{column}"
        for column in columns
    ]
    key = "balance_id" if table == "ledger_balance" else "reservation_id"
    return (
        f"WITH s AS (SELECT t.id, {sums} FROM {table} t LEFT JOIN ledger_entry e ON e.{key} = t.id GROUP BY t.id) "
        + " UNION ALL ".join(parts)
    )


_MOVED = ["granted_rmb", "reserved_rmb", "committed_rmb", "paid_rmb", "recovered_rmb"]

BALANCES = _columns("ledger_balance", _OWNER, _NAME, _MOVED)
BUDGETS = _columns("ledger_balance", _OWNER, _NAME, ["limit_rmb"], "b.kind = 'fund'")
RESERVATIONS = _columns(
    "ledger_reservation",
    "ledger_reservation b",
    "b.key",
    ["reserved_rmb", "committed_rmb", "paid_rmb", "recovered_rmb", "released_rmb"],
)

WITHIN = f"""
    SELECT {_NAME}, b.limit_rmb, b.granted_rmb + b.reserved_rmb + b.committed_rmb + b.paid_rmb - b.recovered_rmb
    FROM {_OWNER}
    WHERE b.limit_rmb < b.granted_rmb + b.reserved_rmb + b.committed_rmb + b.paid_rmb - b.recovered_rmb
        OR least(b.granted_rmb, b.reserved_rmb, b.committed_rmb, b.recovered_rmb, b.paid_rmb - b.recovered_rmb) < 0
    UNION ALL
    SELECT r.key, r.amount_rmb, r.reserved_rmb + r.committed_rmb + r.paid_rmb + r.released_rmb
    FROM ledger_reservation r
    WHERE r.reserved_rmb + r.committed_rmb + r.paid_rmb + r.released_rmb NOT IN (0, r.amount_rmb)
        OR least(r.reserved_rmb, r.committed_rmb, r.released_rmb, r.recovered_rmb, r.paid_rmb - r.recovered_rmb) < 0
"""

# The fund's reserved, paid... are those of its awards.
PARTS = """
    SELECT concat_ws(' ', b.programme, b.year, b.division), s.amounts, ARRAY[b.reserved_rmb, b.committed_rmb,
        b.paid_rmb, b.recovered_rmb]
    FROM ledger_balance b JOIN LATERAL (
        SELECT ARRAY[coalesce(sum(reserved_rmb), 0), coalesce(sum(committed_rmb), 0), coalesce(sum(paid_rmb), 0),
            coalesce(sum(recovered_rmb), 0)] AS amounts
        FROM ledger_reservation r WHERE r.balance_id = b.id
    ) s ON true
    WHERE b.kind = 'fund'
        AND s.amounts <> ARRAY[b.reserved_rmb, b.committed_rmb, b.paid_rmb, b.recovered_rmb]
"""

TWO_PEOPLE = """
    SELECT concat('change ', c.id), 'two people', CASE WHEN c.decided_by_id = c.proposed_by_id THEN 'one' ELSE '-' END
    FROM ledger_fundchange c
    WHERE c.state = 'confirmed' AND (c.decided_by_id IS NULL OR c.decided_by_id = c.proposed_by_id)
    UNION ALL
    SELECT concat('change ', c.id), c.amount_rmb::text, e.amount_rmb::text
    FROM ledger_fundchange c LEFT JOIN ledger_entry e ON e.change_id = c.id
    LEFT JOIN ledger_balance b ON b.id = e.balance_id
    WHERE c.kind = 'budget' AND (
        (c.state = 'confirmed') <> (e.id IS NOT NULL)
        OR c.state = 'confirmed' AND (
            e.amount_rmb <> c.amount_rmb OR (b.programme, b.year, b.division) <> (c.programme, c.year, c.division)
        )
    )
    UNION ALL
    SELECT concat('entry ', e.key), 'a change', '-' FROM ledger_entry e
    WHERE e.kind = 'budget' AND e.change_id IS NULL
"""

# Nobody waits whose part is there; nobody was served before an earlier one that still waits.
QUEUE = """
    SELECT r.key, concat('served, ', b.limit_rmb - b.reserved_rmb - b.committed_rmb - b.paid_rmb + b.recovered_rmb,
        ' left'), concat('waits for ', r.amount_rmb)
    FROM ledger_balance b JOIN LATERAL (
        SELECT key, amount_rmb FROM ledger_reservation WHERE balance_id = b.id AND state = 'waiting' ORDER BY id LIMIT 1
    ) r ON true
    WHERE r.amount_rmb <= b.limit_rmb - b.reserved_rmb - b.committed_rmb - b.paid_rmb + b.recovered_rmb
    UNION ALL
    SELECT late.key, concat('after ', early.key), 'served before'
    FROM ledger_balance b JOIN LATERAL (
        SELECT id, key FROM ledger_reservation WHERE balance_id = b.id AND state = 'waiting' ORDER BY id LIMIT 1
    ) early ON true
    JOIN ledger_reservation late ON late.balance_id = b.id AND late.id > early.id
        AND late.state NOT IN ('waiting', 'released')
"""

# What the audit chain says was moved, against what the books say: entries that no service posted, or that were altered.
TOLD = """
    WITH told AS (
        SELECT substr(action, 6) AS kind, item ->> 0 AS award, item ->> 1 AS posting, (item ->> 2)::numeric AS amount
        FROM audit_record, jsonb_array_elements(data -> 'moves') item
        WHERE action IN ('fund.commit', 'fund.uncommit', 'fund.pay', 'fund.recover', 'fund.release')
    ), posted AS (
        SELECT e.kind, r.key AS award, e.key AS posting, sum(e.amount_rmb) AS amount
        FROM ledger_entry e JOIN ledger_reservation r ON r.id = e.reservation_id
        WHERE e.kind IN ('commit', 'uncommit', 'pay', 'recover', 'release') AND e.key <> r.key
        GROUP BY e.kind, r.key, e.key
    )
    SELECT concat_ws(' ', kind, award, posting), told.amount::text, posted.amount::text
    FROM told FULL JOIN posted USING (kind, award, posting)
    WHERE told.amount IS DISTINCT FROM posted.amount
    UNION ALL
    SELECT concat('change ', c.id), r.data ->> 'amount_rmb', c.amount_rmb::text
    FROM ledger_fundchange c LEFT JOIN audit_record r ON r.object_type = 'ledger.fundchange'
        AND r.object_id = c.id::text AND r.action = 'fund.change_proposed'
    WHERE (r.data ->> 'amount_rmb')::numeric IS DISTINCT FROM c.amount_rmb
        OR (r.data ->> 'city_percent')::numeric IS DISTINCT FROM c.city_percent
        OR r.actor_id IS DISTINCT FROM c.proposed_by_id
"""


def chain() -> Iterator[tuple]:
    for item in breaks():
        yield f"{item.stream} #{item.number}", "holds", item.why


CHECKS = (
    Check("ledger.balance", _("Balances against their entries"), query(BALANCES)),
    Check("ledger.budget", _("Budgets against their entries"), query(BUDGETS)),
    Check("ledger.reservation", _("Reservations against their entries"), query(RESERVATIONS)),
    Check("ledger.parts", _("Funds against the reservations of their awards"), query(PARTS)),
    Check("ledger.limit", _("Nothing beyond its limit or below zero"), query(WITHIN)),
    Check("ledger.two_people", _("Budgets and shares confirmed by a second person"), query(TWO_PEOPLE)),
    Check("ledger.queue", _("Queues served in order"), query(QUEUE)),
    Check("ledger.told", _("Movements against the audit chain"), query(TOLD)),
    Check("audit.chain", _("Audit chains"), chain),
)
