"""The claim's form: what is wrong is said at its field, and nothing typed is lost."""

from datetime import UTC, date, datetime

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from applications.checks import check_day
from applications.models import Receipt
from applications.selectors import claim_years
from applications.web.claim_page import ClaimPage
from casework.models import Case
from tests.factories import ContractFactory, OrganisationFactory


def test_valid_rows_are_saved_and_audited(desk):
    desk.save(desk.row("ABC 1", "２５０，０００．５０"), desk.row("abc2", "-1,000"), note="A refund.")
    claim = desk.claim
    assert [(r.bank_reference, str(r.amount)) for r in claim.receipts.order_by("id")] == [
        ("ABC1", "250000.50"),
        ("ABC2", "-1000.00"),
    ]
    assert (claim.note, claim.typed) == ("A refund.", None)
    assert desk.case.version == 2
    assert desk.case.changed_by == desk.clerk


WRONG = [
    ("received_on", {"received_on": "2015-02-30"}, "The calendar has no such day"),
    ("received_on", {"received_on": "2999-01-01"}, "This year cannot be right"),
    ("received_on", {"received_on": "2099-01-01"}, "This day is in the future"),
    ("received_on", {"received_on": "2016-01-01"}, "A receipt of 2016 belongs into a claim for 2016"),
    ("received_on", {"received_on": "2014-12-31"}, "This claim is for 2015"),
    ("received_on", {"received_on": ""}, "Enter the day"),
    ("amount", {"amount": "0.00"}, "cannot be zero"),
    ("amount", {"amount": "12,34"}, "Write the amount in digits"),
    ("amount", {"amount": "1.234.567"}, "Write the amount in digits"),
    ("amount", {"amount": "1e5"}, "Write the amount in digits"),
    ("amount", {"amount": "ten"}, "Write the amount in digits"),
    ("amount", {"amount": "1.005"}, "At most two decimals"),
    ("amount", {"amount": "123456789012345"}, "at most 14 digits"),
    ("contract", {"contract": ""}, "Choose the contract under which"),
    ("contract", {"contract": "abc"}, "Choose one of the contracts"),
    ("currency", {"currency": "XXX"}, "not one of the available choices"),
    ("bank_reference", {"bank_reference": ""}, "on the bank's slip"),
    ("bank_reference", {"bank_reference": "X" * 61}, "at most 60"),
]


@pytest.mark.parametrize(("field", "typed", "message"), WRONG)
def test_bad_input_is_said_at_its_field_and_kept(desk, field, typed, message):
    good, bad = desk.row("GOOD-1"), desk.row("BAD-1") | typed
    response = desk.post(good, bad, note="Please look")
    errors = response.context["formset"].forms[1].errors
    assert list(errors) == [field]
    assert message in errors[field][0]
    page = response.content.decode()
    assert f'id="error_1_id_receipts-1-{field}"' in page
    assert f'href="#id_receipts-1-{field}"' in page
    assert not Receipt.objects.exists()
    desk.case.refresh_from_db()
    assert desk.case.version == 1

    # Another browser, another day: everything is there as it was typed.
    again = desk.client.get(desk.url())
    shown = again.context["formset"].forms
    for name, value in bad.items():
        assert (shown[1][name].value() or "") == value
    assert shown[0]["bank_reference"].value() == "GOOD-1"
    assert again.context["form"]["note"].value() == "Please look"
    assert "not saved yet" in again.content.decode()


def test_a_date_that_no_picker_can_show_stays_readable(desk):
    page = desk.post(desk.row("R-1", received_on="2015-02-30")).content.decode()
    assert '<input type="text" name="receipts-0-received_on" value="2015-02-30"' in page


def test_a_note_that_is_too_long_stays(desk):
    response = desk.post(desk.row("R-1"), note="x" * 2001)
    assert "at most 2000" in response.context["form"].errors["note"][0]
    assert desk.client.get(desk.url()).context["form"]["note"].value() == "x" * 2001


