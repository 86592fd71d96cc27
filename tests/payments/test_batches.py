"""From award to the bank: what goes into a batch, who may take each step, and what the database refuses by itself."""

import csv
import hashlib
import io
import zipfile

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone
from python_calamine import CalamineWorkbook

from audit.models import Record
from casework.models import AwardLine
from casework.services import second_look
from casework.transitions import Refused
from payments import treasury
from payments.enums import BatchState, PaymentState
from payments.gates import prospects
from payments.models import Batch, Payment, TreasuryFile
from payments.numbers import is_payment_number
from payments.services import accounts, batches, holds, releases
from tests import factories
from tests.payments.conftest import draft_of, released, sent, state_of_money


def submitted(office, *cases) -> Batch:
    batch = draft_of(office.finance, *cases)
    return batches.submit_batch(user=office.finance, batch_id=batch.pk, expected_version=batch.version)


def take_out(office, payment) -> Payment:
    return batches.take_out(
        user=office.finance, payment_id=payment.pk, expected_version=payment.batch.version
    )


def refused(code: str, step, **arguments):
    before = state_of_money()
    with pytest.raises(Refused) as caught:
        step(**arguments)
    assert caught.value.code == code
    assert state_of_money() == before


def test_a_payment_for_each_line_frozen_with_its_own_number(office, training):
    batch = draft_of(office.finance, training)
    payments = list(batch.payments.order_by("pk"))
    assert len(payments) == 4 and {p.payee for p in payments} == {"trainee", "institution"}
    assert len({p.number for p in payments}) == 4 and all(is_payment_number(p.number) for p in payments)
    by_payee = {p.payee_name for p in payments if p.payee == "trainee"}
    assert by_payee == {"Wu Di", "Zhou An"}
    assert all(p.account_masked.startswith("**** ") and len(p.reveal_account()) == 19 for p in payments)
    lines = AwardLine.objects.filter(award__case=training)
    assert {p.award_line_id: p.amount_rmb for p in payments} == dict(lines.values_list("pk", "amount_rmb"))


def test_the_way_to_the_bank(office, offshore):
    batch = sent(office, offshore)
    assert batch.state == BatchState.SENT and batch.count == 1 and str(batch.total_rmb) == "50000.00"
    assert batch.payments.get().state == PaymentState.SENT
    actions = set(Record.objects.filter(object_type="payments.batch").values_list("action", flat=True))
    assert actions >= {"payment.batch_made", "payment.batch_submitted", "payment.batch_released"}
    number = batch.payments.get().reveal_account()
    assert not [data for data in Record.objects.values_list("data", flat=True) if number in str(data)]


def test_nothing_is_picked_before_notice_money_and_account_are_there(office):
    case = factories.approve(
        factories.filed_offshore(office.enterprise, office.clerk, "250000"), office.initial, office.final
    )
    lines = list(AwardLine.objects.filter(award__case=case).select_related("award__case__organisation"))
    assert [h.code for h in prospects(lines)[0].hindrances] == [
        "not_noticed",
        "fund_waiting",
        "account_missing",
    ]
    factories.clear_for_payment(case)
    assert [h.code for h in prospects(lines)[0].hindrances] == ["account_missing"]
    factories.payee_account(case, "own", office.clerk, office.owner, office.finance)
    assert not prospects(lines)[0].hindrances


def test_the_file_is_made_once_and_is_the_same_at_every_download(office, training):
    batch = released(office, training)
    for file_format in ("xlsx", "csv"):
        one, two = (
            releases.download_file(user=office.finance, batch_id=batch.pk, file_format=file_format).content
            for _ in range(2)
        )
        file = batch.files.get(format=file_format)
        assert one == two and hashlib.sha256(one).hexdigest() == file.sha256
    assert Record.objects.filter(action="payment.file_downloaded").count() == 4
    refused("permission", releases.download_file, user=office.initial, batch_id=batch.pk, file_format="csv")
    with pytest.raises(DatabaseError, match="append_only"), transaction.atomic():
        TreasuryFile.objects.filter(batch=batch).update(sha256="0" * 64)


