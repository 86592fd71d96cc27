"""Random sequences of everything that officials and applicants do with claims and money: the books always agree.

Each sequence begins with three enterprises of two districts and the city and two training institutions, draws actions,
lets a refusal be a refusal, and ends with the reconciliation, which finds nothing. A failure names the seed;
`RANDOM_SEQUENCES=500` draws more.
"""

import os
import random
from collections import Counter

from django.db import transaction

from casework.services import filing
from casework.transitions import Refused
from ledger.reconciling import differences
from ledger.refusals import FundRefused, LimitExceeded
from tests.payments.sequences.after import After
from tests.payments.sequences.claims import Claims
from tests.payments.sequences.money import Money
from tests.payments.sequences.people import NothingThere

SEQUENCES = int(os.environ.get("RANDOM_SEQUENCES", "2"))
STEPS = 330
#: How likely each action is beside the others, the later on an award's way the more.
LIKELY = """
    file 6, file_training 5, calculate 8, recalculate 1, initial_review 12, approve 20, send_back 1, reject 1,
    withdraw 1, file_again 1, notice 24, withdraw_notice 1, object 1, examine 2, answer 3, reopen 1, reopened 2,
    bring 1, share 1, confirm 3, turn_down 1, account 24, account_entered 1, account_ended 2,
    hold 1, lift 2, person 1, person_settled 2,
    make_batch 40, take_out 2, submit_batch 40, give_back 2, cancel_batch 1, release 60, send 60, bank 60, letter 10,
    sample 3, check 16, find 30, conclude 30, order 30, ordered 40, recover 12, bar 2, barred 2
"""
ACTIONS = {name: int(weight) for name, weight in (part.split() for part in LIKELY.split(","))}
#: What an action may answer: refusals by name, and nothing there to act on.
REFUSALS = (Refused, FundRefused, LimitExceeded, filing.Incomplete, NothingThere)


class World(Claims, Money, After):
    """Everything that can happen."""


def draw(world: World, idle: set[str]) -> str:
    """An action, those less likely that this sequence did often; not one that found nothing since the last success."""
    likely = {name: weight / (1 + world.done[name]) for name, weight in ACTIONS.items() if name not in idle}
    return world.chance.choices(list(likely), list(likely.values()))[0]


def run(seed: int) -> Counter[str]:
    """What one sequence did; the books agree afterwards, and nothing of it stays."""
    with transaction.atomic():
        world = World(random.Random(seed))
        idle: set[str] = set()
        for _step in range(STEPS):
            name = draw(world, idle)
            try:
                with transaction.atomic():
                    getattr(world, name)()
                world.done[name] += 1
                idle.clear()
            except REFUSALS:
                idle.add(name)
        assert list(differences()) == [], seed
        transaction.set_rollback(True)
    return world.done


def test_the_books_agree_after_any_sequence(db):
    done = sum((run(seed) for seed in range(SEQUENCES)), Counter())
    print(*(f"{name} {times}" for name, times in done.most_common()), sep=", ")
    # The sequences were about something, money that was paid and recovered included.
    assert done["approve"] and done["release"] and done["bank"] and done["ordered"] and done["recover"], done
    assert done.keys() <= ACTIONS.keys() and all(hasattr(World, name) for name in ACTIONS)
