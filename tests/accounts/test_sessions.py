"""Where a person is signed in, limits that no stranger turns against them, cookies, a changed address."""

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP
from allauth.usersessions.models import UserSession
from django.core import mail
from django.urls import reverse

from accounts.enums import OfficialRole
from audit.models import Record
from ledger.models import FundChange
from tests import factories
from tests.access.test_matrix import patterns
from tests.accounts.test_second_factor import SECRET, code
from tests.clients import Client

WRONG = {"password": "wrong"}


def sign_in(user, password=factories.PASSWORD, address="192.0.2.10"):
    client = Client(REMOTE_ADDR=address)
    client.cookies["language"] = "en"
    client.post(reverse("account_login"), {"login": user.username, "password": password})
    return client


def is_in(client) -> bool:
    return client.get(reverse("dashboard")).status_code == 200


# Sessions


def test_a_person_sees_and_ends_their_sessions(db):
    user = factories.UserFactory()
    here, there = sign_in(user), sign_in(user, address="192.0.2.77")
    assert is_in(here) and is_in(there)
    page = here.get(reverse("usersessions_list")).content.decode()
    assert "192.0.2.10" in page and "192.0.2.77" in page and page.count("this browser") == 1
    (end,) = re.findall(r"/accounts/sessions/\d+/end", page)
    assert here.post(end).status_code == 302
    assert is_in(here) and not is_in(there)
    assert Record.objects.filter(action="user.session_ended", actor_id=user.pk).count() == 1


def test_all_others_are_ended_at_once(db):
    user = factories.UserFactory()
    here, others = sign_in(user), [sign_in(user) for _ in range(2)]
    here.post(reverse("usersessions_list"))
    assert is_in(here) and not any(is_in(other) for other in others)


def test_nobody_ends_a_session_of_somebody_else(db):
    victim, stranger = sign_in(factories.UserFactory()), sign_in(factories.UserFactory())
    assert is_in(victim)
    row = UserSession.objects.exclude(session_key=stranger.session.session_key).get()
    assert stranger.post(reverse("session_end", args=[row.pk])).status_code == 404
    assert is_in(victim)


def test_a_new_password_ends_every_other_session(db):
    user = factories.UserFactory()
    here, there = sign_in(user), sign_in(user)
    new = "Poyang-Lake-2016"
    data = {"oldpassword": factories.PASSWORD, "password1": new, "password2": new}
    assert here.post(reverse("account_change_password"), data).status_code == 302
    assert is_in(here) and not is_in(there)


# Limits


def test_a_stranger_who_guesses_keeps_the_owner_out_of_nothing(db):
    user = factories.UserFactory()
    for _ in range(12):
        sign_in(user, "wrong", address="198.51.100.5")
    assert is_in(sign_in(user, address="192.0.2.10"))
    assert not is_in(sign_in(user, address="198.51.100.5")), "the guesser is stopped, the right password too"


def test_a_guesser_at_an_offices_address_stops_neither_colleague_nor_right_password_before_the_limit(db):
    victim, colleague = factories.UserFactory(), factories.UserFactory()
    for _ in range(5):
        sign_in(victim, "wrong")
    assert is_in(sign_in(colleague)), "another account at the same address"
    assert not is_in(sign_in(victim))


def test_one_address_cannot_try_many_accounts(db):
    users = [factories.UserFactory() for _ in range(12)]
    for user in users[:10]:
        sign_in(user, "wrong")
    assert not is_in(sign_in(users[11]))