def test_the_file_counts_totals_and_keeps_accounts_as_text(office, training):
    batch = released(office, training)
    text = batch.files.get(format="csv").content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert batch.lines_hash in rows[2] and batch.number in rows[1]
    assert rows[-1][0] == treasury.TOTAL and rows[-1][1] == "4"
    assert rows[-1][treasury.HEADS.index(treasury.AMOUNT)] == f"{batch.total_rmb:.2f}"
    account = treasury.HEADS.index(treasury.ACCOUNT)
    accounts_ = {row[account] for row in rows[4:-1]}
    assert accounts_ == {p.reveal_account() for p in batch.payments.all()}
    # The workbook says the same: texts as in the CSV, amounts as numbers.
    content = io.BytesIO(batch.files.get(format="xlsx").content)
    sheet = CalamineWorkbook.from_filelike(content).get_sheet_by_index(0).to_python()
    amount = treasury.HEADS.index(treasury.AMOUNT)
    for row, cells in zip(rows, sheet, strict=True):
        cells = [str(cell) for cell in cells]
        if len(row) == len(treasury.HEADS) and row[amount] != treasury.AMOUNT:
            cells[amount] = f"{float(cells[amount]):.2f}"
        assert cells[: len(row)] == row


def test_inert_cells_in_both_files(office, offshore):
    factories.payee_account(
        offshore,
        "own",
        office.clerk,
        office.owner,
        office.finance,
        bank_name='=HYPERLINK("http://x","y")',
        branch="@SUM(1+1)",
    )
    batch = released(office, offshore)
    text = batch.files.get(format="csv").content.decode("utf-8-sig")
    assert "\"'=HYPERLINK(" in text and "\"'@SUM" in text
    book = zipfile.ZipFile(io.BytesIO(batch.files.get(format="xlsx").content))
    sheet = book.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet and b"hyperlink" not in sheet


def test_an_award_goes_into_one_batch_only(office, offshore):
    draft_of(office.finance, offshore)
    refused("none", lambda: draft_of(office.finance2, offshore))


def test_taken_out_of_a_draft_it_may_go_into_another(office, training):
    batch = draft_of(office.finance, training)
    take_out(office, batch.payments.first())
    again = draft_of(office.finance2, training)
    assert again.payments.count() == 1 and batch.payments.in_force().count() == 3


def test_each_step_needs_its_role_and_another_person(office, offshore):
    batch = draft_of(office.finance, offshore)
    for user in (office.releaser, office.initial, office.clerk):
        refused(
            "permission", batches.submit_batch, user=user, batch_id=batch.pk, expected_version=batch.version
        )
    batch = batches.submit_batch(user=office.finance, batch_id=batch.pk, expected_version=batch.version)
    for user in (office.finance, office.finance2, office.initial, office.final, office.clerk):
        refused(
            "permission", releases.release_batch, user=user, batch_id=batch.pk, expected_version=batch.version
        )


def test_a_stale_page_releases_nothing(office, offshore):
    batch = submitted(office, offshore)
    refused(
        "stale",
        releases.release_batch,
        user=office.releaser,
        batch_id=batch.pk,
        expected_version=batch.version - 1,
    )


def test_given_back_it_is_a_draft_again(office, offshore):
    batch = submitted(office, offshore)
    refused("reason", batches.give_back, user=office.releaser, batch_id=batch.pk, reason=" ")
    batch = batches.give_back(user=office.releaser, batch_id=batch.pk, reason="Wrong month")
    assert batch.state == "draft" and batch.payments.get().state == PaymentState.PLANNED
    batches.cancel_batch(user=office.finance, batch_id=batch.pk, reason="Not this month")
    assert batch.payments.get().state == PaymentState.CANCELLED
    assert draft_of(office.finance2, offshore).payments.count() == 1


def test_a_hold_stops_a_batch_until_another_person_lifts_it(office, offshore):
    batch = submitted(office, offshore)
    hold = holds.place_hold(
        user=office.initial, case_id=offshore.pk, reason="Two institutions for one person"
    )
    refused(
        "held",
        releases.release_batch,
        user=office.releaser,
        batch_id=batch.pk,
        expected_version=batch.version,
    )
    with pytest.raises(IntegrityError, match="payment_not_on_hold"), transaction.atomic():
        Batch.objects.filter(pk=batch.pk).update(
            state="released", released_by=office.releaser, released_at=timezone.now()
        )
    refused("four_eyes", holds.lift_hold, user=office.initial, hold_id=hold.pk, reason="Fine")
    holds.lift_hold(user=office.finance, hold_id=hold.pk, reason="One person, one claim")
    batch = releases.release_batch(user=office.releaser, batch_id=batch.pk, expected_version=batch.version)
    assert batch.state == "released"


