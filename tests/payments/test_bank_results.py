"""The bank's answer: taken over whole and once, or refused with every fault and nothing changed."""

import io
from datetime import timedelta

import pytest
import xlsxwriter
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.models import Record
from casework.transitions import Refused
from ledger.models import Reservation
from payments import treasury
from payments.enums import BatchState, PaymentState
from payments.models import BankAnswer, BankFile, BankLine, Payment, PaymentEvent
from payments.services import batches, releases, results
from payments.services.results import AnswerData, FileRefused
from tests import factories
from tests.payments.conftest import answer_of, draft_of, released, sent, state_of_money


def take(office, batch, content: bytes, name: str = "result.csv", user=None):
    return results.import_results(user=user or office.finance, batch_id=batch.pk, name=name, content=content)


def refused(code: str, office, batch, content: bytes, name: str = "result.csv", user=None) -> Refused:
    before = state_of_money()
    with pytest.raises(Refused) as caught:
        take(office, batch, content, name, user)
    codes = [fault.code for fault in getattr(caught.value, "faults", [])] or [caught.value.code]
    assert code in codes, (codes, caught.value.message)
    assert state_of_money() == before and not BankLine.objects.filter(bank_file__batch=batch).exists()
    return caught.value


def test_paid_is_taken_over_and_the_batch_settled(office, offshore):
    batch = sent(office, offshore)
    taken = take(office, batch, answer_of(batch))
    payment = batch.payments.get()
    assert (payment.state, payment.settled_on) == (PaymentState.PAID, timezone.localdate())
    assert payment.bank_reference == f"ICBC{payment.number}"
    batch.refresh_from_db()
    assert batch.state == BatchState.SETTLED and len(taken.fresh) == 1
    assert PaymentEvent.objects.get().kind == "paid"
    assert parts_of(offshore) == {"paid": "50000.00"}
    assert payment.bank_lines.get().row == 5
    assert Record.objects.filter(action="payment.results_imported").count() == 1


def parts_of(case) -> dict[str, str]:
    """RMB of an award in the fund's books, what is not zero."""
    names = ("reserved", "committed", "paid", "released")
    parts = Reservation.objects.filter(key=f"award:{case.number}")
    sums = {name: sum(getattr(part, f"{name}_rmb") for part in parts) for name in names}
    return {name: str(amount) for name, amount in sums.items() if amount}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "gb18030"])
def test_the_same_file_twice_changes_nothing(office, training, encoding):
    batch = sent(office, training)
    content = answer_of(batch, encoding=encoding)
    assert len(take(office, batch, content).fresh) == 4
    before, events = state_of_money(), PaymentEvent.objects.count()
    again = take(office, batch, content)
    assert again.bank_file is None and len(again.same) == 4 and not again.fresh
    resaved = take(office, batch, content + b"\r\n")
    assert resaved.bank_file is None and len(resaved.same) == 4
    assert state_of_money() == before and BankFile.objects.count() == 1
    assert PaymentEvent.objects.count() == events


def test_a_workbook_of_the_bank_is_read_as_well(office, training):
    batch = sent(office, training)
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        heads = [treasury.NUMBER, treasury.ACCOUNT, treasury.AMOUNT, "结果", "日期", "银行流水号", "原因"]
        sheet.write_row(2, 0, heads)
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        row = 3
        for payment in batch.payments.order_by("pk"):
            sheet.write_string(row, 0, payment.number)
            sheet.write_string(row, 1, payment.account_masked[-4:])
            sheet.write_number(row, 2, float(payment.amount_rmb))
            sheet.write_string(row, 3, "成功")
            sheet.write_datetime(row, 4, timezone.localdate(), day)
            sheet.write_string(row, 5, f"R{row}")
            row += 1
        sheet.write_row(row, 0, ["合计", "", float(batch.total_rmb)])
    taken = take(office, batch, target.getvalue(), "result.xlsx")
    assert len(taken.fresh) == 4 and not batch.payments.exclude(state="paid").exists()


def cell(rows, first, column, name, value, offset=0):
    rows[first + offset][column[name]] = value


