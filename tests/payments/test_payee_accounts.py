"""Accounts of payees: who enters, confirms and verifies them, what is refused, what nobody reads."""

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from accounts.enums import OfficialRole
from accounts.models import Membership
from audit.models import Record
from casework.transitions import Refused
from payments.models import PayeeAccount
from payments.payees import payees_of
from payments.services import accounts
from tests import factories


@pytest.fixture
def case(office):
    return factories.filed_offshore(office.enterprise, office.clerk, "250000")


def enter(office, case, holder=None, **fields) -> PayeeAccount:
    return accounts.enter_account(
        user=office.clerk,
        case=case,
        reference="own",
        data=factories.account_data(holder or office.enterprise.name, **fields),
    )


def refused(code, step, **arguments):
    before = list(PayeeAccount.objects.order_by("pk").values_list("pk", "state"))
    with pytest.raises(Refused) as caught:
        step(**arguments)
    assert caught.value.code == code
    assert list(PayeeAccount.objects.order_by("pk").values_list("pk", "state")) == before


def test_three_people_and_then_it_is_paid_to(office, case):
    account = enter(office, case)
    refused("permission", accounts.confirm_account, user=office.clerk, account_id=account.pk)
    refused("permission", accounts.confirm_account, user=office.finance, account_id=account.pk)
    refused("permission", accounts.verify_account, user=office.finance, account_id=account.pk)
    accounts.confirm_account(user=office.owner, account_id=account.pk)
    for user in (office.owner, office.initial, office.clerk):
        refused("permission", accounts.verify_account, user=user, account_id=account.pk)
    assert accounts.verify_account(user=office.finance, account_id=account.pk).state == "verified"


def test_the_office_confirms_where_one_person_files_and_two_officials_are_needed(office, case):
    Membership.objects.filter(user=office.clerk).update(role="owner")
    Membership.objects.filter(user=office.owner).delete()
    account = enter(office, case)
    account = accounts.confirm_account(user=office.finance, account_id=account.pk)
    assert account.by_office
    refused("permission", accounts.verify_account, user=office.finance, account_id=account.pk)
    accounts.verify_account(user=office.releaser, account_id=account.pk)


def test_a_superuser_is_one_person_too(office, case):
    account = enter(office, case)
    boss = office.superuser
    PayeeAccount.objects.filter(pk=account.pk).update(
        state="confirmed", confirmed_by=boss, confirmed_at=timezone.now()
    )
    refused("permission", accounts.verify_account, user=boss, account_id=account.pk)
    with pytest.raises(IntegrityError, match="account_three_people"), transaction.atomic():
        PayeeAccount.objects.filter(pk=account.pk).update(
            state="verified", verified_by=boss, verified_at=timezone.now()
        )


def test_a_change_is_a_new_row_and_one_at_a_time(office, case):
    first = factories.payee_account(case, "own", office.clerk, office.owner, office.finance)
    second = enter(office, case)
    refused("open", enter, office=office, case=case)
    first.refresh_from_db()
    assert first.state == "verified"
    accounts.confirm_account(user=office.owner, account_id=second.pk)
    accounts.verify_account(user=office.finance, account_id=second.pk)
    first.refresh_from_db()
    assert first.state == "replaced"
    with pytest.raises(DatabaseError, match="account_is_final"), transaction.atomic():
        PayeeAccount.objects.filter(pk=second.pk).update(cnaps="102421000026")
    with pytest.raises(IntegrityError, match="account_step"), transaction.atomic():
        PayeeAccount.objects.filter(pk=first.pk).update(state="verified")


def test_refused_and_taken_back(office, case):
    account = enter(office, case)
    refused("reason", accounts.refuse_account, user=office.finance, account_id=account.pk, reason=" ")
    accounts.refuse_account(user=office.finance, account_id=account.pk, reason="The seal is missing")
    again = enter(office, case)
    accounts.withdraw_account(user=office.clerk, account_id=again.pk)
    refused("permission", accounts.confirm_account, user=office.owner, account_id=again.pk)


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"number": "12 34"}, "number", "account_format"),
        ({"number": "6222020000000000001"}, "number", "account_check"),
        ({"cnaps": "10242100001"}, "cnaps", "cnaps_format"),
        ({"holder": "Somebody else"}, "holder_note", "holder_differs"),
        ({"bank_name": " "}, "bank_name", "required"),
    ],
)
def test_wrong_input_is_said_at_its_field(office, case, fields, field, code):
    with pytest.raises(ValidationError) as caught:
        enter(office, case, **fields)
    assert caught.value.error_dict[field][0].code == code
    assert not PayeeAccount.objects.exists()


def test_another_holder_needs_its_reason(office, case):
    account = enter(office, case, holder="Blue Harbour Holding", holder_note="The parent collects for us")
    assert account.holder_note
    with pytest.raises(IntegrityError, match="account_other_holder_is_explained"), transaction.atomic():
        PayeeAccount.objects.create(
            organisation=office.institution,
            payee_name="A",
            holder_name="B",
            cnaps="1" * 12,
            number_encrypted=b"x",
            number_masked="**** 1234",
            entered_by=office.clerk,
        )


def test_the_number_is_encrypted_masked_and_never_told(office, case):
    number = "3600123456789012345"
    account = enter(office, case, number="3600 1234 5678 9012 345")
    account.refresh_from_db()
    assert number.encode() not in bytes(account.number_encrypted) and account.reveal_number() == number
    assert account.number_masked == "**** 2345"
    accounts.confirm_account(user=office.owner, account_id=account.pk)
    refused_to = factories.official(OfficialRole.AUDITOR)
    with pytest.raises(Refused):
        accounts.reveal_account(user=refused_to, account=account)
    account.refresh_from_db()
    assert accounts.reveal_account(user=office.finance, account=account) == number
    records = list(Record.objects.values_list("action", "data"))
    assert "payment.account_revealed" in {action for action, _data in records}
    assert number not in str(records)
    assert number not in repr(factories.account_data("x", number=number))


def test_payees_of_a_training_claim_are_its_eligible_people_and_the_institution(office, training):
    found = payees_of(training)
    assert [payee.name for payee in found] == ["Gan River School", "Wu Di", "Zhou An"]
    assert found[0].person_key == "" and all(payee.person_key for payee in found[1:])
    assert not PayeeAccount.objects.visible_to(office.clerk).exists()
    assert PayeeAccount.objects.visible_to(office.teacher).count() == 3
