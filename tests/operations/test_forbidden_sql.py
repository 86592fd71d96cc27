"""What no page ever asks, tried by SQL as the tables' owner: each statement meets the wall that is named before it."""

from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from payments.services import debarments, holds, recovery
from tests import factories
from tests.payments.conftest import approved_offshore, draft_of, office_people
from tests.payments.test_after_payment import found, ordered

#: An account as somebody just entered it: what a copy of a verified one has instead.
ENTERED = (
    '{{"id": 0, "state": "entered", "confirmed_by_id": null, "confirmed_at": null, "verified_by_id": null, '
    '"verified_at": null,'
)
#: Somebody else concludes what was concluded.
SECOND_REVIEW = """
    UPDATE casework_case SET assigned_to_id = {works_on_it} WHERE id = {{other}};
    INSERT INTO casework_review (case_id, assessment_id, assessment_hash, stage, outcome, reason, reviewer_id,
        submitter_id)
    SELECT case_id, assessment_id, assessment_hash, stage, outcome, reason, {{another}}, submitter_id
    FROM casework_review WHERE case_id = {{other}}"""
#: Wall (or the word with which its trigger refuses) and statement; {words} are keys of the rows below.
FORBIDDEN = {
    # An award is what was granted, once, until it is reversed with its reopening.
    "award_one_in_force": """
        INSERT INTO casework_award (case_id, number, assessment_id, amount_rmb)
        SELECT case_id, 2, {other_assessment}, amount_rmb FROM casework_award WHERE id = {award}""",
    "casework_award.only_reversal": "UPDATE casework_award SET amount_rmb = amount_rmb + 1 WHERE id = {award}",
    "casework_awardline.only_reversal": "UPDATE casework_awardline SET person_key = '1:other' WHERE award_id = {award}",
    "award_line_reversed_with_its_award": "UPDATE casework_awardline SET reversed_at = now() WHERE award_id = {award}",
    "review_once_per_stage": SECOND_REVIEW.format(works_on_it="{another}"),
    "review_by_assignee": SECOND_REVIEW.format(works_on_it="{initial}"),
    # A payment is paid once, to an account that three people saw, in the order of its steps.
    "payment_once_per_award_line": """
        INSERT INTO payments_payment (number, batch_id, award_line_id, case_id, account_id, payee, payee_name,
            holder_name, bank_name, branch, cnaps, account_encrypted, account_masked, amount_rmb, state,
            bank_reference, failure)
        SELECT 'NC2099-999999-9', batch_id, award_line_id, case_id, account_id, payee, payee_name, holder_name,
            bank_name, branch, cnaps, account_encrypted, account_masked, amount_rmb, state, '', ''
        FROM payments_payment WHERE id = {payment}""",
    "payment_step": """
        UPDATE payments_payment SET state = 'paid', settled_on = '2026-01-01', bank_reference = 'x'
        WHERE id = {payment}""",
    "batch_step": """
        UPDATE payments_batch SET state = 'released', submitted_by_id = made_by_id, submitted_at = now(), count = 1,
            total_rmb = 1, lines_hash = 'x', released_by_id = {another}, released_at = now() WHERE id = {batch}""",
    "batch_origin_is_final": "UPDATE payments_batch SET made_by_id = {another} WHERE id = {batch}",
    "batch_total_is_its_payments": """
        UPDATE payments_batch SET state = 'submitted', submitted_by_id = made_by_id, submitted_at = now(), count = 1,
            total_rmb = 1, lines_hash = 'x' WHERE id = {batch}""",
    "account_number_is_masked": f"""
        INSERT INTO payments_payeeaccount SELECT (jsonb_populate_record(a,
            '{ENTERED} "number_masked": "3600987654321"}}}}')).* FROM payments_payeeaccount a WHERE id = {{account}}""",
    "account_one_change_at_a_time": f"""
        INSERT INTO payments_payeeaccount SELECT (jsonb_populate_record(a,
            '{ENTERED} "reason": ""}}}}'::jsonb || jsonb_build_object('id', -copy))).*
        FROM payments_payeeaccount a, generate_series(1, 2) copy WHERE a.id = {{account}}""",
    "account_one_verified": f"""
        INSERT INTO payments_payeeaccount SELECT (jsonb_populate_record(a, '{ENTERED} "reason": ""}}}}')).*
        FROM payments_payeeaccount a WHERE a.id = {{account}};
        UPDATE payments_payeeaccount SET state = 'confirmed', confirmed_by_id = {{initial}}, confirmed_at = now()
        WHERE id = 0;
        UPDATE payments_payeeaccount SET state = 'verified', verified_by_id = {{another}}, verified_at = now()
        WHERE id = 0""",
    "account_begins_entered": "INSERT INTO payments_payeeaccount SELECT (jsonb_populate_record(a, '{{\"id\": 0}}')).* "
    "FROM payments_payeeaccount a WHERE id = {account}",
    "account_people_are_final": "UPDATE payments_payeeaccount SET verified_by_id = {another} WHERE id = {account}",
    "hold_lifted_by_another": """
        UPDATE payments_hold SET lifted_by_id = placed_by_id, lifted_at = now(), lift_reason = 'x'
        WHERE id = {hold}""",
    "hold_is_final": "UPDATE payments_hold SET placed_by_id = {another} WHERE id = {hold}",
    # The chain of records has no gap and no second record of a number.
    "audit_stream_grows_by_one": "UPDATE audit_stream SET length = length + 2 WHERE id = {stream}",
    "audit_record_number_once": """
        INSERT INTO audit_record (stream_id, number, at, actor_label, action, object_type, object_id, data,
            previous_hash, hash)
        SELECT stream_id, number, at, 'x', action, object_type, object_id, data, previous_hash, repeat('0', 64)
        FROM audit_record WHERE stream_id = {stream} AND number = 1""",
    # A paper keeps its name until the erasure of a person takes it.
    "name_is_final": "UPDATE documents_document SET name = 'other.pdf' WHERE id = {document}",
}

