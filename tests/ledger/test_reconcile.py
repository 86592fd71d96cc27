"""`manage.py reconcile`: clean over what services wrote, and each edit behind their back is named."""

from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from ledger import reconciling
from ledger.enums import ChangeKind
from ledger.models import ReconcileRun
from ledger.selectors import last_reconciliation
from ledger.tasks import reconcile as task
from payments.services import recovery, spot_checks
from payments.services.results import import_results
from tests import factories
from tests.payments.conftest import answer_of, approved_offshore, approved_training, office_people, sent
from tests.recomputations.test_recomputation import EDITS as RECOMPUTED_EDITS


@pytest.fixture
def books(db):
    """An award paid by the bank and recovered in part, one that waits, and a training award with a failed payment."""
    office = office_people()
    treasurers = office.finance, office.finance2
    factories.fund_change(*treasurers, kind=ChangeKind.SHARE, city_percent=Decimal(60))
    factories.fund_change(*treasurers, amount_rmb=Decimal(25000), division="360102")
    paid = approved_offshore(office)
    batch = sent(office, paid)
    import_results(user=office.finance, batch_id=batch.pk, name="a.csv", content=answer_of(batch))
    spot_checks.draw_sample(user=office.initial, programme="offshore", year=2015, size=1)
    paid_back(office, batch.payments.get(), Decimal(100))
    waiting = factories.filed_offshore(office.enterprise, office.clerk, "300000")
    factories.approve(waiting, office.initial, office.final)
    training = approved_training(office)
    batch = sent(office, training)
    failed = {batch.payments.earliest("pk").number: ("失败", "", "账号不符")}
    import_results(user=office.finance, batch_id=batch.pk, name="b.csv", content=answer_of(batch, failed))
    return paid, waiting, training


def paid_back(office, payment, amount: Decimal) -> None:
    """The check after payment finds fraud; a part is ordered back and comes back."""
    check = payment.checks.get()
    spot_checks.record_finding(
        user=office.initial,
        check_id=check.pk,
        finding="irregular",
        evidence="Bank's statement",
        text="Feigned",
    )
    spot_checks.reply(user=office.clerk, check_id=check.pk, text="We see it otherwise")
    spot_checks.conclude(user=office.final, check_id=check.pk, conclusion="fraud", text="It stands")
    order = recovery.propose_order(
        user=office.finance, check_id=check.pk, amount_rmb=amount, reason="Feigned receipts"
    )
    recovery.confirm_order(user=office.final, order_id=order.pk)
    repayment = recovery.record_repayment(
        user=office.finance,
        order_id=order.pk,
        amount_rmb=amount,
        received_on=timezone.localdate(),
        bank_reference="IN1",
    )
    recovery.confirm_repayment(user=office.finance2, repayment_id=repayment.pk)


def found() -> set[str]:
    return {item.check for item in reconciling.differences()}


def test_books_that_services_wrote_are_clean(books, capsys):
    call_command("reconcile")
    assert "no difference" in capsys.readouterr().out
    run = last_reconciliation()
    assert run.is_clean and run.checks == len(reconciling.registered()) > 24
    task()
    assert ReconcileRun.objects.count() == 2


