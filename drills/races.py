"""Races for money on a real database with real connections: what was tried, how it ended, what was violated.

`python -m drills.races [1000]` starts engines of its own; `--approvals`, `--caps` and `--funds` take a number each. The
"""

import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal

from drills.shape import Outcome, main, own_database

Call = Callable[[], object]


@dataclass
class Tally:
    """Races of one kind: how many, how each ended (the racers' answers, sorted), and what must never be."""

    name: str
    tried: int = 0
    endings: Counter = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    def count(self, answers: list[str], *, allowed: set[str], **must: bool) -> None:
        """One race more; each of `must` names something that holds afterwards."""
        self.tried += 1
        self.endings[", ".join(f"{n} × {word}" for word, n in sorted(Counter(answers).items()))] += 1
        self.violations += [
            f"{self.tried}: {name.replace('_', ' ')}" for name, held in must.items() if not held
        ]
        self.violations += [f"{self.tried}: {answer}" for answer in answers if answer not in allowed]


class Racers:
    """Threads that keep their connections and start what they are given at the same moment."""

    def __init__(self, count: int) -> None:
        self.pool = ThreadPoolExecutor(count)

    def race(self, *calls: Call) -> list[str]:
        """Each call's answer: "done", the code of its refusal, or the error's name."""
        gate = threading.Barrier(len(calls))
        return [
            future.result(timeout=60) for future in [self.pool.submit(_run, gate, call) for call in calls]
        ]

    def close(self) -> None:
        from django.db import connections

        size = self.pool._max_workers
        gate = threading.Barrier(size)
        for future in [
            self.pool.submit(lambda: (gate.wait(20), connections.close_all())) for _n in range(size)
        ]:
            future.result()
        self.pool.shutdown()


@contextmanager
def racers(count: int) -> Iterator[Racers]:
    found = Racers(count)
    try:
        yield found
    finally:
        found.close()


def _run(gate: threading.Barrier, call: Call) -> str:
    from casework.transitions import Refused
    from ledger.refusals import FundRefused, LimitExceeded

    gate.wait(timeout=20)
    try:
        call()
    except (Refused, FundRefused) as refusal:
        return refusal.code
    except LimitExceeded:
        return "limit"
    except Exception as error:
        return f"{type(error).__name__}: {error}".splitlines()[0]
    return "done"


def approval_races(rounds: int) -> Tally:
    """Two claims of one year, each worth 400,000 RMB alone, approved by two officials at the same moment."""
    from accounts.enums import OfficialRole
    from casework.enums import Stage
    from casework.models import AwardLine
    from casework.services import decisions
    from ledger.models import Balance, Entry
    from tests import factories

    initial = factories.official(OfficialRole.INITIAL_REVIEWER)
    finals = [factories.official(OfficialRole.FINAL_REVIEWER) for _n in range(2)]
    tally = Tally("approvals at the yearly cap")
    with racers(2) as field_:
        for _round in range(rounds):
            enterprise = factories.OrganisationFactory()
            clerk = factories.clerk_of(enterprise)
            cases = [factories.filed_offshore(enterprise, clerk, "2000000") for _n in range(2)]
            for case in cases:
                factories.decide(case, initial, Stage.INITIAL)
            answers = field_.race(
                *(
                    lambda case=case, final=final, seen=case.current_assessment.hash: decisions.decide(
                        case_id=case.pk, user=final, stage=Stage.FINAL, outcome="pass", assessment_hash=seen
                    )
                    for case, final in zip(cases, finals, strict=True)
                )
            )
            granted = Balance.objects.get(organisation=enterprise).granted_rmb
            posted = sum(
                Entry.objects.filter(balance__organisation=enterprise).values_list("amount_rmb", flat=True)
            )
            lines = sum(AwardLine.objects.filter(award__case__in=cases).values_list("amount_rmb", flat=True))
            tally.count(
                answers,
                allowed={"done", "basis_changed", "calculating"},
                one_approved=answers.count("done") == 1,
                ledger_is_the_awards=granted == posted == lines == Decimal(400000),
            )
    return tally


