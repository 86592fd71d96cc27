"""The desk's pages of payments: lists of fixed cost, steps that refuse in a sentence, four eyes at the view."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from messaging.models import Mail, Message
from messaging.services import collect
from payments.models import BankAnswer, Batch, PayeeAccount, Payment
from payments.progress import progress
from payments.services import accounts, results
from tests import factories
from tests.clients import Client
from tests.payments.conftest import answer_of, draft_of, released, sent, state_of_money


def client_of(user) -> Client:
    client = Client()
    client.force_login(user)
    client.cookies["language"] = "en"
    return client


def url(name: str, *args) -> str:
    return reverse(f"admin:payments_{name}", args=args)


def post(user, name: str, pk: int, **data):
    return client_of(user).post(url(name, pk), data)


def test_from_the_list_to_a_settled_batch(office, training):
    finance = client_of(office.finance)
    page = finance.get(url("batch_payable"), {"programme": "training"})
    assert page.status_code == 200 and page.content.decode().count("Can go") == 4
    preview = finance.post(url("batch_preview"), {"programme": "training", "all": "1"})
    assert len(preview.context["going"]) == 4 and not Batch.objects.exists()
    made = {"programme": "training", "chosen": preview.context["token"]}
    finance.post(url("batch_make"), made)
    batch = Batch.objects.get()
    assert finance.post(url("batch_make"), made).status_code == 302 and Batch.objects.count() == 1
    finance.post(url("batch_submit", batch.pk), {"version": batch.version})
    batch.refresh_from_db()
    before = state_of_money()
    assert post(office.finance2, "batch_release", batch.pk, version=batch.version).status_code == 409
    assert post(office.releaser, "batch_release", batch.pk, version=batch.version - 1).status_code == 409
    assert state_of_money() == before
    assert post(office.releaser, "batch_release", batch.pk, version=batch.version).status_code == 302
    assert post(office.releaser, "batch_release", batch.pk, version=batch.version).status_code == 409
    answer = finance.post(url("batch_file", batch.pk), {"format": "xlsx"})
    assert answer.content == batch.files.get(format="xlsx").content
    assert client_of(office.initial).post(url("batch_file", batch.pk), {"format": "xlsx"}).status_code == 403
    finance.post(url("batch_sent", batch.pk), {"sent_on": timezone.localdate().isoformat()})
    wrong = SimpleUploadedFile("r.csv", answer_of(batch, total="1.00"))
    page = finance.post(url("batch_result", batch.pk), {"file": wrong})
    assert page.status_code == 409 and "add up to" in page.content.decode()
    assert not batch.payments.filter(state="paid").exists()
    right = SimpleUploadedFile("r.csv", answer_of(batch))
    finance.post(url("batch_result", batch.pk), {"file": right})
    batch.refresh_from_db()
    assert batch.state == "settled"
    page = finance.get(url("batch_change", batch.pk)).content.decode()
    assert not [p for p in batch.payments.all() if p.reveal_account() in page]


def test_an_unknown_outcome_on_its_page(office, offshore):
    batch = sent(office, offshore)
    payment = batch.payments.get()
    results.import_results(
        user=office.finance,
        batch_id=batch.pk,
        name="r.csv",
        content=answer_of(batch, {payment.number: ("不明", "", "")}),
    )
    data = {
        "outcome": "paid",
        "document": "Letter 7",
        "settled_on": timezone.localdate(),
        "bank_reference": "",
    }
    refused = post(office.finance, "payment_answer", payment.pk, **data)
    assert refused.status_code == 409 and "Letter 7" in refused.content.decode()
    post(office.finance, "payment_answer", payment.pk, **data | {"bank_reference": "R-1"})
    answer = BankAnswer.objects.get()
    post(office.finance, "payment_confirm", payment.pk, answer=answer.pk)
    payment.refresh_from_db()
    assert payment.state == "unknown"
    post(office.finance2, "payment_confirm", payment.pk, answer=answer.pk)
    payment.refresh_from_db()
    assert (payment.state, payment.bank_reference) == ("paid", "R-1")
    found = client_of(office.finance).get(url("payment_changelist"), {"q": "R-1"})
    assert payment.number in found.content.decode()


def test_an_account_is_compared_and_verified_on_its_page(office, offshore):
    account = accounts.enter_account(
        user=office.clerk, case=offshore, reference="own", data=factories.account_data(office.enterprise.name)
    )
    accounts.confirm_account(user=office.owner, account_id=account.pk)
    page = client_of(office.finance).get(url("payeeaccount_change", account.pk)).content.decode()
    number = PayeeAccount.objects.get(pk=account.pk).reveal_number()
    assert number not in page and "Verify: payments go to this account" in page
    shown = post(office.finance, "payeeaccount_reveal", account.pk, state="confirmed")
    assert number in shown.content.decode()
    assert post(office.finance, "payeeaccount_verify", account.pk, state="entered").status_code == 409
    assert post(office.initial, "payeeaccount_verify", account.pk, state="confirmed").status_code == 409
    post(office.finance, "payeeaccount_verify", account.pk, state="confirmed")
    account.refresh_from_db()
    assert account.state == "verified"


def test_a_stop_is_placed_and_lifted_by_another(office, offshore):
    office_client = client_of(office.finance)
    office_client.post(url("batch_holds"), {"case": offshore.number, "reason": "Wait for the court"})
    hold = offshore.payment_holds.get()
    post(office.finance, "batch_lift", hold.pk, reason="Mine")
    hold.refresh_from_db()
    assert hold.lifted_at is None
    post(office.initial, "batch_lift", hold.pk, reason="Settled")
    hold.refresh_from_db()
    assert hold.lifted_at is not None


@pytest.mark.parametrize("wrong", [{"case": "OS-2015-999999"}, {"reason": ""}])
def test_a_stop_that_is_refused_keeps_what_was_typed(office, offshore, wrong):
    typed = {"case": offshore.number, "reason": "Wait for the court"} | wrong
    answer = client_of(office.finance).post(url("batch_holds"), typed)
    page = answer.content.decode()
    assert answer.status_code == 422 and not offshore.payment_holds.exists()
    assert f'value="{typed["case"]}"' in page and f'value="{typed["reason"]}"' in page


def queries(client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_lists_cost_the_same_however_long(office, offshore, training):
    client = client_of(office.finance)
    few = url("batch_payable") + "?programme=offshore"
    many = url("batch_payable") + "?programme=training"
    # A claim of persons asks once more, for their files.
    assert queries(client, few) + 1 == queries(client, many)
    one, four = draft_of(office.finance, offshore), draft_of(office.finance, training)
    assert queries(client, url("batch_change", one.pk)) == queries(client, url("batch_change", four.pk))
    for name in ("batch_changelist", "payment_changelist", "payeeaccount_changelist", "batch_holds"):
        assert queries(client, url(name)) <= 14


@pytest.fixture
def member(office):
    return client_of(office.clerk)


def test_the_applicant_enters_and_another_member_confirms(office):
    case = factories.filed_offshore(office.enterprise, office.clerk, "250000")
    clerk, owner = client_of(office.clerk), client_of(office.owner)
    page = clerk.get(case.get_absolute_url()).content.decode()
    assert "has no account yet" in page
    new = reverse("payments:account_new", args=[case.number]) + "?payee=own"
    typed = {
        "holder_name": "Another Name",
        "number": "12",
        "bank_name": "Example Bank",
        "branch": "Nanchang",
        "cnaps": "1",
    }
    wrong = clerk.post(new, typed)
    assert set(wrong.context["form"].errors) == {"number", "cnaps", "holder_note"}
    assert "Another Name" in wrong.content.decode() and not PayeeAccount.objects.exists()
    right = {"holder_name": office.enterprise.name, "number": "3600123456789012345", "cnaps": "102421000018"}
    clerk.post(new, typed | right)
    account = PayeeAccount.objects.get()
    assert "2345" not in owner.get(reverse("payments:account", args=[account.pk])).content.decode()
    confirm = reverse("payments:account_confirm", args=[account.pk])
    owner.post(confirm, {"tail": "0000"})
    clerk.post(confirm, {"tail": "2345"})
    account.refresh_from_db()
    assert account.state == "entered"
    owner.post(confirm, {"tail": "2345"})
    account.refresh_from_db()
    assert account.state == "confirmed"
    stranger = client_of(office.teacher)
    assert stranger.get(reverse("payments:account", args=[account.pk])).status_code == 404


def test_the_applicant_reads_where_the_money_is_and_hears_of_it(office, offshore, member):
    def step_codes() -> list[tuple[str, bool]]:
        offshore.refresh_from_db()
        return [(step.code, step.done) for step in progress(offshore).steps]

    assert step_codes() == [
        ("awarded", True),
        ("notice", True),
        ("fund", True),
        ("account", True),
        ("waiting", False),
    ]
    batch = sent(office, offshore)
    assert step_codes()[-1] == ("in_hand", False)
    number = batch.payments.get().number
    content = answer_of(batch, {number: ("失败", "", "No such account")})
    results.import_results(user=office.finance, batch_id=batch.pk, name="r.csv", content=content)
    page = member.get(offshore.get_absolute_url()).content.decode()
    assert "1 payment came back" in page and "No such account" in page
    collect()
    told = Message.objects.filter(event="unpaid")
    assert {message.recipient for message in told} == {office.clerk, office.owner}
    assert Mail.objects.filter(message__in=told).count() == 2
    assert collect() == 0
    factories.payee_account(offshore, "own", office.clerk, office.owner, office.finance)
    again = sent(office, offshore)
    results.import_results(user=office.finance, batch_id=again.pk, name="r.csv", content=answer_of(again))
    assert step_codes()[-1] == ("paid", True)
    assert "came back" not in member.get(offshore.get_absolute_url()).content.decode()
    assert Payment.objects.get(batch=again).follows.number == number


def test_a_released_batch_shows_its_files_and_no_account(office, offshore):
    batch = released(office, offshore)
    text = client_of(office.initial).get(url("batch_change", batch.pk)).content.decode()
    assert batch.files.get(format="csv").sha256 in text
    assert batch.payments.get().reveal_account() not in text