def test_another_enterprises_contract_cannot_be_chosen(desk):
    foreign = ContractFactory(
        organisation=OrganisationFactory(name="Secret Ltd"), client_name="Secret Client"
    )
    response = desk.post(desk.row("R-1", contract=str(foreign.pk)))
    assert response.context["formset"].forms[0].errors["contract"] == [
        "Choose one of the contracts that your enterprise has registered."
    ]
    assert "Secret" not in response.content.decode()
    assert not Receipt.objects.exists()


def test_a_bank_reference_used_by_another_enterprise_is_refused_without_a_name(desk, other_desk):
    other_desk.save(other_desk.row("ICBC-77"))
    response = desk.post(desk.row("icbc-77"))
    (message,) = response.context["formset"].forms[0].errors["bank_reference"]
    assert "has been claimed already" in message
    page = response.content.decode()
    assert other_desk.enterprise.name not in page
    assert other_desk.case.number not in page
    assert desk.receipts() == []


def test_a_bank_reference_twice_in_the_form(desk):
    response = desk.post(desk.row("R-1"), desk.row("R-2"), desk.row(" r-1 "))
    forms = response.context["formset"].forms
    assert [form.errors.get("bank_reference") for form in forms] == [
        None,
        None,
        ["Receipt 1 has the same bank reference."],
    ]
    assert desk.receipts() == []


def test_references_of_a_withdrawn_claim_are_free_again(desk, other_desk):
    other_desk.save(other_desk.row("R-9"))
    other_desk.claim.receipts.update(released=True)
    desk.save(desk.row("R-9"))
    assert [reference for reference, _amount in desk.receipts()] == ["R-9"]


def test_rows_are_changed_removed_and_may_swap_references(desk):
    desk.save(desk.row("A"), desk.row("B"), desk.row("C"))
    a, b, c = desk.claim.receipts.order_by("id")
    desk.save(
        desk.row("B", id=str(a.pk)),
        desk.row("A", id=str(b.pk), amount="7"),
        desk.row("half", id=str(c.pk), amount="not a number", DELETE="on"),
        desk.row("C"),
    )
    assert sorted(desk.claim.receipts.values_list("pk", "bank_reference", "released"))[:2] == [
        (a.pk, "B", False),
        (b.pk, "A", False),
    ]
    assert desk.claim.receipts.get(bank_reference="C").pk not in (a.pk, b.pk, c.pk)


def test_a_removed_row_has_no_errors_when_another_row_has(desk):
    desk.save(desk.row("A"))
    (a,) = desk.claim.receipts.all()
    response = desk.post(desk.row("A", id=str(a.pk), amount="?", DELETE="on"), desk.row("B", amount="0"))
    assert [bool(form.errors) for form in response.context["formset"].forms] == [False, True]
    assert "Receipt A is removed when you save" in response.content.decode()
    assert [reference for reference, _amount in desk.receipts()] == ["A"]


def test_a_receipt_of_another_claim_cannot_be_written_through_its_id(desk, other_desk):
    other_desk.save(other_desk.row("THEIRS"))
    (theirs,) = other_desk.claim.receipts.all()
    desk.save(desk.row("MINE", id=str(theirs.pk)), desk.row("x", id=str(theirs.pk), DELETE="on"))
    theirs.refresh_from_db()
    assert (theirs.bank_reference, theirs.claim) == ("THEIRS", other_desk.claim)
    assert [reference for reference, _amount in desk.receipts()] == ["MINE"]


def test_blank_rows_do_not_count(desk):
    blank = dict.fromkeys(desk.row("x"), "") | {"currency": "USD"}
    desk.save(blank, desk.row("R-1"), blank)
    assert len(desk.receipts()) == 1


def test_a_row_is_added_without_javascript(desk):
    response = desk.post(desk.row("R-1", amount="half"), add_row="1")
    assert response.status_code == 302
    assert response["Location"] == desk.url() + "#new-row"
    forms = desk.client.get(desk.url()).context["formset"].forms
    assert [form["bank_reference"].value() for form in forms] == ["R-1", ""]
    assert forms[0]["amount"].value() == "half"


