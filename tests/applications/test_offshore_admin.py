"""The officials' desk: rates are added by finance and policy editors and never change; the rest is read."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from applications import services
from applications.models import ExchangeRate
from audit.models import Record
from casework.transitions import Refused
from tests.clients import Client
from tests.factories import official

ADD = reverse("admin:applications_exchangerate_add")
RATE = {
    "currency": "JPY",
    "usd_per_unit": "0.0083",
    "valid_from": "2015-01-01",
    "valid_to": "2015-12-31",
    "source": "SAFE, table of 2015",
}


def desk_of(*roles: str) -> Client:
    browser = Client()
    browser.force_login(official(*roles))
    return browser


@pytest.mark.parametrize("role", ["finance", "policy_editor"])
def test_a_rate_is_published_with_its_source_and_audited(db, role):
    response = desk_of(role).post(ADD, RATE)
    assert response.status_code == 302
    rate = ExchangeRate.objects.get()
    assert (rate.usd_per_unit, rate.source) == (Decimal("0.0083"), "SAFE, table of 2015")
    assert Record.objects.get(action="offshore.rate_published").data["currency"] == "JPY"


@pytest.mark.parametrize("role", ["initial_reviewer", "final_reviewer", "auditor"])
def test_other_officials_publish_no_rate(db, role):
    assert desk_of(role).post(ADD, RATE).status_code == 403
    with pytest.raises(Refused):
        services.publish_rate(user=official(role), rate=ExchangeRate(**RATE))
    assert not ExchangeRate.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"valid_to": "2014-12-31"}, "exchange_rate_ends_after_start"),
        ({"usd_per_unit": "0"}, "exchange_rate_positive"),
        ({"currency": "USD"}, "exchange_rate_not_for_usd"),
        ({"source": ""}, "required"),
    ],
)
def test_a_wrong_rate_is_refused(db, wrong, message):
    response = desk_of("finance").post(ADD, RATE | wrong)
    assert response.status_code == 200
    assert message in str(response.context["adminform"].form.errors)
    assert not ExchangeRate.objects.exists()


def test_two_rates_do_not_begin_on_one_day(euro):
    again = ExchangeRate(
        currency="EUR",
        valid_from=euro.valid_from,
        valid_to=date(2015, 2, 1),
        usd_per_unit=Decimal(1),
        source="x",
    )
    with pytest.raises(ValidationError, match="begins on this day already"):
        services.publish_rate(user=official("finance"), rate=again)
    assert ExchangeRate.objects.count() == 1


def test_a_published_rate_never_changes(euro):
    browser = desk_of("finance")
    change = reverse("admin:applications_exchangerate_change", args=[euro.pk])
    assert browser.post(change, RATE).status_code == 403
    assert (
        browser.post(
            reverse("admin:applications_exchangerate_delete", args=[euro.pk]), {"post": "yes"}
        ).status_code
        == 403
    )
    with pytest.raises(Exception, match="append_only"), transaction.atomic():
        ExchangeRate.objects.update(usd_per_unit=2)
    euro.refresh_from_db()
    assert euro.usd_per_unit == Decimal("1.12")


def test_the_database_refuses_a_rate_that_ends_before_it_begins(db):
    with pytest.raises(IntegrityError, match="exchange_rate_ends_after_start"), transaction.atomic():
        ExchangeRate.objects.create(**RATE | {"valid_to": "2014-12-31"})


@pytest.mark.parametrize("model", ["contract", "receipt", "offshoreclaim", "exchangerate"])
def test_lists_and_records_are_read_by_every_official(desk, euro, model):
    desk.save(desk.row("R-1"), note="Kept")
    desk.submit()
    objects = {
        "contract": desk.contract,
        "receipt": desk.claim.receipts.get(),
        "offshoreclaim": desk.claim,
        "exchangerate": euro,
    }
    browser = desk_of("auditor")
    assert browser.get(reverse(f"admin:applications_{model}_changelist"), {"q": "a"}).status_code == 200
    change = reverse(f"admin:applications_{model}_change", args=[objects[model].pk])
    assert browser.get(change).status_code == 200
    assert browser.post(change, {}).status_code == 403


def test_officials_do_not_read_drafts(desk):
    desk.save(desk.row("DRAFT-1"))
    desk.client.post(desk.url("autosave"), desk.form(desk.row("TYPED-1")))
    browser = desk_of("auditor")
    assert "DRAFT-1" not in browser.get(reverse("admin:applications_receipt_changelist")).content.decode()
    assert (
        desk.case.number
        not in browser.get(reverse("admin:applications_offshoreclaim_changelist")).content.decode()
    )
    change = reverse("admin:applications_offshoreclaim_change", args=[desk.claim.pk])
    assert browser.get(change).status_code == 302


@pytest.mark.parametrize(("model", "count"), [("receipt", 7), ("contract", 5)])
def test_lists_ask_a_constant_number_of_questions(desk, model, count, django_assert_num_queries):
    browser = desk_of("auditor")
    page = reverse(f"admin:applications_{model}_changelist")
    desk.save(*(desk.row(f"R-{n}") for n in range(9)))
    desk.submit()
    browser.get(page)
    with django_assert_num_queries(count):
        browser.get(page)
