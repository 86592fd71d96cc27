"""What waits for the second factor goes on once, in its own session, after all the checks of an ordinary request."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from allauth.usersessions.models import UserSession
from cryptography.fernet import Fernet
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts import waiting_steps
from accounts.enums import OfficialRole
from accounts.models import User
from accounts.services import end_sessions_of
from audit.models import Record
from ledger.models import FundChange
from payments.models import TreasuryFile
from payments.services import batches
from tests import factories
from tests.accounts.test_second_factor import SECRET, code
from tests.casework.test_races import at_once
from tests.clients import Client
from tests.payments.conftest import approved_offshore, draft_of, fresh_database, office_people  # noqa: F401

PROPOSE = {"kind": "budget", "programme": "offshore", "year": "2015", "division": "", "amount_rmb": "1000"}
PROPOSE |= {"document": "Decree", "reason": "Budget"}


def browser(user, **options) -> Client:
    """An hour after the sign-in."""
    if not has_factor(user):
        TOTP.activate(user, SECRET)
    client = Client(**options)
    client.force_login(user, second_factor=3600)
    client.cookies["language"] = "en"
    return client


def has_factor(user) -> bool:
    return user.authenticator_set.exists()


def tab_of(client: Client) -> Client:
    """Another tab of the same browser."""
    other = Client()
    other.cookies = client.cookies
    return other


@pytest.fixture
def finance(db):
    return factories.official(OfficialRole.FINANCE)


def propose(client: Client, **other):
    return client.post(reverse("admin:ledger_fund_propose"), PROPOSE | other)


def page_of(asked) -> str:
    return parse_qs(urlsplit(asked.url).query)["next"][0]


def test_each_tab_sets_off_what_it_sent(finance):
    client = browser(finance)
    first, second = propose(client, document="First"), propose(client, document="Second")
    page = client.show(first, code=code())
    assert not FundChange.objects.exists(), "nothing is done by a page that is only looked at"
    client.carry_on(page)
    assert FundChange.objects.get().document == "First"
    client.carry_on(client.get(page_of(second)))
    assert sorted(FundChange.objects.values_list("document", flat=True)) == ["First", "Second"]


def test_it_is_handed_out_once_and_not_to_another_session_or_person(finance):
    client = browser(finance)
    asked = propose(client)
    for other in (browser(finance), browser(factories.official(OfficialRole.FINANCE))):
        other.force_login(User.objects.get(pk=other.session["_auth_user_id"]))
        assert other.get(page_of(asked)).context["step"] is None
    page = client.show(asked, code=code())
    client.carry_on(page)
    assert client.get(page_of(asked)).context["step"] is None
    assert FundChange.objects.count() == 1


def test_what_no_key_opens_any_more_does_not_wait(finance):
    """A rotation has ended meanwhile, and the key with which it was encrypted is gone."""
    client = browser(finance)
    asked, session = propose(client), client.session
    for step in session[waiting_steps.KEY].values():
        step["posted"] = Fernet(Fernet.generate_key()).encrypt(b"kind=budget").decode()
    session.save()
    page = client.show(asked, code=code())
    assert (page.status_code, page.context["step"]) == (200, None)
    assert not FundChange.objects.exists()


def test_a_code_serves_one_of_two_at_once_and_no_second_time(finance):
    client = browser(finance)
    asked = propose(client)
    assert client.show(asked, code=code()).context["step"]
    late = browser(finance)
    assert late.post(propose(late).url, {"code": code()}).status_code == 200, "the same code again"


def test_a_refused_form_comes_back_at_its_own_address(finance):
    client = browser(finance)
    page = client.carry_on(client.show(propose(client, amount_rmb="much"), code=code()))
    assert page.status_code == 200 and page.request["PATH_INFO"] == reverse("admin:ledger_fund_propose")
    assert page.context["form"].errors and not FundChange.objects.exists()


def ended(client, user):
    """By the person, from another browser."""
    end_sessions_of(user)


def without_the_role(client, user):
    """The sessions stay, the role is gone: what an administrator's page does beside this ends them as well."""
    user.groups.clear()


def inactive(client, user):
    User.objects.filter(pk=user.pk).update(is_active=False)


def with_another_password(client, user):
    user.set_password("Poyang-Lake-2016")
    user.save()


