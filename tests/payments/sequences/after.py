"""What happens to paid money: drawn, looked at, heard, concluded, ordered back, paid back, and who is barred."""

from django.utils import timezone

from ledger.models import Entry
from payments.enums import CheckState, PaymentState
from payments.models import Debarment, Payment, RecoveryOrder, SpotCheck
from payments.owing import open_orders
from payments.services import debarments, recovery, spot_checks
from tests.payments.sequences.people import FUNDS, People


class After(People):
    def sample(self) -> None:
        programme, year = self.chance.choice(FUNDS)
        spot_checks.draw_sample(user=self.initial, programme=programme, year=year, size=1)

    def check(self) -> None:
        number = self.draw(Payment.objects.filter(state=PaymentState.PAID).order_by("pk")).number
        spot_checks.open_check(user=self.initial, payment_number=number, cause="report", occasion="draw")

    def find(self) -> None:
        check = self.draw(SpotCheck.objects.filter(state=CheckState.OPEN).order_by("pk"))
        finding = "irregular" if self.likely(80) else "in_order"
        words = {"finding": finding, "evidence": "draw", "text": "draw"}
        spot_checks.record_finding(user=self.initial, check_id=check.pk, **words)

    def conclude(self) -> None:
        """Sometimes before the applicant was heard, which is refused."""
        check = self.draw(SpotCheck.objects.filter(state=CheckState.HEARING).order_by("pk"))
        if self.likely(80) and check.replied_at is None:
            spot_checks.reply(user=self.clerks[check.case.organisation_id], check_id=check.pk, text="no")
        conclusion = "in_order" if check.finding == "in_order" else "fraud" if self.likely(15) else "recover"
        spot_checks.conclude(user=self.finals[0], check_id=check.pk, conclusion=conclusion, text="yes")

    def order(self) -> None:
        """Part of a payment is to come back, sometimes more than was paid, which is refused."""
        check = self.draw(SpotCheck.objects.filter(conclusion__in=("recover", "fraud")).order_by("pk"))
        amount = self.amount(int(check.payment.amount_rmb) + 10)
        recovery.propose_order(user=self.finance[0], check_id=check.pk, amount_rmb=amount, reason="draw")

    def ordered(self) -> None:
        order = self.draw(RecoveryOrder.objects.filter(state="proposed").order_by("pk"))
        if self.likely(15):
            recovery.turn_down_order(user=self.finals[1], order_id=order.pk, note="no")
        else:
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

    def bar(self) -> None:
        check = self.draw(SpotCheck.objects.filter(conclusion="fraud").order_by("pk"))
        debarments.propose_debarment(user=self.finance[0], check_id=check.pk, reason="draw")

    def barred(self) -> None:
        bar = self.draw(Debarment.objects.filter(state="proposed").order_by("pk"))
        if self.likely(50):
            debarments.turn_down_debarment(user=self.finals[0], debarment_id=bar.pk, note="no")
        else:
            debarments.confirm_debarment(user=self.finals[0], debarment_id=bar.pk)
