"""Random sequences of everything that officials and applicants do with claims and money: the books always agree.

Each sequence begins with three enterprises of two districts and the city, draws actions, lets a refusal be a refusal,
and ends with the reconciliation, which finds nothing. A failure names the seed; `RANDOM_SEQUENCES=500` draws more.
"""

import os
import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from accounts.enums import MembershipRole, OfficialRole
from casework.enums import Outcome, ReopeningCause, Stage, Status
from casework.models import AwardLine, Case, Reopening
from casework.services import calculation, filing, second_look
from casework.transitions import Refused
from ledger import changes
from ledger.enums import ChangeKind
from ledger.levels import CITY
from ledger.models import Entry, FundChange
from ledger.reconciling import differences
from ledger.refusals import FundRefused, LimitExceeded
from notices.services import publishing
from payments.enums import PaymentState
from payments.gates import prospects
from payments.models import Batch, Payment, SpotCheck
from payments.owing import open_orders
from payments.services import batches, recovery, results, spot_checks
from tests import factories
from tests.payments.conftest import answer_of

SEQUENCES = int(os.environ.get("RANDOM_SEQUENCES", "3"))
STEPS = 200
YEARS = (2014, 2015)


class NothingThere(Exception):
    """No object for the action that was drawn."""


class World:
    """People, two applicants, and what they may do next; every action draws its own object."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.done: Counter[str] = Counter()
        self.enterprises = [
            factories.OrganisationFactory(division=code) for code in ("360102", "360103", "360100")
        ]
        self.clerks = {organisation.pk: factories.clerk_of(organisation) for organisation in self.enterprises}
        self.owners = {
            organisation.pk: factories.clerk_of(organisation, MembershipRole.OWNER)
            for organisation in self.enterprises
        }
        self.releaser = factories.official(OfficialRole.RELEASER)
        self.initial = factories.official(OfficialRole.INITIAL_REVIEWER)
        self.finals = [factories.official(OfficialRole.FINAL_REVIEWER) for _n in range(2)]
        self.finance = [factories.official(OfficialRole.FINANCE) for _n in range(2)]
        for year in YEARS:
            for division, amount in ((CITY, 1_500_000), ("360102", 400_000), ("360103", 400_000)):
                factories.fund_change(
                    *self.finance, year=year, division=division, amount_rmb=self.amount(amount)
                )

    def draw(self, rows):
        """One of the rows. Raises NothingThere."""
        if not (found := list(rows)):
            raise NothingThere
        return self.chance.choice(found)

    def amount(self, most: int) -> Decimal:
        return Decimal(self.chance.randint(1, most * 100)) / 100

    # Claims

    def file(self) -> None:
        organisation = self.chance.choice(self.enterprises)
        receipts = [str(self.amount(1_500_000)) for _n in range(self.chance.randint(1, 2))]
        year = self.chance.choice(YEARS)
        factories.filed_offshore(organisation, self.clerks[organisation.pk], *receipts, year=year)

    def case(self, *statuses: Status) -> Case:
        return self.draw(Case.objects.filter(status__in=statuses).order_by("pk"))

    def calculate(self) -> None:
        for case in Case.objects.filter(runs__state="queued").distinct():
            factories.calculate(case)

    def recalculate(self) -> None:
        calculation.recalculate(case_id=self.case(*Status).pk, user=self.initial)

    def initial_review(self) -> None:
        case = self.case(Status.INITIAL_REVIEW)
        if case.current_assessment is None:
            raise NothingThere
        outcome = self.chance.choice(
            (Outcome.PASS, Outcome.PASS, Outcome.PASS, Outcome.RETURN, Outcome.PROPOSE_REJECTION)
        )
        factories.decide(case, self.initial, Stage.INITIAL, outcome, "because")

    def approve(self) -> None:
        factories.decide(self.case(Status.FINAL_REVIEW), self.chance.choice(self.finals), Stage.FINAL)

    def send_back(self) -> None:
        factories.decide(
            self.case(Status.FINAL_REVIEW), self.finals[0], Stage.FINAL, Outcome.RETURN, "because"
        )

    def reject(self) -> None:
        factories.decide(
            self.case(Status.FINAL_REVIEW), self.finals[1], Stage.FINAL, Outcome.REJECT, "because"
        )

    def withdraw(self) -> None:
        case = self.case(Status.INITIAL_REVIEW, Status.FINAL_REVIEW, Status.RETURNED, Status.APPROVED)
        filing.withdraw(case_id=case.pk, user=self.clerks[case.organisation_id])

    def file_again(self) -> None:
        case = self.case(Status.RETURNED)
        filing.submit(case_id=case.pk, user=self.clerks[case.organisation_id])

    # Money

    def bring(self) -> None:
        amount = self.amount(200_000) * self.chance.choice((1, 1, 1, -1))
        level = self.chance.choice((CITY, CITY, "360102", "360103"))
        self.propose(kind=ChangeKind.BUDGET, amount_rmb=amount, division=level)

    def share(self) -> None:
        self.propose(kind=ChangeKind.SHARE, city_percent=Decimal(self.chance.choice((0, 33, 60, 100))))

    def propose(self, **fields) -> None:
        changes.propose(
            user=self.chance.choice(self.finance),
            programme="offshore",
            year=self.chance.choice(YEARS),
            document="draw",
            reason="draw",
            **fields,
        )

    def confirm(self) -> None:
        change = self.draw(FundChange.objects.filter(state="proposed").order_by("pk"))
        changes.confirm(change_id=change.pk, user=self.chance.choice(self.finance))

    def turn_down(self) -> None:
        change = self.draw(FundChange.objects.filter(state="proposed").order_by("pk"))
        changes.turn_down(change_id=change.pk, user=self.finance[0], note="no")

    # Payment

    def account(self) -> None:
        """A first account, or another after a failure."""
        case = self.draw(Case.objects.filter(status=Status.APPROVED, amount_rmb__gt=0).order_by("pk"))
        people = self.clerks[case.organisation_id], self.owners[case.organisation_id], self.finance[0]
        factories.payee_account(case, "own", *people)

    def notice(self) -> None:
        year = self.chance.choice(YEARS)
        draft = publishing.make_notice(user=self.initial, programme="offshore", year=year)
        ended = timezone.now() - timedelta(days=40)
        publishing.publish_notice(user=self.finals[0], notice_id=draft.pk, version=draft.version, now=ended)

    def make_batch(self) -> None:
        lines = list(AwardLine.objects.select_related("award__case__organisation").order_by("pk"))
        going = [found for found in prospects(lines) if found.account and not found.hindrances]
        chosen = {found.line.pk: found.account.pk for found in going if self.chance.random() < 0.8}
        batches.make_batch(user=self.finance[0], programme="offshore", chosen=chosen)

    def batch(self, state: str) -> Batch:
        return self.draw(Batch.objects.filter(state=state).order_by("pk"))

    def submit_batch(self) -> None:
        batch = self.batch("draft")
        batches.submit_batch(user=self.finance[0], batch_id=batch.pk, expected_version=batch.version)

    def give_back(self) -> None:
        batches.give_back(user=self.releaser, batch_id=self.batch("submitted").pk, reason="because")

    def cancel_batch(self) -> None:
        batches.cancel_batch(user=self.finance[0], batch_id=self.batch("draft").pk, reason="because")

    def release(self) -> None:
        batch = self.batch("submitted")
        batches.release_batch(user=self.releaser, batch_id=batch.pk, expected_version=batch.version)

    def send(self) -> None:
        batch = self.batch("released")
        batches.mark_sent(user=self.finance[0], batch_id=batch.pk, sent_on=timezone.localdate())

    def bank(self) -> None:
        """The bank's file: most are paid, some fail, of some nothing is known."""
        batch = self.batch("sent")
        words = {
            number: self.chance.choice(
                (("成功", "", ""), ("成功", "", ""), ("失败", "", "账号不符"), ("不明", "", ""))
            )
            for number in batch.payments.order_by("pk").values_list("number", flat=True)
        }
        results.import_results(
            user=self.finance[0], batch_id=batch.pk, name="bank.csv", content=answer_of(batch, words)
        )

    def letter(self) -> None:
        """The bank's letter about a payment of which nothing was known, taken over by two people."""
        payment = self.draw(Payment.objects.filter(state=PaymentState.UNKNOWN).order_by("pk"))
        paid = {"settled_on": timezone.localdate(), "bank_reference": f"LETTER{payment.pk}"}
        said = self.chance.choice(({"outcome": "paid"} | paid, {"outcome": "failed", "failure": "closed"}))
        data = results.AnswerData(document="Letter", **said)
        answer = results.record_answer(user=self.finance[0], payment_id=payment.pk, data=data)
        results.confirm_answer(user=self.finance[1], answer_id=answer.pk)

    def check(self) -> None:
        """Paid money is looked at again, found not in order, heard and concluded."""
        number = self.draw(Payment.objects.filter(state=PaymentState.PAID).order_by("pk")).number
        check = spot_checks.open_check(
            user=self.initial, payment_number=number, cause="report", occasion="draw"
        )
        words = {"finding": "irregular", "evidence": "draw", "text": "draw"}
        spot_checks.record_finding(user=self.initial, check_id=check.pk, **words)
        clerk = self.clerks[check.case.organisation_id]
        spot_checks.reply(user=clerk, check_id=check.pk, text="no")
        spot_checks.conclude(user=self.finals[0], check_id=check.pk, conclusion="recover", text="yes")

    def order(self) -> None:
        """Part of a payment is to come back, sometimes more than was paid."""
        check = self.draw(SpotCheck.objects.filter(conclusion="recover").order_by("pk"))
        amount = self.amount(int(check.payment.amount_rmb) + 10)
        order = recovery.propose_order(
            user=self.finance[0], check_id=check.pk, amount_rmb=amount, reason="draw"
        )
        recovery.confirm_order(user=self.finals[1], order_id=order.pk)

    def recover(self) -> None:
        """Ordered money comes back by transfer; what does not is set off against later payments."""
        order = self.draw(open_orders())
        repayment = recovery.record_repayment(
            user=self.finance[0],
            order_id=order.pk,
            amount_rmb=self.chance.choice((order.owed_rmb, self.amount(int(order.owed_rmb) + 1))),
            received_on=timezone.localdate(),
            bank_reference=f"IN{Entry.objects.count()}",
        )
        recovery.confirm_repayment(user=self.finance[1], repayment_id=repayment.pk)

    # A second look

    def reopen(self) -> None:
        case = self.case(Status.APPROVED, Status.APPROVED, Status.REJECTED)
        given = {"cause": ReopeningCause.ERROR, "reason": "because", "version": case.version}
        second_look.propose(case_id=case.pk, user=self.initial, **given)

    def reopened(self) -> None:
        proposal = self.draw(Reopening.objects.filter(state="proposed").order_by("pk"))
        user = self.chance.choice(self.finals)
        second_look.confirm(reopening_id=proposal.pk, user=user, version=proposal.case.version)