@pytest.mark.parametrize("change", [ended, without_the_role, inactive, with_another_password])
@pytest.mark.parametrize("after_the_code", [False, True])
def test_nothing_goes_on_for_who_lost_session_or_role_meanwhile(finance, change, after_the_code):
    client = browser(finance)
    UserSession.objects.create(
        user=finance, ip="192.0.2.1", session_key=client.session.session_key, user_agent="x"
    )
    asked = propose(client)
    page = client.show(asked, code=code()) if after_the_code else None
    change(client, finance)
    if after_the_code:
        answer = client.carry_on(page)
        assert answer.status_code in (302, 403), answer.status_code
    else:
        answer = client.post(asked.url, {"code": code()})
        then = client.get(page_of(asked))
        if then.status_code == 200 and then.context["step"]:
            client.carry_on(then)
    assert not FundChange.objects.exists()


def test_what_was_typed_waits_encrypted(db):
    """A session is a row of the database and a copy in the cache; a new person's password is in what was sent."""
    boss = factories.UserFactory(is_staff=True, is_superuser=True)
    client = browser(boss)
    word = "Poyang-Lake-2016"
    data = {"username": "newcomer", "display_name": "", "usable_password": "true", "password1": word}
    asked = client.post(reverse("admin:accounts_user_add"), data | {"password2": word})
    kept = json.dumps(Session.objects.get(pk=client.session.session_key).get_decoded())
    assert "waiting_steps" in kept and word not in kept and "newcomer" not in kept
    client.carry_on(client.show(asked, code=code()))
    assert User.objects.get(username="newcomer").check_password(word)
    assert word not in json.dumps(Session.objects.get(pk=client.session.session_key).get_decoded())


def test_a_file_is_asked_for_again_on_the_page_that_it_was_sent_from(db):
    user = factories.official(OfficialRole.FINANCE)
    client = browser(user)
    back = "/admin/payments/batch/7/change/?tab=2"
    asked = client.post(
        reverse("admin:payments_batch_result", args=[7]), {"file": SimpleUploadedFile("r.csv", b"1")},
        headers={"referer": f"http://testserver{back}"},
    )  # fmt: skip
    page = client.show(asked, code=code())
    assert page.context["step"].had_file and "data-carry-on" not in page.content.decode()
    assert f'href="{back}"' in page.content.decode()


def test_no_more_than_a_few_wait_and_not_for_ever(finance, monkeypatch):
    client = browser(finance)
    asked = [propose(client, document=str(number)) for number in range(waiting_steps.MOST + 1)]
    assert len(client.session[waiting_steps.KEY]) == waiting_steps.MOST
    assert client.show(asked[0], code=code()).context["step"] is None
    monkeypatch.setattr(waiting_steps, "SECONDS", -1)
    assert client.get(page_of(asked[-1])).context["step"] is None


def test_one_release_from_two_tabs_at_once(fresh_database, django_db_blocker):  # noqa: F811
    with django_db_blocker.unblock():
        office = office_people()
        batch = draft_of(office.finance, approved_offshore(office))
        batch = batches.submit_batch(user=office.finance, batch_id=batch.pk, expected_version=batch.version)
        client = browser(office.releaser)
        url = reverse("admin:payments_batch_release", args=[batch.pk])
        asked = [client.post(url, {"version": batch.version}) for _tab in range(2)]
        typed, answers = code(), []
        tabs = [(tab_of(client), step) for step in asked]
        at_once(*(lambda t=t, s=s: answers.append(t.post(s.url, {"code": typed})) for t, s in tabs))
        assert sorted(answer.status_code for answer in answers) == [200, 302], "one code, one door"
        pages = [(tab, tab.get(page_of(step))) for tab, step in tabs]
        answers.clear()
        at_once(*(lambda t=t, p=p: answers.append(t.carry_on(p)) for t, p in pages * 2))
        assert sorted(answer.status_code for answer in answers) == [302, 409, 409, 409]
        assert TreasuryFile.objects.filter(batch=batch).count() == 2
        assert Record.objects.filter(action="payment.batch_released").count() == 1
        file, got = reverse("admin:payments_batch_file", args=[batch.pk]), []
        finance = browser(office.finance2)
        page = finance.show(finance.post(file, {"format": "csv"}), code=code())
        at_once(*(lambda: got.append(tab_of(finance).carry_on(page).content) for _tab in range(3)))
        assert set(got) == {batch.files.get(format="csv").content}
        assert Record.objects.filter(action="payment.file_downloaded").count() == 3
