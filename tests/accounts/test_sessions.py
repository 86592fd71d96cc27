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
from tests.access.test_matrix import fingerprint, patterns, targets
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


@pytest.mark.parametrize(
    ("change", "way"),
    [
        ({"groups": []}, "/admin/login/"),
        ({"is_staff": ""}, "/admin/login/"),
        ({"is_active": ""}, "/admin/login/"),
        ({"display_name": "Another name"}, ""),
    ],
)
def test_who_loses_a_role_is_signed_out_everywhere(db, change, way):
    """Not only kept from the desk: what was open in that session, a step-up say, ends with the rights."""
    user = factories.official(OfficialRole.FINANCE, username="finance")
    theirs = [Client(), Client()]
    for client in theirs:
        client.force_login(user)
        UserSession.objects.create(
            user=user, ip="192.0.2.1", session_key=client.session.session_key, user_agent="x"
        )
        assert client.get("/admin/registers/").status_code == 200
    admin = Client()
    admin.force_login(factories.UserFactory(is_staff=True, is_superuser=True))
    data = {
        "username": user.username,
        "display_name": "",
        "email": user.email,
        "is_staff": "on",
        "is_active": "on",
    }
    data |= {"groups": [group.pk for group in user.groups.all()]} | change
    url = reverse("admin:accounts_user_change", args=[user.pk])
    answer = admin.post(url, {name: value for name, value in data.items() if value != ""})
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    for client in theirs:
        again = client.get("/admin/registers/")
        assert (again.status_code, again.headers.get("Location", "")[: len(way)]) == (
            302 if way else 200,
            way,
        )
        assert ("_auth_user_id" in client.session) is not bool(way)


def test_a_password_set_by_an_administrator_ends_every_session(db):
    user = factories.UserFactory()
    theirs = sign_in(user)
    assert is_in(theirs)
    admin = Client()
    admin.force_login(factories.UserFactory(is_staff=True, is_superuser=True))
    new = "Poyang-Lake-2016"
    url = reverse("admin:auth_user_password_change", args=[user.pk])
    assert admin.post(url, {"password1": new, "password2": new, "usable_password": "true"}).status_code == 302
    assert not is_in(theirs)


def test_a_password_forgotten_and_set_anew_ends_every_session_and_opens_none(db):
    user = factories.UserFactory(email="forgot@example.test")
    theirs, elsewhere = sign_in(user), Client()
    assert is_in(theirs)
    elsewhere.post(reverse("account_reset_password"), {"email": user.email})
    link = re.search(r"/accounts/password/reset/key/\S+", mail.outbox[0].body)[0]
    form = elsewhere.get(link).url
    new = "Poyang-Lake-2016"
    elsewhere.post(form, {"password1": new, "password2": new})
    assert not is_in(theirs) and not is_in(elsewhere)
    assert is_in(sign_in(user, new))
    elsewhere.get(link)
    assert (
        elsewhere.post(form, {"password1": "Gan-River-2017", "password2": "Gan-River-2017"}).status_code
        == 200
    )
    assert is_in(sign_in(user, new)), "the link works once"


def test_a_sign_in_takes_a_new_session_and_forgets_the_visitors(db):
    """A session that a stranger planted in somebody's browser is worth nothing after they signed in."""
    user = factories.UserFactory()
    client = Client()
    client.get(reverse("account_login"))
    client.session["planted"] = "x"
    client.session.save()
    planted = client.cookies["sessionid"].value if "sessionid" in client.cookies else ""
    client.post(reverse("account_login"), {"login": user.username, "password": factories.PASSWORD})
    assert is_in(client) and client.cookies["sessionid"].value != planted
    stranger = Client()
    stranger.cookies["sessionid"] = planted or "planted"
    assert not is_in(stranger)


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


def test_who_floods_somebody_with_links_to_a_new_password_leaves_them_one_that_works(db):
    user = factories.UserFactory(email="flooded@example.test")
    stranger = Client(REMOTE_ADDR="198.51.100.5")
    for _ in range(12):
        stranger.post(reverse("account_reset_password"), {"email": user.email})
    assert 1 <= len(mail.outbox) <= 5, "and no more than that a minute"
    link = re.search(r"/accounts/password/reset/key/\S+", mail.outbox[0].body)[0]
    form = Client().get(link)
    assert form.status_code == 302 and form.url.endswith("-set-password/")
    owner = Client(REMOTE_ADDR="192.0.2.10")
    new = "Poyang-Lake-2016"
    owner.post(owner.get(link).url, {"password1": new, "password2": new})
    assert is_in(sign_in(user, new))


def test_too_many_attempts_are_refused_in_words(db):
    """allauth's own answer is a bare English sentence."""
    client = Client(REMOTE_ADDR="198.51.100.5")
    for _ in range(31):
        answer = client.post(reverse("account_login"), {"login": "", "password": ""})
    assert answer.status_code == 429
    assert '<html lang="zh' in answer.content.decode() and "<main" in answer.content.decode()