ACTIONS = (
    *(World.file, World.calculate, World.recalculate, World.initial_review, World.approve),
    *(World.send_back, World.reject, World.withdraw, World.file_again),
    *(World.bring, World.share, World.confirm, World.turn_down),
    *(World.account, World.notice, World.make_batch, World.submit_batch, World.give_back),
    *(
        World.cancel_batch,
        World.release,
        World.send,
        World.bank,
        World.letter,
        World.check,
        World.order,
        World.recover,
    ),
    *(World.reopen, World.reopened),
)
# What leads a claim on, and what ends it or sends it back.
OFTEN = {
    "file": 6,
    "calculate": 8,
    "initial_review": 10,
    "approve": 16,
    "notice": 6,
    "account": 6,
    "make_batch": 8,
}
OFTEN |= {
    "submit_batch": 8,
    "release": 8,
    "send": 8,
    "bank": 8,
    "letter": 4,
    "check": 4,
    "order": 4,
    "recover": 4,
}
OFTEN |= {"confirm": 3, "reopened": 2}
# What an action may answer: refusals by name, and nothing there to act on.
REFUSALS = (Refused, FundRefused, LimitExceeded, filing.Incomplete, NothingThere)


def draw(world: World) -> Callable[[World], None]:
    """An action, those less likely that this sequence did often."""
    names = [action.__name__ for action in ACTIONS]
    weights = [OFTEN.get(name, 1) / (1 + world.done[name]) for name in names]
    return world.chance.choices(ACTIONS, weights)[0]


def run(seed: int) -> Counter[str]:
    """What one sequence did; the books agree afterwards, and nothing of it stays."""
    with transaction.atomic():
        world = World(random.Random(seed))
        for _step in range(STEPS):
            action = draw(world)
            try:
                with transaction.atomic():
                    action(world)
                world.done[action.__name__] += 1
            except REFUSALS:
                pass
        assert list(differences()) == [], seed
        transaction.set_rollback(True)
    return world.done


def test_the_books_agree_after_any_sequence(db):
    done = sum((run(seed) for seed in range(SEQUENCES)), Counter())
    print(*(f"{name} {times}" for name, times in done.most_common()), sep=", ")
    # The sequences were about something, money that was paid included.
    assert done["approve"] and done["release"] and done["bank"], done