def test_more_rows_than_a_form_can_hold_are_refused(desk):
    data = desk.form(desk.row("R-1")) | {"receipts-TOTAL_FORMS": "201"}
    formset = ClaimPage(desk.case).formset(data=data)
    assert not formset.is_valid()
    assert len(formset.forms) == 201
    assert formset.non_form_errors() == [
        "A claim holds at most 200 receipts. File the rest in a supplementary claim."
    ]


def test_a_whole_year_of_receipts_fits_into_the_form(desk):
    rows = [desk.row(f"R-{number}", "1,000", DELETE="") for number in range(150)]
    assert sum(map(len, rows)) > 1000
    desk.save(*rows)
    assert len(desk.receipts()) == 150


def test_a_broken_form_is_no_server_error(desk):
    response = desk.client.post(desk.url(), {"version": "x", "note": "a\x00b", "receipts-TOTAL_FORMS": "-"})
    assert response.status_code == 200
    assert "somebody else was here" in response.content.decode()


def test_a_currency_without_a_rate_warns_beside_the_row_and_can_be_saved(desk, euro):
    response = desk.client.post(
        desk.url("autosave"), desk.form(desk.row("R-1", currency="EUR"), desk.row("R-2", currency="GBP"))
    )
    answer = " ".join(response.content.decode().split())
    assert "1 row is not counted" in answer
    before, _id, after = answer.partition('id="receipts-0-rate" data-swap')[2].partition(
        'id="receipts-1-rate" data-swap'
    )
    assert "1 EUR = 1.12 USD" in before
    assert "No exchange rate for this currency and day is published yet" in after
    desk.save(desk.row("R-1", currency="EUR"), desk.row("R-2", currency="GBP"))
    forms = desk.client.get(desk.url()).context["formset"].forms
    assert [(form.rate_missing, form.rate) for form in forms] == [(False, euro), (True, None)]
    page = desk.client.get(desk.url()).content.decode()
    assert page.count("No exchange rate for this currency and day is published yet") == 1
    assert "1 EUR = 1.12 USD · SAFE, table of 2015" in " ".join(page.split())


def test_the_day_and_the_year_end_in_the_offices_time(desk):
    """31 December 17:00 UTC is New Year's Day in Nanchang: its money is not of the future, and of the next year."""
    before = datetime(2015, 12, 31, 15, 59, tzinfo=UTC)
    after = datetime(2015, 12, 31, 16, 0, tzinfo=UTC)
    check_day(date(2016, 1, 1), 2016, after)
    with pytest.raises(ValidationError, match="in the future"):
        check_day(date(2016, 1, 1), 2016, before)
    assert (claim_years(before)[0], claim_years(after)[0]) == (2015, 2016)
    assert claim_years(after)[-1] == 2013
    desk.save(desk.row("LAST", received_on="2015-12-31"))
    response = desk.post(desk.row("FIRST", received_on="2016-01-01"))
    assert "belongs into a claim for 2016" in response.context["formset"].forms[0].errors["received_on"][0]


@pytest.mark.parametrize("name", ["claim", "submit"])
def test_a_foreign_claim_is_not_found(desk, other_desk, name):
    assert other_desk.client.get(desk.url(name)).status_code == 404
    assert other_desk.client.post(desk.url(name), desk.form(desk.row("R-1"))).status_code == 404
    assert desk.receipts() == []


@pytest.mark.parametrize("name", ["autosave", "discard"])
def test_a_foreign_draft_cannot_be_typed_into(desk, other_desk, name):
    assert other_desk.client.post(desk.url(name), desk.form(desk.row("R-1"))).status_code == 404
    assert desk.claim.typed is None


def test_a_training_case_is_not_found_here(desk):
    assert desk.client.get(reverse("offshore:claim", args=["TR-2015-000001"])).status_code == 404
    assert Case.objects.count() == 1


def test_rows_are_numbered_below_the_title_and_new_ones_too(desk):
    page = desk.client.get(reverse("offshore:claim", args=[desk.case.number])).content.decode()
    assert '<h2 id="receipts-0-title">' in page and "<h3" not in page.split("<aside")[0]
    assert "__number__</h2>" in page, "portal.js puts the number of a new row there"
