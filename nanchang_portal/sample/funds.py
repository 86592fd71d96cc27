"""The money of the sample's years: proposed by the finance officer, confirmed by the policy editor.

2014 is used to the last fen, in 2015 an award waits for its district, 2016 and 2018 will be short if the open claims
are approved, 2017 the city pays alone, and the budget of 2019 waits for its second person.
"""

from decimal import Decimal

from django.utils import timezone

from accounts.models import User
from ledger import changes
from ledger.enums import ChangeKind
from ledger.levels import CITY
from nanchang_portal.sample.tables import table
from policy.enums import ProgrammeCode

# Share of the city in percent by year; no line: the city pays all.
SHARES = table(
    """
    year | percent
    2014 | 60
    2015 | 60
    2016 | 60
    """
)

# Budgets by level, RMB.
BUDGETS = table(
    """
    year | division | amount
    2013 | 360100   | 100000.00
    2014 | 360100   | 600000.00
    2014 | 360103   | 200000.00
    2014 | 360113   | 200000.00
    2015 | 360100   | 900000.00
    2015 | 360103   | 250000.00
    2015 | 360111   | 50000.00
    2015 | 360113   | 150000.00
    2015 | 360121   | 100000.00
    2016 | 360100   | 400000.00
    2016 | 360102   | 60000.00
    2016 | 360103   | 250000.00
    2016 | 360113   | 100000.00
    2016 | 360121   | 60000.00
    2017 | 360100   | 600000.00
    2018 | 360100   | 350000.00
    """
)
TRAINING_BUDGET = Decimal("300000.00")


def create(users: dict[str, User]) -> None:
    """Bring the sample's money in, before its claims are decided."""
    proposer, confirmer = users["finance"], users["policy"]

    def propose(**fields) -> int:
        given = {"programme": ProgrammeCode.OFFSHORE, "reason": "示例数据（虚构）"} | fields
        given["document"] = f"示例财政〔{given['year']}〕1号"
        return changes.propose(user=proposer, **given).pk

    for row in SHARES:
        share = propose(kind=ChangeKind.SHARE, year=int(row["year"]), city_percent=row.money("percent"))
        changes.confirm(change_id=share, user=confirmer)
    for row in BUDGETS:
        budget = propose(
            kind=ChangeKind.BUDGET,
            year=int(row["year"]),
            division=row["division"],
            amount_rmb=row.money("amount"),
        )
        changes.confirm(change_id=budget, user=confirmer)
    training = propose(
        kind=ChangeKind.BUDGET,
        programme=ProgrammeCode.TRAINING,
        year=timezone.localdate().year,
        division=CITY,
        amount_rmb=TRAINING_BUDGET,
    )
    changes.confirm(change_id=training, user=confirmer)
    propose(kind=ChangeKind.BUDGET, year=2019, division=CITY, amount_rmb=Decimal("200000.00"))