def test_limits_see_the_visitor_behind_the_proxy_and_nobody_forges_an_address(db, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    user = factories.UserFactory()
    for number in range(12):
        guesser = Client(
            REMOTE_ADDR="10.0.0.1", headers={"x-forwarded-for": f"203.0.113.{number}, 198.51.100.5"}
        )
        guesser.post(reverse("account_login"), {"login": user.username} | WRONG)
    right = {"login": user.username, "password": factories.PASSWORD}
    forged = Client(REMOTE_ADDR="10.0.0.1", headers={"x-forwarded-for": "192.0.2.99, 198.51.100.5"})
    forged.post(reverse("account_login"), right)
    assert not is_in(forged)
    owner = Client(REMOTE_ADDR="10.0.0.1", headers={"x-forwarded-for": "192.0.2.10"})
    owner.post(reverse("account_login"), right)
    assert is_in(owner)


# Passwords and addresses


@pytest.mark.parametrize("password", ["short-1", "password1234", "20150520201505", "clerk-of-portal"])
def test_a_weak_password_is_refused(db, password):
    data = {"username": "clerk-of-portal", "email": "c@example.test", "display_name": "C"}
    answer = Client().post(reverse("account_signup"), data | {"password1": password, "password2": password})
    assert set(answer.context["form"].errors) & {"password1", "password2"}


def test_a_new_address_counts_once_it_was_confirmed_and_the_old_one_is_told(db):
    user = factories.UserFactory(email="old@example.test")
    EmailAddress.objects.create(user=user, email="old@example.test", verified=True, primary=True)
    client = sign_in(user)
    client.post(reverse("account_reauthenticate"), {"password": factories.PASSWORD})
    client.post(reverse("account_email"), {"action_add": "", "email": "new@example.test"})
    user.refresh_from_db()
    assert user.email == "old@example.test"
    confirmation = next(m for m in mail.outbox if m.to == ["new@example.test"])
    link = re.search(r"/accounts/confirm-email/\S+", confirmation.body)[0]
    client.post(link)
    user.refresh_from_db()
    assert user.email == "new@example.test"
    assert [m.to for m in mail.outbox if m is not confirmation] == [["old@example.test"]]
    assert not EmailAddress.objects.filter(email="old@example.test").exists()


# Step-up


def test_money_and_numbers_ask_again_and_nothing_that_was_posted_is_lost(db):
    user = factories.official(OfficialRole.FINANCE)
    TOTP.activate(user, SECRET)
    client = Client()
    client.force_login(user, second_factor=3600)
    url = reverse("admin:ledger_fund_propose")
    data = {"kind": "budget", "programme": "offshore", "year": "2015", "division": "", "amount_rmb": "1000"}
    data |= {"document": "Decree", "reason": "Budget"}
    asked = client.post(url, data)
    assert asked.status_code == 302 and asked.url.startswith(reverse("mfa_reauthenticate"))
    assert not FundChange.objects.exists()
    client.post(asked.url, {"code": "000000", "next": url})
    assert not FundChange.objects.exists()
    answer = client.post(asked.url, {"code": code(), "next": url})
    assert answer.status_code in (200, 302), answer.status_code
    assert FundChange.objects.get().document == "Decree"
    again = client.post(url, data | {"document": "Second"})
    assert again.headers.get("Location") != asked.url, "not again within ten minutes"


def test_a_whole_number_asks_a_member_for_the_password_again(db):
    trainee = factories.TraineeFactory()
    client = Client()
    client.force_login(factories.clerk_of(trainee.institution), second_factor=3600)
    url = reverse("training:trainee_reveal", args=[trainee.pk])
    asked = client.post(url, {"reason": "The bank asks for it"})
    assert asked.status_code == 302 and asked.url.startswith(reverse("account_reauthenticate"))
    client.post(asked.url, {"password": "wrong", "next": url})
    assert not Record.objects.filter(action="trainee.identity_revealed").exists()
    answer = client.post(asked.url, {"password": factories.PASSWORD, "next": url})
    assert Record.objects.filter(action="trainee.identity_revealed").count() == 1
    assert trainee.reveal_identity() in answer.content.decode()
    assert client.post(url, {"reason": "Once more"}).status_code == 200, "not again within ten minutes"


def test_every_view_that_asks_again_exists(settings):
    known = {name for name, _ in patterns()}
    assert known >= settings.STEP_UP_VIEWS