# Which check names the edit, in which table, and what is edited there.
EDITS = [
    ("ledger.balance", "ledger_balance", "SET granted_rmb = granted_rmb - 1 WHERE kind = 'allowance'"),
    ("ledger.budget", "ledger_balance", "SET limit_rmb = limit_rmb + 1 WHERE kind = 'fund'"),
    ("offshore.cap", "ledger_balance", "SET limit_rmb = limit_rmb + 1 WHERE kind = 'allowance'"),
    ("ledger.parts", "ledger_balance", "SET paid_rmb = paid_rmb - 1 WHERE paid_rmb > 1000"),
    ("offshore.allowance", "ledger_balance", "SET year = 2014 WHERE kind = 'allowance'"),
    (
        "ledger.reservation",
        "ledger_reservation",
        "SET recovered_rmb = recovered_rmb + 1 WHERE paid_rmb > recovered_rmb + 1",
    ),
    ("casework.fund", "ledger_reservation", "SET amount_rmb = amount_rmb + 1 WHERE state = 'waiting'"),
    ("casework.fund", "ledger_reservation", "SET key = 'award:X' WHERE state = 'waiting'"),
    ("casework.fund", "ledger_reservation", "DELETE WHERE state = 'waiting'"),
    ("ledger.balance", "ledger_entry", "SET amount_rmb = amount_rmb + 1 WHERE kind = 'grant'"),
    ("ledger.told", "ledger_entry", "SET key = key || 'x' WHERE kind = 'pay'"),
    ("ledger.told", "ledger_entry", "DELETE WHERE kind = 'recover'"),
    ("ledger.two_people", "ledger_fundchange", "SET amount_rmb = amount_rmb + 1 WHERE kind = 'budget'"),
    ("ledger.told", "ledger_fundchange", "SET city_percent = 10 WHERE kind = 'share'"),
    ("casework.award", "casework_case", "SET amount_rmb = amount_rmb + 1"),
    ("casework.status", "casework_case", "SET status = 'withdrawn'"),
    ("casework.award", "casework_award", "SET amount_rmb = amount_rmb + 1"),
    ("casework.hash", "casework_awardline", "SET reference = 'somebody' WHERE payee = 'trainee'"),
    ("casework.award", "casework_awardline", "SET amount_rmb = amount_rmb + 1"),
    (
        "casework.hash",
        "casework_assessment",
        "SET result = jsonb_set(result, '{details,cap_rmb}', '\"900000.00\"')",
    ),
    ("casework.hash", "casework_submission", "SET snapshot = jsonb_set(snapshot, '{year}', '2014')"),
    (
        "casework.four_eyes",
        "casework_review",
        "SET reviewer_id = (SELECT id FROM accounts_user WHERE is_superuser LIMIT 1) WHERE stage = 'final'",
    ),
    ("casework.status", "casework_transition", "DELETE WHERE to_status = 'approved'"),
    ("payments.fund", "payments_payment", "SET state = 'sent' WHERE state = 'paid'"),
    ("payments.answer", "payments_payment", "SET bank_reference = 'ANOTHER' WHERE state = 'paid'"),
    ("payments.answer", "payments_bankline", "SET settled_on = '2015-01-01' WHERE outcome = 'paid'"),
    ("payments.once", "payments_payment", "SET amount_rmb = amount_rmb + 1 WHERE state = 'paid'"),
    ("payments.batch", "payments_batch", "SET total_rmb = total_rmb + 1"),
    (
        "payments.people",
        "payments_batch",
        "SET released_by_id = (SELECT initial_reviewer_id FROM casework_case LIMIT 1)",
    ),
    ("payments.file", "payments_treasuryfile", "SET sha256 = repeat('0', 64)"),
    ("payments.account", "payments_payment", "SET holder_name = 'Somebody else' WHERE state = 'paid'"),
    ("payments.account", "payments_payeeaccount", "SET verified_by_id = entered_by_id"),
    ("payments.due", "notices_notice", "SET ends_on = current_date + 1, starts_on = current_date"),
    (
        "payments.due",
        "notices_noticeentry",
        "SET award_id = (SELECT max(id) FROM casework_award)",
    ),
    ("payments.came_back", "payments_repayment", "SET amount_rmb = amount_rmb - 1"),
    ("payments.recovery", "payments_recoveryorder", "SET amount_rmb = amount_rmb - 1"),
    ("payments.recovery", "payments_recoveryorder", "SET decided_by_id = proposed_by_id"),
    ("payments.sample", "payments_sampledraw", "SET population = '[]'"),
    ("ledger.limit", "ledger_balance", "SET granted_rmb = limit_rmb + 1 WHERE kind = 'allowance'"),
    ("ledger.queue", "ledger_balance", "SET limit_rmb = limit_rmb + 1000000 WHERE kind = 'fund'"),
    (
        "casework.person",
        "casework_awardline",
        "SET person_key = (SELECT max(person_key) FROM casework_awardline) WHERE payee = 'trainee'",
    ),
    (
        "casework.one_effect",
        "casework_assessment",
        "SET (case_id, inputs_hash, policy_key) = "
        "(SELECT case_id, inputs_hash, policy_key FROM casework_assessment ORDER BY id LIMIT 1)",
    ),
    ("audit.chain", "audit_record", "SET data = '{}' WHERE action = 'case.awarded'"),
]