def cap_races(rounds: int, *, contenders: int = 8) -> Tally:
    """One fen is left of a year's allowance, and several grants want it: the balance's CHECK alone decides."""
    from accounts.enums import OfficialRole
    from ledger.services import allowance, grant
    from tests import factories

    official = factories.official(OfficialRole.FINAL_REVIEWER)
    enterprise = factories.OrganisationFactory()
    limit, fen = Decimal("500000.00"), Decimal("0.01")
    tally = Tally(f"grants for the last fen of a cap, {contenders} connections")
    with racers(contenders) as field_:
        for number in range(rounds):
            # Years that no claim is about: thousands of balances of one enterprise.
            balance = allowance(organisation=enterprise, programme="offshore", year=number, limit_rmb=limit)
            grant(balance=balance, amount_rmb=limit - fen, key=f"race:{number}", user=official)
            answers = field_.race(
                *(
                    lambda balance=balance, key=f"race:{number}:{n}": grant(
                        balance=balance, amount_rmb=fen, key=key, user=official
                    )
                    for n in range(contenders)
                )
            )
            balance.refresh_from_db()
            tally.count(
                answers,
                allowed={"done", "limit"},
                one_granted=answers.count("done") == 1,
                at_the_cap=balance.granted_rmb == limit,
            )
    return tally


def fund_races(rounds: int) -> Tally:
    """Eight awards want a fund that has money for three, while more money comes in: none beyond it, none overtaken."""
    from accounts.enums import OfficialRole
    from ledger import changes
    from ledger import funds as money
    from ledger.enums import ChangeKind, ReservationState
    from ledger.levels import CITY
    from ledger.models import Balance, Reservation
    from tests import factories

    finance = [factories.official(OfficialRole.FINANCE) for _n in range(2)]
    tally = Tally("awards for a fund that has money for some")

    def proposal(year: int, amount: int):
        return changes.propose(
            user=finance[0],
            kind=ChangeKind.BUDGET,
            programme="training",
            year=year,
            document="drill",
            reason="drill",
            amount_rmb=Decimal(amount),
        )

    with racers(10) as field_:
        for year in range(rounds):
            changes.confirm(change_id=proposal(year, 300).pk, user=finance[1])
            late = proposal(year, 100)
            awards = [f"race:{year}:{number}" for number in range(8)]
            answers = field_.race(
                *(
                    lambda key=key, year=year: money.reserve(
                        key=key, programme="training", year=year, division=CITY, amount_rmb=Decimal(100),
                        user=finance[0],
                    )
                    for key in awards
                ),
                *([lambda late=late: changes.confirm(change_id=late.pk, user=finance[1])] * 2),
            )  # fmt: skip
            fund = Balance.objects.get(kind="fund", programme="training", year=year)
            states = list(
                Reservation.objects.filter(balance=fund).order_by("pk").values_list("state", flat=True)
            )
            served = Reservation.objects.filter(balance=fund, state=ReservationState.RESERVED).first()
            one = {"key": served.key, "posting": "race:pay", "amount_rmb": Decimal(50), "user": finance[0]}
            twice = field_.race(*([lambda one=one: money.commit(**one)] * 4))
            tally.count(
                [*answers, *twice],
                allowed={"done", "decided", "posted"},
                all_placed=len(states) == 8 and answers.count("decided") == 1,
                first_come_first_served=states
                == [ReservationState.RESERVED] * 4 + [ReservationState.WAITING] * 4,
                within_the_fund=(fund.limit_rmb, fund.left_rmb) == (Decimal(400), 0),
                paid_once=twice.count("done") == 1,
            )
    return tally


def outcome_of(tallies: list[Tally]) -> Outcome:
    """The races in the shape of every drill: what a race violated was granted, placed or paid more than once."""
    outcome = Outcome("races")
    for tally in tallies:
        outcome.tried[tally.name] += tally.tried
        outcome.notes += [f"{times:,} × {tally.name}: {end}" for end, times in tally.endings.most_common()]
        outcome.doubled += [f"{tally.name}, {violation}" for violation in tally.violations]
    return outcome


def drill(
    rounds: int, *, approvals: int | None = None, caps: int | None = None, funds: int | None = None
) -> Outcome:
    """So many approvals and funds, ten times as many grants at the cap (64 connections in one of a thousand)."""
    grants = 10 * rounds if caps is None else caps
    with own_database(broker=True):
        from ledger.reconciling import differences

        tallies = [
            approval_races(rounds if approvals is None else approvals),
            fund_races(rounds if funds is None else funds),
        ]
        # The cap races post without any award: what the approvals and funds left is compared before them.
        found = [item for item in differences() if "race:" not in item.subject]
        many = -(-grants // 1000)
        tallies += [cap_races(grants - many), cap_races(many, contenders=64)]
        outcome = outcome_of(tallies)
        outcome.lost += [f"reconcile: {item}" for item in found]
    return outcome


if __name__ == "__main__":
    sys.exit(main(__doc__, drill, 1000, parts=("approvals", "caps", "funds")))