def test_what_is_in_a_batch_is_not_reopened_and_what_is_to_be_reopened_is_not_paid(office, offshore):
    batch = draft_of(office.finance, offshore)
    offshore.refresh_from_db()
    proposal = {
        "case_id": offshore.pk,
        "user": office.initial,
        "cause": "error",
        "reason": "A receipt was read wrongly",
        "version": offshore.version,
    }
    refused("held", second_look.propose, **proposal)
    take_out(office, batch.payments.get())
    second_look.propose(**proposal)
    refused("none", lambda: draft_of(office.finance, offshore))


def test_a_changed_account_stops_the_release_and_never_alters_what_was_released(office, offshore):
    batch = submitted(office, offshore)
    old = batch.payments.get().account_masked
    factories.payee_account(offshore, "own", office.clerk, office.owner, office.finance)
    refused(
        "account_changed",
        releases.release_batch,
        user=office.releaser,
        batch_id=batch.pk,
        expected_version=batch.version,
    )
    batch = batches.give_back(user=office.releaser, batch_id=batch.pk, reason="Account changed")
    batches.cancel_batch(user=office.finance, batch_id=batch.pk, reason="Account changed")
    batch = released(office, offshore)
    new = batch.payments.get().account_masked
    assert new != old
    factories.payee_account(offshore, "own", office.clerk, office.owner, office.finance)
    assert batch.payments.get().account_masked == new
    with pytest.raises(DatabaseError, match="payment_is_frozen"), transaction.atomic():
        batch.payments.update(account_masked="**** 9999")


def test_the_database_refuses_a_payment_that_is_not_due(office, offshore, training):
    batch = draft_of(office.finance, offshore)
    payment = batch.payments.get()
    take_out(office, payment)
    payment.pk, payment.state = None, "planned"

    def insert(name, **changes):
        copy = Payment(
            **{f.attname: getattr(payment, f.attname) for f in Payment._meta.fields if f.name != "id"}
        )
        copy.number = "NC2015-000001-0"
        for field, value in changes.items():
            setattr(copy, field, value)
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            copy.save(force_insert=True)

    insert("payment_matches_its_award", amount_rmb="50000.01")
    insert("payment_matches_its_award", case=training)
    insert("payment_matches_its_award", state="sent")
    insert("payment_to_verified_account", holder_name="Somebody else")
    insert("payment_number_form", number="NC2015-1-1")
    other = factories.payee_account(training, "own", office.teacher, office.principal, office.finance)
    insert("payment_to_verified_account", account=other)
    holds.place_hold(user=office.initial, case_id=offshore.pk, reason="Wait")
    insert("payment_not_on_hold")


def test_the_database_refuses_steps_out_of_order(office, offshore):
    batch = draft_of(office.finance, offshore)
    payment = batch.payments.get()
    for change, name in (
        ({"state": "paid", "settled_on": timezone.localdate(), "bank_reference": "X"}, "payment_step"),
        ({"state": "sent"}, "payment_step"),
    ):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            Payment.objects.filter(pk=payment.pk).update(**change)
    with pytest.raises(IntegrityError, match="batch_"), transaction.atomic():
        Batch.objects.filter(pk=batch.pk).update(state="sent")
    for model, pk in ((Payment, payment.pk), (Batch, batch.pk)):
        with pytest.raises(DatabaseError, match="no_delete"), transaction.atomic():
            model.objects.filter(pk=pk)._raw_delete(model.objects.db)


def test_a_reveal_is_for_who_verifies(office, offshore):
    account = accounts.enter_account(
        user=office.clerk, case=offshore, reference="own", data=factories.account_data(office.enterprise.name)
    )
    with pytest.raises(Refused):
        accounts.reveal_account(user=office.initial, account=account)