def tear_down(cursor, table: str) -> None:
    """Everything by which a table holds its rows: its owner may, and then nothing but the reconciliation is left."""
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    cursor.execute(
        "SELECT 'ALTER TABLE ' || conrelid::regclass || ' DROP CONSTRAINT ' || quote_ident(conname) FROM pg_constraint"
        " WHERE conrelid = %s::regclass AND contype = 'c'"
        " UNION ALL SELECT 'DROP INDEX ' || indexrelid::regclass FROM pg_index i"
        " WHERE indrelid = %s::regclass AND indisunique AND NOT indisprimary AND NOT EXISTS ("
        "   SELECT 1 FROM pg_constraint WHERE conindid = i.indexrelid)"
        " UNION ALL SELECT 'ALTER TABLE ' || conrelid::regclass || ' DROP CONSTRAINT ' || quote_ident(conname)"
        " FROM pg_constraint c WHERE conrelid = %s::regclass AND contype = 'u' AND NOT EXISTS ("
        "   SELECT 1 FROM pg_constraint WHERE contype = 'f' AND conindid = c.conindid)",
        [table] * 3,
    )
    for (statement,) in cursor.fetchall():
        cursor.execute(statement)


def test_every_check_is_provoked():
    provoked = {check for check, _table, _edit in EDITS} | {check for _edit, check in RECOMPUTED_EDITS}
    assert provoked == {check.code for check in reconciling.registered()}


def test_each_edit_as_the_table_s_owner_is_named(books):
    missed = []
    for check, table, edit in EDITS:
        verb = f"DELETE FROM {table} {edit[7:]}" if edit.startswith("DELETE") else f"UPDATE {table} {edit}"
        with transaction.atomic(), connection.cursor() as cursor:
            tear_down(cursor, table)
            cursor.execute(verb)
            if not cursor.rowcount or check not in (named := found()):
                missed.append((check, verb, named))
            transaction.set_rollback(True)
    assert missed == [] and found() == set()


def test_a_difference_ends_the_command_with_status_1_and_is_kept(books, capsys):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE casework_award DISABLE TRIGGER USER")
        cursor.execute("UPDATE casework_award SET amount_rmb = amount_rmb + 1")
    with pytest.raises(CommandError):
        call_command("reconcile")
    assert books[0].number in capsys.readouterr().err
    run = last_reconciliation()
    assert run.count == len(run.differences) >= 3
    assert {"casework.award", "casework.fund"} <= {item["check"] for item in run.differences}


def test_a_forged_entry_is_found_though_the_balance_agrees(books):
    """Posted as SQL, past the services: the triggers keep the sums, but nobody told the audit chain."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger_entry (balance_id, kind, amount_rmb, key, posted_by_id, reservation_id)"
            " SELECT balance_id, 'commit', 1, 'payment:forged', queued_by_id, id FROM ledger_reservation"
            " WHERE reserved_rmb > 1 AND paid_rmb > 0"
        )
        assert cursor.rowcount
    assert found() == {"ledger.told", "payments.fund"}


def test_results_are_kept_for_good(db):
    reconciling.reconcile()
    with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
        ReconcileRun.objects.update(count=0)
