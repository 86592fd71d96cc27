"""After payment: samples that can be drawn again, the right of reply, recovery by two people, set-off, debarment."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.enums import OfficialRole
from casework.models import AwardLine
from casework.prints import pdf
from casework.services import filing
from casework.transitions import Refused
from ledger.models import Reservation
from ledger.reconciling import differences
from notices.letters import drawing, verifying
from notices.models import Letter
from notices.services import letters
from payments import sampling, treasury
from payments.gates import prospects
from payments.models import Debarment, Payment, RecoveryOrder, Repayment, SampleDraw, SetOff, SpotCheck
from payments.owing import orders
from payments.services import batches, debarments, recovery, releases, results, spot_checks
from tests import factories
from tests.clients import Client
from tests.payments.conftest import answer_of, draft_of, sent


@pytest.fixture
def people(office):
    """With two people more who look at paid money again."""
    office.checker = factories.official(OfficialRole.INITIAL_REVIEWER)
    office.head = factories.official(OfficialRole.FINAL_REVIEWER)
    return office


@pytest.fixture
def paid(people, offshore) -> Payment:
    """50,000.00 RMB that the bank paid."""
    batch = sent(people, offshore)
    results.import_results(user=people.finance, batch_id=batch.pk, name="bank.csv", content=answer_of(batch))
    return batch.payments.get()


def code_of(step, **arguments) -> str:
    with pytest.raises(Refused) as refusal, transaction.atomic():
        step(**arguments)
    return refusal.value.code


def found(people, payment: Payment, finding: str = "irregular") -> SpotCheck:
    check = spot_checks.open_check(
        user=people.checker,
        payment_number=payment.number,
        cause="report",
        occasion="A letter of the tax office",
    )
    return spot_checks.record_finding(
        user=people.checker,
        check_id=check.pk,
        finding=finding,
        evidence="Statement 12",
        text="Paid back at once",
    )


def concluded(people, payment: Payment, conclusion: str = "fraud") -> SpotCheck:
    check = found(people, payment)
    spot_checks.reply(user=people.clerk, check_id=check.pk, text="We see it otherwise")
    return spot_checks.conclude(user=people.head, check_id=check.pk, conclusion=conclusion, text="It stands")


def ordered(people, payment: Payment, amount: str = "20000.00") -> RecoveryOrder:
    check = concluded(people, payment)
    order = recovery.propose_order(
        user=people.finance, check_id=check.pk, amount_rmb=Decimal(amount), reason="Feigned receipts"
    )
    return recovery.confirm_order(user=people.head, order_id=order.pk)


def next_case(people, usd: str = "250000", year: int = 2016):
    case = factories.approve(
        factories.filed_offshore(people.enterprise, people.clerk, usd, year=year),
        people.initial,
        people.final,
    )
    factories.clear_for_payment(case)
    return case


# The sample


def test_anybody_draws_the_same_sample_again(people, paid):
    draw = spot_checks.draw_sample(user=people.checker, programme="offshore", year=2015)
    assert (draw.size, draw.population) == (1, [paid.number])
    assert SpotCheck.objects.get(draw=draw).payment == paid
    numbers = [f"NC2015-{n:06d}-0" for n in range(200)]
    first = sampling.pick("ab" * 16, numbers, 20)
    assert first == sampling.pick("ab" * 16, reversed(numbers), 20) and len(set(first)) == 20
    assert first != sampling.pick("cd" * 16, numbers, 20)
    assert sampling.pick("ab" * 16, numbers, 30)[:20] == first
    assert code_of(spot_checks.draw_sample, user=people.checker, programme="offshore", year=2015) == "nobody"
    assert list(differences()) == []


def test_a_sample_is_never_rewritten(people, paid):
    spot_checks.draw_sample(user=people.checker, programme="offshore", year=2015)
    with pytest.raises(Exception, match="append_only|Cannot update"), transaction.atomic():
        SampleDraw.objects.update(seed="0" * 32)


@pytest.mark.parametrize("role", [OfficialRole.RELEASER, OfficialRole.AUDITOR, OfficialRole.POLICY_EDITOR])
def test_only_who_checks_draws(people, paid, role):
    user = factories.official(role)
    assert code_of(spot_checks.draw_sample, user=user, programme="offshore", year=2015) == "permission"
    assert not SampleDraw.objects.exists()


# Checks


def test_the_finder_does_not_conclude_and_the_applicant_is_heard_first(people, paid):
    check = found(people, paid)
    finding = {"conclusion": "recover", "text": "It stands"}
    assert code_of(spot_checks.conclude, user=people.checker, check_id=check.pk, **finding) == "permission"
    assert code_of(spot_checks.conclude, user=people.head, check_id=check.pk, **finding) == "reply_first"
    outsider = factories.clerk_of(factories.OrganisationFactory())
    assert code_of(spot_checks.reply, user=outsider, check_id=check.pk, text="No") == "permission"
    spot_checks.reply(user=people.clerk, check_id=check.pk, text="We see it otherwise")
    assert code_of(spot_checks.reply, user=people.owner, check_id=check.pk, text="Twice") == "permission"
    done = spot_checks.conclude(user=people.head, check_id=check.pk, **finding)
    assert (done.state, done.concluded_by) == ("concluded", people.head)
    for change in ({"conclusion": "in_order"}, {"reply": "Other words"}):
        with pytest.raises(IntegrityError, match="check_is_concluded"), transaction.atomic():
            SpotCheck.objects.filter(pk=check.pk).update(**change)


def test_the_database_wants_two_people_and_the_term(people, paid):
    check = found(people, paid)
    same = {
        "state": "concluded",
        "conclusion": "recover",
        "conclusion_text": "x",
        "concluded_at": timezone.now(),
    }
    with pytest.raises(IntegrityError, match="check_reply_first"), transaction.atomic():
        SpotCheck.objects.filter(pk=check.pk).update(**same, concluded_by=people.head)
    late = same | {"concluded_at": timezone.now() + timedelta(days=60)}
    with pytest.raises(IntegrityError, match="check_two_people"), transaction.atomic():
        SpotCheck.objects.filter(pk=check.pk).update(**late, concluded_by=people.checker)
    assert SpotCheck.objects.filter(pk=check.pk).update(**late, concluded_by=people.head) == 1


def test_what_was_in_order_has_no_consequence(people, paid):
    check = found(people, paid, "in_order")
    assert (
        code_of(spot_checks.conclude, user=people.head, check_id=check.pk, conclusion="fraud", text="x")
        == "finding"
    )
    done = spot_checks.conclude(user=people.head, check_id=check.pk, conclusion="in_order", text="Fine")
    assert (
        code_of(
            recovery.propose_order, user=people.finance, check_id=done.pk, amount_rmb=Decimal(1), reason="x"
        )
        == "conclusion"
    )


def test_only_paid_money_is_looked_at_and_once_at_a_time(people, offshore):
    batch = sent(people, offshore)
    given = {"user": people.checker, "cause": "audit", "occasion": "Audit 7"}
    payment = batch.payments.get()
    assert code_of(spot_checks.open_check, payment_number=payment.number, **given) == "unpaid"
    assert code_of(spot_checks.open_check, payment_number="NC2015-000001-1", **given) == "unknown"
    results.import_results(user=people.finance, batch_id=batch.pk, name="a.csv", content=answer_of(batch))
    spot_checks.open_check(payment_number=payment.number, **given)
    assert code_of(spot_checks.open_check, payment_number=payment.number, **given) == "open"


# Recovery


def test_money_comes_back_by_two_people_and_to_the_fund(people, paid):
    order = ordered(people, paid)
    came = {"amount_rmb": Decimal("5000.00"), "received_on": timezone.localdate(), "bank_reference": "IN1"}
    repayment = recovery.record_repayment(user=people.finance, order_id=order.pk, **came)
    assert orders().get().owed_rmb == Decimal("20000.00")
    assert code_of(recovery.confirm_repayment, user=people.finance, repayment_id=repayment.pk) == "permission"
    recovery.confirm_repayment(user=people.finance2, repayment_id=repayment.pk)
    assert (
        code_of(recovery.confirm_repayment, user=people.finance2, repayment_id=repayment.pk) == "permission"
    )
    assert orders().get().owed_rmb == Decimal("15000.00")
    part = Reservation.objects.get(key=paid.award_line.award.key)
    assert (part.paid_rmb, part.recovered_rmb) == (Decimal("50000.00"), Decimal("5000.00"))
    assert list(differences()) == []
    more = came | {"amount_rmb": Decimal("15000.01"), "bank_reference": "IN2"}
    assert code_of(recovery.record_repayment, user=people.finance, order_id=order.pk, **more) == "too_much"
    again = came | {"amount_rmb": Decimal("1.00")}
    assert code_of(recovery.record_repayment, user=people.finance, order_id=order.pk, **again) == "reference"


def test_an_order_in_force_has_its_letter_in_capital_numerals(people, paid):
    check = concluded(people, paid)
    order = recovery.propose_order(
        user=people.finance, check_id=check.pk, amount_rmb=Decimal("20000.50"), reason="Feigned receipts"
    )
    assert not Letter.objects.filter(kind="recovery").exists(), "a proposal is no letter yet"
    recovery.confirm_order(user=people.head, order_id=order.pk)
    letter = Letter.objects.get(kind="recovery")
    assert letter.case == paid.case and verifying.is_genuine(letter)
    said = letter.data
    assert said["capitals"] == "人民币贰万元伍角" and said["reason"] == "Feigned receipts"
    assert (said["order"], said["payment"], said["paid_rmb"]) == (order.number, paid.number, "50000.00")
    page = drawing.page(letter)
    assert "贰万元伍角" in page and order.number in page and paid.number in page
    letters.draw(letter.pk)
    letter.refresh_from_db()
    client = Client()
    client.force_login(people.clerk)
    shown = client.get(reverse("payments:after", args=[paid.case.number])).content.decode()
    pdf_link = reverse("notices:letter_pdf", args=[letter.number])
    assert letter.number in shown and (pdf_link in shown) == pdf.is_available()
    client.force_login(people.finance)
    shown = client.get(reverse("admin:payments_recoveryorder_change", args=[order.pk])).content.decode()
    assert letter.number in shown
    letter.data = said | {"amount_rmb": "2.00"}
    assert not verifying.is_genuine(letter)


@pytest.mark.parametrize("amount", ["0", "-1", "50000.01"])
def test_an_order_is_above_zero_and_within_what_was_paid(people, paid, amount):
    check = concluded(people, paid)
    given = {"user": people.finance, "check_id": check.pk, "amount_rmb": Decimal(amount), "reason": "x"}
    assert code_of(recovery.propose_order, **given) == "amount"
    assert not RecoveryOrder.objects.exists()


def test_who_proposes_an_order_does_not_confirm_it(people, paid):
    check = concluded(people, paid)
    given = {"check_id": check.pk, "amount_rmb": Decimal(100), "reason": "x"}
    order = recovery.propose_order(user=people.finance, **given)
    assert code_of(recovery.confirm_order, user=people.finance, order_id=order.pk) == "permission"
    assert code_of(recovery.propose_order, user=people.finance2, **given) == "ordered"
    with pytest.raises(IntegrityError, match="recovery_two_people"), transaction.atomic():
        RecoveryOrder.objects.filter(pk=order.pk).update(
            state="confirmed",
            decided_by=people.finance,
            decided_at=timezone.now(),
            due_on=timezone.localdate(),
        )
    assert code_of(recovery.turn_down_order, user=people.head, order_id=order.pk, note=" ") == "note"
    recovery.turn_down_order(user=people.head, order_id=order.pk, note="Not proved")
    assert code_of(recovery.confirm_order, user=people.head, order_id=order.pk) == "permission"


def test_a_later_payment_keeps_what_is_owed_as_a_line_of_its_own(people, paid):
    order = ordered(people, paid, "20000.00")
    batch = draft_of(people.finance, next_case(people))
    payment = batch.payments.get()
    kept = SetOff.objects.get()
    assert (payment.amount_rmb, payment.set_off_rmb, kept.order, kept.amount_rmb) == (
        Decimal("50000.00"), Decimal("20000.00"), order, Decimal("20000.00"),
    )  # fmt: skip
    came = {"received_on": timezone.localdate(), "bank_reference": "IN1", "amount_rmb": Decimal("0.01")}
    assert code_of(recovery.record_repayment, user=people.finance, order_id=order.pk, **came) == "too_much"
    batch = batches.submit_batch(user=people.finance, batch_id=batch.pk, expected_version=batch.version)
    batch = releases.release_batch(user=people.releaser, batch_id=batch.pk, expected_version=batch.version)
    text = batch.files.get(format="csv").content.decode("utf-8-sig")
    assert "30000.00" in text and order.number in text and treasury.TOTAL in text
    batch = releases.mark_sent(user=people.finance, batch_id=batch.pk, sent_on=timezone.localdate())
    results.import_results(user=people.finance, batch_id=batch.pk, name="b.csv", content=answer_of(batch))
    assert orders().get().owed_rmb == 0
    later = Reservation.objects.get(key=payment.award_line.award.key)
    earlier = Reservation.objects.get(key=paid.award_line.award.key)
    assert (later.paid_rmb, earlier.recovered_rmb) == (Decimal("50000.00"), Decimal("20000.00"))
    assert list(differences()) == []


def test_a_payment_that_is_kept_whole_never_goes_to_the_bank(people, paid):
    ordered(people, paid, "50000.00")
    batch = draft_of(people.finance, next_case(people, "210000"))
    batch = batches.submit_batch(user=people.finance, batch_id=batch.pk, expected_version=batch.version)
    batch = releases.release_batch(user=people.releaser, batch_id=batch.pk, expected_version=batch.version)
    assert batch.payments.get().number not in batch.files.get(format="csv").content.decode()
    batch = releases.mark_sent(user=people.finance, batch_id=batch.pk, sent_on=timezone.localdate())
    batch.refresh_from_db()
    assert (batch.state, batch.payments.get().state) == ("settled", "paid")
    # 210,000 USD are 42,000 RMB.
    assert orders().get().owed_rmb == Decimal("8000.00")
    assert list(differences()) == []


def test_what_was_set_off_is_owed_again_when_the_payment_fails(people, paid):
    ordered(people, paid)
    batch = sent(people, next_case(people))
    number = batch.payments.get().number
    results.import_results(
        user=people.finance,
        batch_id=batch.pk,
        name="b.csv",
        content=answer_of(batch, {number: ("失败", "", "账号不符")}),
    )
    found = orders().get()
    assert (found.owed_rmb, found.on_its_way_rmb) == (Decimal("20000.00"), 0)
    assert list(differences()) == []


def test_the_database_keeps_set_offs_to_the_payee_and_the_order(people, paid):
    order = ordered(people, paid, "100.00")
    stranger = SimpleOffice(people)
    payment = draft_of(people.finance, stranger.case).payments.get()
    with pytest.raises(IntegrityError, match="set_off_of_the_same_payee"), transaction.atomic():
        SetOff.objects.create(payment=payment, order=order, amount_rmb=1)
    own = draft_of(people.finance, next_case(people)).payments.get()
    with pytest.raises(IntegrityError, match="recovery_not_beyond_order|set_off_once"), transaction.atomic():
        SetOff.objects.create(payment=own, order=order, amount_rmb=1)


class SimpleOffice:
    """Another enterprise with an approved claim that can be paid."""

    def __init__(self, people) -> None:
        enterprise = factories.OrganisationFactory(name="Red Bridge Data")
        factories.recognise(enterprise)
        clerk, owner = factories.clerk_of(enterprise), factories.clerk_of(enterprise, "owner")
        self.case = factories.approve(
            factories.filed_offshore(enterprise, clerk, "250000"), people.initial, people.final
        )
        factories.payee_account(self.case, "own", clerk, owner, people.finance)
        factories.clear_for_payment(self.case)


# Debarment


def test_fraud_bars_for_three_years_by_two_people(people, paid):
    case = next_case(people)
    draft = factories.offshore_draft(people.enterprise, people.clerk, "250000", year=2017)
    check = concluded(people, paid)
    bar = debarments.propose_debarment(user=people.head, check_id=check.pk, reason="Feigned receipts")
    assert code_of(debarments.confirm_debarment, user=people.head, debarment_id=bar.pk) == "permission"
    with pytest.raises(IntegrityError, match="debarment_two_people"), transaction.atomic():
        Debarment.objects.filter(pk=bar.pk).update(
            state="confirmed",
            decided_by=people.head,
            decided_at=timezone.now(),
            from_on=timezone.localdate(),
            until_on=date(2999, 1, 1),
        )
    bar = debarments.confirm_debarment(user=people.finance, debarment_id=bar.pk)
    assert (bar.until_on + timedelta(days=1)).year == bar.from_on.year + 3
    assert code_of(filing.submit, case_id=draft.pk, user=people.clerk) == "debarred"
    assert (
        code_of(
            filing.start_case,
            user=people.clerk,
            organisation=people.enterprise,
            programme_code="offshore",
            year=2018,
        )
        == "debarred"
    )
    lines = list(AwardLine.objects.filter(award__case=case).select_related("award__case__organisation"))
    assert [hindrance.code for hindrance in prospects(lines)[0].hindrances] == ["debarred"]
    with connection.cursor() as cursor:  # It ends by itself.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE payments_debarment DISABLE TRIGGER USER")
        cursor.execute("UPDATE payments_debarment SET from_on = '2001-01-01', until_on = '2003-12-31'")
        cursor.execute("ALTER TABLE payments_debarment ENABLE TRIGGER USER")
    assert prospects(lines)[0].hindrances == ()
    filing.submit(case_id=draft.pk, user=people.clerk)


def test_only_fraud_bars(people, paid):
    check = concluded(people, paid, "recover")
    assert code_of(debarments.propose_debarment, user=people.head, check_id=check.pk, reason="x") == "fraud"
    assert not Debarment.objects.exists() and not Repayment.objects.exists()