#: Money that comes back: found by one, ordered by two, received by two, and never more than was paid.
FORBIDDEN_AFTER_PAYMENT = {
    "check_words_are_final": "UPDATE payments_spotcheck SET evidence = 'other' WHERE id = {other_check}",
    "recovery_of_what_was_paid": """
        INSERT INTO payments_recoveryorder SELECT (jsonb_populate_record(o,
            '{{"id": 0, "number": "x", "amount_rmb": 30000.01, "state": "proposed", "decided_by_id": null,
            "decided_at": null}}')).* FROM payments_recoveryorder o WHERE id = {order}""",
    "recovery_decided_once": "UPDATE payments_recoveryorder SET decision_note = 'x' WHERE id = {order}",
    "repayment_is_final": "UPDATE payments_repayment SET amount_rmb = 1 WHERE id = {repayment}",
    "repayment_two_people": """
        UPDATE payments_repayment SET confirmed_by_id = recorded_by_id, confirmed_at = now() WHERE id = {repayment}""",
    "repayment_confirmed_once": """
        UPDATE payments_repayment SET confirmed_by_id = {another}, confirmed_at = now() WHERE id = {repayment};
        UPDATE payments_repayment SET confirmed_at = now() - interval '1 day' WHERE id = {repayment}""",
    "debarment_after_fraud": """
        INSERT INTO payments_debarment (organisation_id, check_made_id, reason, proposed_by_id, state, decision_note)
        VALUES ({institution}, {other_check}, 'x', {another}, 'proposed', '')""",
    "debarment_is_final": "UPDATE payments_debarment SET reason = 'other' WHERE id = {debarment}",
}


@pytest.fixture
def rows(db) -> dict[str, int]:
    office = office_people()
    approved = approved_offshore(office)
    other = factories.filed_offshore(office.enterprise, office.clerk, "250000", year=2014)
    factories.decide(other, office.initial, "initial", "pass", "")
    batch = draft_of(office.finance, approved)
    payment = batch.payments.get()
    hold = holds.place_hold(user=office.initial, case_id=other.pk, reason="Doubt")
    kept = SimpleNamespace(
        award=approved.award,
        other=other,
        other_assessment=other.current_assessment,
        initial=office.initial,
        another=factories.official("initial_reviewer"),
        batch=batch,
        payment=payment,
        account=payment.account,
        hold=hold,
    )
    keys = {name: row.pk for name, row in vars(kept).items()}
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM audit_stream ORDER BY length DESC LIMIT 1")
        keys["stream"] = cursor.fetchone()[0]
        cursor.execute("SELECT min(id) FROM documents_document")
        keys["document"] = cursor.fetchone()[0]
    return keys


@pytest.fixture
def rows_after_payment(db) -> dict[str, int]:
    office = office_people()
    office.checker = factories.official("initial_reviewer")
    office.head = factories.official("final_reviewer")
    payment = factories.paid(approved_offshore(office))
    order = ordered(office, payment)
    repayment = recovery.record_repayment(
        user=office.finance,
        order_id=order.pk,
        amount_rmb=Decimal(10000),
        received_on=timezone.localdate(),
        bank_reference="R-1",
    )
    debarment = debarments.propose_debarment(
        user=office.finance, check_id=order.check_made_id, reason="Feigned receipts"
    )
    other_check = found(office, payment)
    return {
        "order": order.pk,
        "repayment": repayment.pk,
        "debarment": debarment.pk,
        "other_check": other_check.pk,
        "institution": office.institution.pk,
        "another": office.head.pk,
    }


def missed(forbidden: dict[str, str], rows: dict[str, int]) -> dict[str, str]:
    """The walls that a statement did not meet, and what it met instead."""
    said = {}
    for wall, statement in forbidden.items():
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement.format(**rows))
                said[wall] = f"{cursor.rowcount} rows"
                transaction.set_rollback(True)
        except DatabaseError as error:
            said[wall] = str(error)
    return {wall: words for wall, words in said.items() if wall.rpartition(".")[2] not in words}


def test_each_statement_meets_its_wall(rows):
    assert missed(FORBIDDEN, rows) == {}


def test_each_statement_about_money_that_comes_back_meets_its_wall(rows_after_payment):
    assert missed(FORBIDDEN_AFTER_PAYMENT, rows_after_payment) == {}
