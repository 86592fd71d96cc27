"""A draft never loses typing, and two people never write over each other unawares."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.enums import MembershipRole
from applications import services
from applications.models import Receipt
from applications.services import ReceiptLine
from audit.models import Record
from casework.enums import Outcome, Stage
from casework.services import filing
from casework.transitions import Refused
from tests.clients import Client
from tests.factories import ContractFactory, approve, calculate, clerk_of, decide, official


def autosave(desk, *rows, **more):
    return desk.client.post(desk.url("autosave"), desk.form(*rows, **more))


def line(desk, reference, **more):
    fields = {"received_on": date(2015, 5, 20), "currency": "USD", "amount": Decimal("1.00"), **more}
    return ReceiptLine(id=None, contract_id=desk.contract.pk, bank_reference=reference, **fields)


# Autosave


def test_autosave_keeps_what_is_typed_and_answers_with_the_parts_of_the_page(desk):
    response = autosave(
        desk, desk.row("R-1", "250,000"), desk.row("R-2", "half a", received_on="2015"), note="Draft"
    )
    page = response.content.decode()
    assert response.status_code == 200
    for part in ('id="save-state"', 'id="estimate"', 'id="typed-seen"'):
        assert part in page
    assert "50,000.00" in page
    assert "Estimate; the office decides." in page
    claim = desk.claim
    assert claim.typed["receipts-1-amount"] == "half a"
    assert claim.typed_by == desk.clerk
    assert "csrfmiddlewaretoken" not in claim.typed
    desk.case.refresh_from_db()
    assert (desk.case.version, desk.receipts()) == (1, [])


def test_typing_is_there_in_another_browser_and_after_a_new_sign_in(desk, text):
    autosave(desk, desk.row("R-1", "12,3"), note="As I was saying")
    browser = Client()
    browser.force_login(desk.clerk)
    response = browser.get(desk.url())
    assert response.context["formset"].forms[0]["amount"].value() == "12,3"
    assert response.context["form"]["note"].value() == "As I was saying"
    assert "Restored what was typed at" in text(response)
    assert "not saved yet" in text(response)


def test_a_colleague_reads_who_typed(desk, colleague, text):
    autosave(desk, desk.row("R-1"))
    assert f"It was typed by {desk.clerk}" in text(colleague.client.get(desk.url()))


def test_autosave_is_refused_after_somebody_saved(desk, colleague):
    page = desk.form(desk.row("MINE"))
    colleague.save(colleague.row("THEIRS"))
    response = desk.client.post(desk.url("autosave"), page)
    assert response.status_code == 409
    assert "Chen Li changed this claim at" in response.content.decode()
    assert desk.claim.typed is None
    assert [reference for reference, _amount in desk.receipts()] == ["THEIRS"]


def test_autosave_does_not_replace_what_somebody_else_is_typing(desk, colleague):
    autosave(desk, desk.row("FIRST"))
    response = autosave(colleague, colleague.row("SECOND"))
    assert response.status_code == 409
    assert "is typing in this claim as well" in response.content.decode()
    assert desk.claim.typed["receipts-0-bank_reference"] == "FIRST"
    # After looking at it, the colleague goes on.
    seen = colleague.client.get(desk.url()).context["typed_seen"]
    assert autosave(colleague, colleague.row("SECOND"), typed_seen=seen).status_code == 200
    assert desk.claim.typed["receipts-0-bank_reference"] == "SECOND"


def test_the_same_person_goes_on_in_a_second_window(desk):
    autosave(desk, desk.row("ONE"))
    assert autosave(desk, desk.row("TWO")).status_code == 200


def test_autosave_of_a_filed_claim_is_refused(desk):
    desk.save(desk.row("R-1"))
    desk.submit()
    response = autosave(desk, desk.row("R-2"))
    assert response.status_code == 409
    assert "This claim was filed" in response.content.decode()
    assert desk.claim.typed is None


def test_a_reader_may_look_but_not_type(desk):
    reader = clerk_of(desk.enterprise, MembershipRole.READER)
    browser = Client()
    browser.force_login(reader)
    response = browser.get(desk.url(), follow=True)
    assert "read-only" in response.content.decode()
    assert browser.post(desk.url("autosave"), desk.form(desk.row("R-1"))).status_code == 409
    assert desk.claim.typed is None


def test_signed_out_typing_is_redirected_to_the_sign_in(desk):
    response = Client().post(desk.url("autosave"), desk.form(desk.row("R-1")))
    assert response.status_code == 302
    assert "/accounts/login/" in response["Location"]


def test_saving_forgets_the_typing_and_dropping_it_goes_back(desk):
    desk.save(desk.row("R-1"))
    (receipt,) = desk.claim.receipts.all()
    autosave(desk, desk.row("CHANGED", id=str(receipt.pk)))
    desk.client.post(desk.url("discard"), {"version": str(desk.case.version)})
    assert desk.claim.typed is None
    shown = desk.client.get(desk.url()).context["formset"].forms
    assert [form["bank_reference"].value() for form in shown] == ["R-1"]
    autosave(desk, desk.row("CHANGED", id=str(receipt.pk)))
    desk.save(desk.row("CHANGED", id=str(receipt.pk)))
    assert desk.claim.typed is None
    assert [reference for reference, _amount in desk.receipts()] == ["CHANGED"]


def test_a_new_row_that_was_removed_is_gone_when_the_typing_returns(desk):
    autosave(desk, desk.row("A"), desk.row("B", DELETE="on"), desk.row("C"))
    shown = desk.client.get(desk.url()).context["formset"].forms
    assert [form["bank_reference"].value() for form in shown] == ["A", "C"]


# Two people


def test_a_stale_save_names_the_changes_and_keeps_the_typing(desk, colleague, text):
    desk.save(desk.row("R-1", "100"), desk.row("R-2", "200"))
    one, two = desk.claim.receipts.order_by("id")
    mine = desk.form(
        desk.row("R-1", "111", id=str(one.pk)), desk.row("R-2", "200", id=str(two.pk)), note="My note"
    )
    colleague.save(
        colleague.row("R-1", "150", id=str(one.pk)),
        colleague.row("R-2", "200", id=str(two.pk), DELETE="on"),
        colleague.row("R-3", "300"),
        note="Their note",
    )
    response = desk.client.post(desk.url(), mine)
    page = text(response)
    for sentence in (
        "Chen Li changed this claim at",
        "Receipt R-1 changed; it is now 150.00 USD",
        "Receipt R-2 removed: 200.00 USD.",
        "Receipt R-3 added: 300.00 USD.",
        "The explanation for the reviewer changed.",
    ):
        assert sentence in page
    rows = response.context["formset"].forms
    assert [(form["bank_reference"].value(), form["amount"].value()) for form in rows] == [
        ("R-1", "111"),
        ("R-2", "200"),
        ("R-3", "300.00"),
    ]
    assert response.context["form"]["note"].value() == "My note"
    assert sorted(desk.receipts()) == [("R-1", Decimal(150)), ("R-3", Decimal(300))]

    # Saving again is a choice: the page carries the present version, and the removed receipt is typed anew.
    three = desk.claim.receipts.get(bank_reference="R-3")
    assert rows[1]["id"].value() == ""
    desk.save(
        desk.row("R-1", "111", id=str(one.pk)),
        desk.row("R-2", "200"),
        desk.row("R-3", "300", id=str(three.pk)),
        version=response.context["version"],
    )
    assert sorted(desk.receipts()) == [("R-1", Decimal(111)), ("R-2", Decimal(200)), ("R-3", Decimal(300))]


def test_a_save_over_somebody_elses_typing_is_asked_once(desk, colleague):
    autosave(colleague, colleague.row("THEIRS"))
    response = desk.post(desk.row("MINE"))
    assert "is typing in this claim as well" in response.context["conflict"].message
    assert response.context["formset"].forms[0]["bank_reference"].value() == "MINE"
    assert desk.receipts() == []
    desk.save(desk.row("MINE"), typed_seen=response.context["typed_seen"])
    assert len(desk.receipts()) == 1


# Services


def test_save_claim_checks_the_version_and_changes_nothing(desk):
    with pytest.raises(Refused) as refusal:
        services.save_claim(
            case_id=desk.case.pk, user=desk.clerk, expected_version=7, note="x", lines=[line(desk, "R-1")]
        )
    assert refusal.value.code == "stale"
    assert (desk.receipts(), desk.claim.note) == ([], "")


def test_save_claim_refuses_a_stranger(desk, other_desk):
    with pytest.raises(Refused) as refusal:
        services.save_claim(
            case_id=desk.case.pk,
            user=other_desk.clerk,
            expected_version=1,
            note="",
            lines=[line(desk, "R-1")],
        )
    assert refusal.value.code == "permission"
    assert desk.receipts() == []


def test_save_claim_refuses_another_enterprises_contract(desk, other_desk):
    with pytest.raises(Refused) as refusal:
        services.save_claim(
            case_id=desk.case.pk,
            user=desk.clerk,
            expected_version=1,
            note="",
            lines=[line(other_desk, "R-1")],
        )
    assert refusal.value.code == "contract"
    assert desk.receipts() == []


def test_the_database_refuses_another_enterprises_contract(desk, other_desk):
    with pytest.raises(IntegrityError, match="receipt_contract_of_the_same_enterprise"), transaction.atomic():
        Receipt.objects.create(
            claim=desk.claim,
            contract=ContractFactory(organisation=other_desk.enterprise),
            received_on=date(2015, 5, 20),
            amount=1,
            bank_reference="R-1",
        )
    assert desk.receipts() == []


def test_the_database_knows_one_bank_reference_once(desk, other_desk):
    other_desk.save(other_desk.row("R-1"))
    with pytest.raises(IntegrityError, match="receipt_bank_reference_once"), transaction.atomic():
        Receipt.objects.create(
            claim=desk.claim,
            contract=desk.contract,
            received_on=date(2015, 5, 20),
            amount=1,
            bank_reference="r-1",
        )


def test_a_reference_that_was_claimed_in_between_is_named_by_the_service(desk, other_desk):
    other_desk.save(other_desk.row("R-1"))
    with pytest.raises(services.ReferencesUsed) as used:
        services.save_claim(
            case_id=desk.case.pk,
            user=desk.clerk,
            expected_version=1,
            note="x",
            lines=[line(desk, "R-0"), line(desk, "R-1")],
        )
    assert used.value.references == {"R-1"}
    assert (desk.receipts(), desk.claim.note) == ([], "")


def test_a_save_without_a_change_is_no_new_version(desk):
    desk.save(desk.row("R-1"))
    (receipt,) = desk.claim.receipts.all()
    desk.save(desk.row("R-1", id=str(receipt.pk)))
    assert desk.case.version == 2
    assert Record.objects.filter(action="offshore.claim_saved", object_id=str(desk.case.pk)).count() == 1


def test_typing_is_kept_only_while_the_version_stands(desk):
    desk.save(desk.row("R-1"))
    with pytest.raises(Refused) as refusal:
        services.keep_typed(case_id=desk.case.pk, user=desk.clerk, expected_version=1, typed={"note": "old"})
    assert refusal.value.code == "stale"
    assert desk.claim.typed is None


# The estimate


def test_the_estimate_counts_what_the_year_was_granted(desk):
    initial, final = official("initial_reviewer"), official("final_reviewer")
    desk.save(desk.row("FIRST", "2,400,000"))
    desk.submit()
    approve(calculate(desk.case), initial, final)
    desk.case = services.start_claim(user=desk.clerk, organisation=desk.enterprise, year=2015)
    page = " ".join(autosave(desk, desk.row("MORE", "300,000")).content.decode().split())
    assert "20,000.00" in page
    assert "2,700,000.00" in page


def test_the_estimate_leaves_out_what_cannot_be_read(desk, text):
    tomorrow = (timezone.localdate() + timedelta(days=400)).isoformat()
    rows = [
        desk.row("R-1", "250,000"),
        desk.row("R-2", "x"),
        desk.row("R-3", received_on=tomorrow),
        desk.row("R-4", DELETE="on"),
        desk.row("", "", contract="", received_on=""),
    ]
    response = autosave(desk, *rows)
    assert (response.context["estimate"].counted, response.context["estimate"].left_out) == (1, 2)
    assert "2 rows are not counted" in text(response)


def test_a_returned_claim_is_corrected_and_filed_again(desk, text):
    initial = official("initial_reviewer")
    desk.save(desk.row("R-1", "250,000"))
    desk.submit()
    calculate(desk.case)

    decide(desk.case, initial, Stage.INITIAL, Outcome.RETURN, "The bank slip of R-1 is missing.")
    assert "The bank slip of R-1 is missing." in text(desk.client.get(desk.url()))
    (receipt,) = desk.claim.receipts.all()
    desk.save(desk.row("R-1", "260,000", id=str(receipt.pk)))
    desk.submit()
    calculate(desk.case)
    assert desk.case.amount_rmb == Decimal("52000.00")
    assert [s.snapshot["usd"] for s in desk.case.submissions.order_by("number")] == ["250000.00", "260000.00"]


def test_withdrawing_frees_the_bank_references(desk, other_desk):
    desk.save(desk.row("R-1"))
    filing.withdraw(case_id=desk.case.pk, user=desk.clerk)
    other_desk.save(other_desk.row("R-1"))
    assert len(other_desk.receipts()) == 1