HOSTILE = {
    "total": {"total": "1.00"},
    "count": {"count": "7"},
    "unknown_number": {"edit": lambda r, f, c: cell(r, f, c, treasury.NUMBER, "NC2015-000123-9")},
    "number_form": {"edit": lambda r, f, c: cell(r, f, c, treasury.NUMBER, "NC2015-000123-4")},
    "double": {
        "edit": lambda r, f, c: cell(r, f, c, treasury.NUMBER, r[f + 1][c[treasury.NUMBER]]),
    },
    "amount": {"edit": lambda r, f, c: cell(r, f, c, treasury.AMOUNT, "1.00"), "total": None},
    "account": {"edit": lambda r, f, c: cell(r, f, c, treasury.ACCOUNT, "9999999999")},
    "outcome": {"edit": lambda r, f, c: cell(r, f, c, treasury.OUTCOME, "maybe")},
    "day": {"edit": lambda r, f, c: cell(r, f, c, treasury.DAY, "2013-01-05")},
    "day_form": {"edit": lambda r, f, c: cell(r, f, c, treasury.DAY, "31 February")},
    "day_missing": {"edit": lambda r, f, c: cell(r, f, c, treasury.DAY, "")},
    "reference_missing": {"edit": lambda r, f, c: cell(r, f, c, treasury.REFERENCE, "")},
    "no_total": {"edit": lambda r, f, c: r.pop()},
    "after_total": {"edit": lambda r, f, c: r.append(["x"])},
    "head_missing": {"edit": lambda r, f, c: cell(r, f, c, treasury.AMOUNT, "Sum", offset=-1)},
    "head_twice": {"edit": lambda r, f, c: r[f - 1].append(treasury.AMOUNT)},
    "no_head": {"edit": lambda r, f, c: cell(r, f, c, treasury.OUTCOME, "?", offset=-1)},
    "too_long": {"edit": lambda r, f, c: cell(r, f, c, treasury.REFERENCE, "9" * 61)},
}


def test_every_wrong_file_is_refused_and_changes_nothing(office, training):
    batch = sent(office, training)
    for code, wrong in HOSTILE.items():
        refusal = refused(code, office, batch, answer_of(batch, **wrong))
        assert isinstance(refusal, FileRefused) and refusal.faults[0].message
    late = (timezone.localdate() + timedelta(days=1)).isoformat()
    content = answer_of(batch, edit=lambda r, f, c: cell(r, f, c, treasury.DAY, late))
    refused("day", office, batch, content)
    failed = {payment.number: ("失败", "", "") for payment in batch.payments.all()}
    refused("failure_missing", office, batch, answer_of(batch, failed))
    refused("unreadable", office, batch, b"", "result.csv")
    refused("unreadable", office, batch, b"%PDF-1.7 not a table", "result.csv")
    refused("unreadable", office, batch, b"PK\x03\x04 broken", "result.xlsx")
    refused("unreadable", office, batch, answer_of(batch), "result.xlsm")
    assert len(take(office, batch, answer_of(batch)).fresh) == 4


def test_a_row_of_another_batch_is_refused(office, offshore, training):
    batch, other = sent(office, offshore), sent(office, training)
    foreign = other.payments.first().number
    content = answer_of(batch, edit=lambda r, f, c: cell(r, f, c, treasury.NUMBER, foreign))
    assert refused("other_batch", office, batch, content).faults[0].row == 5
    refused("other_batch", office, batch, answer_of(other))


def test_another_outcome_than_before_is_refused(office, offshore):
    batch = sent(office, offshore)
    take(office, batch, answer_of(batch))
    before = state_of_money()
    number = batch.payments.get().number
    for outcomes in ({number: ("失败", "", "Closed")}, {number: ("成功", "OTHER-REF", "")}):
        with pytest.raises(FileRefused) as caught:
            take(office, batch, answer_of(batch, outcomes))
        assert caught.value.code == "settled"
    assert state_of_money() == before


def test_the_releaser_does_not_import_nor_anybody_without_the_role(office, offshore):
    batch = sent(office, offshore)
    for user in (office.releaser, office.initial, office.clerk):
        refused("permission", office, batch, answer_of(batch), user=user)
    boss = office.superuser
    other = released_by(boss, office)
    refused("permission", office, other, answer_of(other), user=boss)
    with pytest.raises(IntegrityError, match="bank_file_not_by_releaser"), transaction.atomic():
        BankFile.objects.create(
            batch=other,
            name="x",
            sha256="0" * 64,
            content_encrypted=b"",
            count=1,
            total_rmb=1,
            imported_by=boss,
        )


