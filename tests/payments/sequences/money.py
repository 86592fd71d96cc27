"""What happens to money: funds, accounts, stops, files of persons, batches, the bank's answers."""

from decimal import Decimal

from django.utils import timezone

from casework.enums import Status
from casework.models import AwardLine, Case
from ledger import changes
from ledger.enums import ChangeKind
from ledger.levels import CITY
from ledger.models import FundChange
from payments.enums import PaymentState
from payments.gates import prospects
from payments.models import Batch, Hold, PayeeAccount, Payment, PersonFile
from payments.payees import payees_of
from payments.services import accounts, batches, holds, person_files, releases, results
from tests import factories
from tests.payments.conftest import answer_of
from tests.payments.sequences.people import FUNDS, NothingThere, People


class Money(People):
    # Funds

    def bring(self) -> None:
        amount = self.amount(200_000) * self.chance.choice((1, 1, 1, -1))
        level = self.chance.choice((CITY, CITY, "360102", "360103"))
        self.propose(kind=ChangeKind.BUDGET, amount_rmb=amount, division=level)

    def share(self) -> None:
        self.propose(kind=ChangeKind.SHARE, city_percent=Decimal(self.chance.choice((0, 33, 60, 100))))

    def propose(self, **fields) -> None:
        programme, year = self.chance.choice(FUNDS)
        proposer = self.chance.choice(self.finance)
        given = {"programme": programme, "year": year, "document": "draw", "reason": "draw"}
        changes.propose(user=proposer, **given, **fields)

    def confirm(self) -> None:
        change = self.draw(FundChange.objects.filter(state="proposed").order_by("pk"))
        changes.confirm(change_id=change.pk, user=self.chance.choice(self.finance))

    def turn_down(self) -> None:
        change = self.draw(FundChange.objects.filter(state="proposed").order_by("pk"))
        changes.turn_down(change_id=change.pk, user=self.finance[0], note="no")

    # Accounts

    def account(self) -> None:
        """A first account of a payee, or another one after a failure."""
        case = self.draw(Case.objects.filter(status=Status.APPROVED, amount_rmb__gt=0).order_by("pk"))
        payee = self.draw(payees_of(case))
        people = self.clerks[case.organisation_id], self.owners[case.organisation_id], self.finance[0]
        factories.payee_account(case, payee.reference, *people)

    def account_entered(self) -> None:
        """One that is not confirmed yet and may be taken back or refused."""
        case = self.draw(Case.objects.filter(status=Status.APPROVED, amount_rmb__gt=0).order_by("pk"))
        payee = self.draw(payees_of(case))
        accounts.enter_account(
            user=self.clerks[case.organisation_id],
            case=case,
            reference=payee.reference,
            data=factories.account_data(payee.name),
        )

    def account_ended(self) -> None:
        account = self.draw(PayeeAccount.objects.filter(state="entered").order_by("pk"))
        if self.likely(50):
            accounts.refuse_account(user=self.finance[0], account_id=account.pk, reason="draw")
        else:
            accounts.withdraw_account(user=self.clerks[account.organisation_id], account_id=account.pk)

    # What stops a payment

    def hold(self) -> None:
        case = self.draw(Case.objects.filter(status=Status.APPROVED).order_by("pk"))
        holds.place_hold(user=self.initial, case_id=case.pk, reason="draw")

    def lift(self) -> None:
        hold = self.draw(Hold.objects.filter(lifted_at__isnull=True).order_by("pk"))
        holds.lift_hold(user=self.finance[1], hold_id=hold.pk, reason="draw")

    def person(self) -> None:
        """A person of two schools: somebody proposes whose registration stands."""
        person_files.open_files()
        file = self.draw(PersonFile.objects.filter(state="open").order_by("pk"))
        sides = [None, *file.sides.order_by("pk").values_list("organisation_id", flat=True)]
        person_files.propose_standing(
            user=self.initial, file_id=file.pk, stands=self.chance.choice(sides), reason="draw"
        )

    def person_settled(self) -> None:
        file = self.draw(PersonFile.objects.filter(state="proposed").order_by("pk"))
        step = person_files.reject_standing if self.likely(25) else person_files.decide_standing
        step(user=self.finals[0], file_id=file.pk)

    # Batches

    def make_batch(self) -> None:
        programme = self.chance.choice(("offshore", "training"))
        lines = AwardLine.objects.filter(programme=programme).select_related("award__case__organisation")
        going = [found for found in prospects(list(lines.order_by("pk"))) if found.account]
        chosen = {found.line.pk: found.account.pk for found in going if self.likely(80)}
        batches.make_batch(user=self.finance[0], programme=programme, chosen=chosen)

    def batch(self, state: str) -> Batch:
        return self.draw(Batch.objects.filter(state=state).order_by("pk"))

    def take_out(self) -> None:
        batch = self.batch("draft")
        payment = self.draw(batch.payments.filter(state=PaymentState.PLANNED).order_by("pk"))
        if batch.payments.in_force().count() < 2:
            raise NothingThere
        batches.take_out(user=self.finance[0], payment_id=payment.pk, expected_version=batch.version)

    def submit_batch(self) -> None:
        batch = self.batch("draft")
        batches.submit_batch(user=self.finance[0], batch_id=batch.pk, expected_version=batch.version)

    def give_back(self) -> None:
        batches.give_back(user=self.releaser, batch_id=self.batch("submitted").pk, reason="because")

    def cancel_batch(self) -> None:
        batches.cancel_batch(user=self.finance[0], batch_id=self.batch("draft").pk, reason="because")

    def release(self) -> None:
        batch = self.batch("submitted")
        releases.release_batch(user=self.releaser, batch_id=batch.pk, expected_version=batch.version)

    def send(self) -> None:
        batch = self.batch("released")
        releases.mark_sent(user=self.finance[0], batch_id=batch.pk, sent_on=timezone.localdate())

    def bank(self) -> None:
        """The bank's file: most are paid, some fail, of some nothing is known; read in again it changes nothing."""
        batch = self.batch("sent")
        words = {
            number: self.chance.choice(
                (("成功", "", ""), ("成功", "", ""), ("失败", "", "账号不符"), ("不明", "", ""))
            )
            for number in batch.payments.order_by("pk").values_list("number", flat=True)
        }
        for again in range(2):
            if Batch.objects.get(pk=batch.pk).state == "sent":
                taken = results.import_results(
                    user=self.finance[0], batch_id=batch.pk, name="bank.csv", content=answer_of(batch, words)
                )
                assert not (again and taken.fresh)

    def letter(self) -> None:
        """The bank's letter about a payment of which nothing was known, taken over by two people."""
        payment = self.draw(Payment.objects.filter(state=PaymentState.UNKNOWN).order_by("pk"))
        paid = {"settled_on": timezone.localdate(), "bank_reference": f"LETTER{payment.pk}"}
        said = self.chance.choice(({"outcome": "paid"} | paid, {"outcome": "failed", "failure": "closed"}))
        data = results.AnswerData(document="Letter", **said)
        answer = results.record_answer(user=self.finance[0], payment_id=payment.pk, data=data)
        if self.likely(20):
            results.withdraw_answer(user=self.finance[0], answer_id=answer.pk)
        else:
            results.confirm_answer(user=self.finance[1], answer_id=answer.pk)