def test_nobody_learns_by_a_sign_in_or_a_lost_password_who_has_an_account(db):
    user = factories.UserFactory(email="known@example.test")

    def said(name: str, **data) -> str:
        page = (
            Client(REMOTE_ADDR=f"192.0.2.{len(seen)}").post(reverse(name), data, follow=True).content.decode()
        )
        seen.append(page)
        return re.sub(r'value="[^"]*"|nonce="[^"]*"|[0-9a-f]{12,}|[A-Za-z0-9]{64}', "", page)

    seen = []
    assert said("account_login", login=user.username, password="wrong") == said(
        "account_login", login="nobody", password="wrong"
    )
    assert said("account_reset_password", email=user.email) == said(
        "account_reset_password", email="nobody@example.test"
    )


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


def test_an_official_changes_their_address_after_showing_the_factor(db):
    """allauth lets nobody with a factor add an address; an official has to have one."""
    user = factories.official(OfficialRole.AUDITOR, email="old@example.test")
    EmailAddress.objects.create(user=user, email="old@example.test", verified=True, primary=True)
    TOTP.activate(user, SECRET)
    client = Client()
    client.force_login(user)
    change = {"action_add": "", "email": "new@example.test"}
    asked = client.post(reverse("account_email"), change)
    assert asked.url.startswith(reverse("mfa_reauthenticate"))
    client.post(
        reverse("account_reauthenticate"), {"password": factories.PASSWORD, "next": reverse("account_email")}
    )
    assert not EmailAddress.objects.filter(email="new@example.test").exists(), "the password is not enough"
    client.post(reverse("mfa_reauthenticate"), {"code": code(), "next": reverse("account_email")})
    client.post(reverse("account_email"), change)
    user.refresh_from_db()
    assert user.email == "old@example.test"
    client.post(re.search(r"/accounts/confirm-email/\S+", mail.outbox[0].body)[0])
    user.refresh_from_db()
    assert user.email == "new@example.test"
    assert [message.to for message in mail.outbox] == [["new@example.test"], ["old@example.test"]]


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
    assert client.show(asked, code="000000").status_code == 200
    assert not FundChange.objects.exists()
    assert client.carry_on(client.show(asked, code=code())).status_code == 302
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
    client.show(asked, password="wrong")
    assert not Record.objects.filter(action="trainee.identity_revealed").exists()
    answer = client.carry_on(client.show(asked, password=factories.PASSWORD))
    assert Record.objects.filter(action="trainee.identity_revealed").count() == 1
    assert trainee.reveal_identity() in answer.content.decode()
    assert client.post(url, {"reason": "Once more"}).status_code == 200, "not again within ten minutes"


#: Steps on money, rights and whole numbers that ask for nothing more, and why.
NO_STEP_UP = {
    # These only stop something, or take it back.
    "admin:payments_batch_cancel",
    "admin:payments_batch_back",
    "admin:payments_batch_out",
    "admin:payments_batch_lift",
    "admin:payments_batch_holds",
    "admin:payments_payment_withdraw",
    "admin:payments_payeeaccount_refuse",
    "admin:payments_recoveryorder_decline",
    "admin:payments_debarment_decline",
    "admin:payments_personfile_back",
    "payments:account_withdraw",
    "admin:accounts_ownerappointment_turn_down",
    "admin:accounts_factorreset_turn_down",
    # A draft or a proposal, which moves nothing before a second person's step, and that step asks.
    "admin:payments_batch_make",
    "admin:payments_batch_payable",
    "admin:payments_batch_preview",
    "admin:payments_personfile_propose",
    "admin:payments_spotcheck_begin",
    "admin:payments_spotcheck_find",
    "admin:payments_spotcheck_conclude",
    "admin:payments_sampledraw_draw",
    "admin:accounts_ownerappointment_new",
    "payments:account_new",
    # The applicant's word.
    "payments:check_reply",
}
#: What only shows.
SHOWS = {
    "payments:accounts", "payments:account", "payments:case_accounts", "payments:after", "workbooks:export",
    "admin:policy_policyversion_export",
}  # fmt: skip
REGISTER = re.compile(r"_(changelist|add|history|delete|change)$")
MONEY_OR_RIGHTS = re.compile(
    r"^admin:(payments|ledger)_|^payments:|^admin:accounts_(user|ownerappointment|factorreset)_|reveal|export"
    r"|user_password_change$|policyversion_publish$"
)


def test_every_view_that_moves_money_or_shows_a_number_asks_again_or_says_why_not(settings):
    known = {name for name, _ in patterns()}
    assert known >= settings.STEP_UP_VIEWS | NO_STEP_UP | SHOWS
    unsaid = {
        name
        for name in known - settings.STEP_UP_VIEWS - NO_STEP_UP - SHOWS
        if MONEY_OR_RIGHTS.search(name) and not REGISTER.search(name)
    }
    assert not unsaid


def test_every_step_that_asks_again_asks(world, settings):
    """Posted by somebody who may, an hour after the sign-in: led to the factor, and nothing has changed."""
    TOTP.activate(world.final, SECRET)
    superuser = factories.UserFactory(is_staff=True, is_superuser=True)
    TOTP.activate(superuser, SECRET)
    before, asked = fingerprint(), set()
    for target in targets(world):
        if target.name in settings.STEP_UP_VIEWS:
            client = Client()
            client.force_login(
                superuser if target.name.startswith("admin:") else world.owner, second_factor=3600
            )
            answer = client.post(target.url, {})
            assert answer.status_code == 302 and "reauthenticate" in answer.url, target.url
            asked.add(target.name)
    assert asked == settings.STEP_UP_VIEWS
    assert fingerprint() == before