def released_by(boss, office):
    organisation = factories.OrganisationFactory()
    clerk, owner = factories.clerk_of(organisation), factories.clerk_of(organisation)
    case = factories.approve(
        factories.filed_offshore(organisation, clerk, "250000"), office.initial, office.final
    )
    factories.payee_account(case, "own", clerk, owner, office.finance)
    factories.clear_for_payment(case)
    batch = draft_of(office.finance, case)
    batch = batches.submit_batch(user=office.finance, batch_id=batch.pk, expected_version=batch.version)
    batch = releases.release_batch(user=boss, batch_id=batch.pk, expected_version=batch.version)
    return releases.mark_sent(user=office.finance, batch_id=batch.pk, sent_on=timezone.localdate())


def test_results_wait_for_the_batch_to_be_with_the_bank(office, offshore):
    batch = released(office, offshore)
    refused("step", office, batch, answer_of(batch))


def test_a_failure_goes_into_a_follow_up_to_another_account(office, training):
    batch = sent(office, training)
    failed = batch.payments.filter(payee="trainee").first()
    take(office, batch, answer_of(batch, {failed.number: ("失败", "", "No such account")}))
    batch.refresh_from_db()
    assert batch.state == BatchState.SETTLED
    assert set(PaymentEvent.objects.values_list("kind", flat=True)) == {"paid", "failed"}
    with pytest.raises(Refused) as caught:
        draft_of(office.finance, training)
    assert caught.value.code == "none"
    factories.payee_account(
        training, failed.award_line.reference, office.teacher, office.principal, office.finance
    )
    follow_up = draft_of(office.finance, training).payments.get()
    assert parts_of(training).keys() == {"paid", "reserved"}
    assert parts_of(training)["reserved"] == str(failed.amount_rmb)
    assert follow_up.follows == failed and follow_up.amount_rmb == failed.amount_rmb
    assert follow_up.account_masked != failed.account_masked and follow_up.number != failed.number


def test_unknown_stays_unknown_until_two_people_record_the_banks_letter(office, offshore):
    batch = sent(office, offshore)
    payment = batch.payments.get()
    take(office, batch, answer_of(batch, {payment.number: ("不明", "", "")}))
    payment.refresh_from_db()
    batch.refresh_from_db()
    assert payment.state == PaymentState.UNKNOWN and batch.state == BatchState.SENT
    with pytest.raises(Refused) as caught:
        draft_of(office.finance, offshore)
    assert caught.value.code == "none"
    with pytest.raises(FileRefused) as caught:
        take(office, batch, answer_of(batch))
    assert caught.value.code == "unknown_needs_answer"
    with pytest.raises(IntegrityError, match="payment_unknown_needs_two_people"), transaction.atomic():
        Payment.objects.filter(pk=payment.pk).update(state="failed", failure="x")
    with pytest.raises(Refused) as caught:
        results.record_answer(
            user=office.finance, payment_id=payment.pk, data=AnswerData("paid", document="Letter 7")
        )
    assert caught.value.code == "incomplete"
    answer = results.record_answer(
        user=office.finance,
        payment_id=payment.pk,
        data=AnswerData("failed", document="Letter 7", failure="Account closed"),
    )
    for user in (office.finance, office.initial):
        with pytest.raises(Refused):
            results.confirm_answer(user=user, answer_id=answer.pk)
    with pytest.raises(IntegrityError, match="bank_answer_two_people"), transaction.atomic():
        BankAnswer.objects.filter(pk=answer.pk).update(
            confirmed_by=office.finance, confirmed_at=timezone.now()
        )
    payment.refresh_from_db()
    assert payment.state == PaymentState.UNKNOWN
    results.confirm_answer(user=office.finance2, answer_id=answer.pk)
    payment.refresh_from_db()
    batch.refresh_from_db()
    assert payment.state == PaymentState.FAILED and batch.state == BatchState.SETTLED
