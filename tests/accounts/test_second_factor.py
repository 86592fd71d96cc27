"""Officials sign in by two factors, whatever page they ask for; a code opens one door once."""

import re
import time
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.core.context import request_context
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.core import mail
from django.urls import reverse

from accounts import second_factor
from accounts.enums import OfficialRole
from audit.models import Record
from casework.models import SavedView
from ledger.models import FundChange
from nanchang_portal.sample import second_factor as sample
from tests import factories
from tests.clients import Client

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture(autouse=True)
def within_one_step():
    """No test begins in the last seconds of a code's half minute."""
    if (left := 30 - time.time() % 30) < 3:
        time.sleep(left)


def code(offset: int = 0, secret: str = SECRET) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + offset))


def official(**fields):
    return factories.official(OfficialRole.INITIAL_REVIEWER, **fields)


def enrolled(**fields):
    user = official(**fields)
    TOTP.activate(user, SECRET)
    RecoveryCodes.activate(user).mark_as_viewed()
    return user


def sign_in(user, client=None) -> Client:
    client = client or Client()
    client.cookies["language"] = "en"
    client.post(reverse("account_login"), {"login": user.username, "password": factories.PASSWORD})
    return client


def send(client, typed: str):
    return client.post(reverse("mfa_authenticate"), {"code": typed})


def is_in(client) -> bool:
    return client.get(reverse("admin:casework_case_changelist")).status_code == 200


@pytest.mark.parametrize(
    "name", ["admin:index", "admin:registers", "dashboard", "messaging:inbox", "admin:password_change"]
)
def test_a_password_alone_opens_nothing_to_an_official(db, name):
    client = sign_in(official())
    answer = client.get(reverse(name))
    assert answer.status_code == 302 and answer.url.startswith(reverse("second_factor"))
    page = client.get(answer.url).content.decode()
    assert reverse("mfa_activate_totp") in page
    assert client.get("/").status_code == 200, "public pages stay open"


def test_what_is_posted_by_a_password_alone_is_not_done(db):
    user = official()
    client = sign_in(user)
    answer = client.post(reverse("admin:casework_case_save_view"), {"name": "Mine", "query": "queue=all"})
    assert answer.url == f"{reverse('second_factor')}?next=%2Fadmin%2F"
    assert not SavedView.objects.exists()


def test_who_is_no_official_needs_no_second_factor(db):
    client = sign_in(factories.clerk_of(factories.OrganisationFactory()))
    assert client.get(reverse("dashboard")).status_code == 200


def test_an_official_sets_up_an_authenticator_and_comes_in(db, django_capture_on_commit_callbacks):
    user = official()
    client = sign_in(user)
    asked = client.get(reverse("mfa_activate_totp"))
    client.post(asked.url, {"password": factories.PASSWORD})
    page = client.get(reverse("mfa_activate_totp"))
    secret = client.session["mfa.totp.secret"]
    assert secret in page.content.decode()
    with django_capture_on_commit_callbacks() as callbacks:
        answer = client.post(reverse("mfa_activate_totp"), {"code": code(secret=secret)})
    with request_context(answer.wsgi_request):
        for callback in callbacks:
            callback()
    assert answer.url == reverse("mfa_view_recovery_codes")
    codes = re.findall(r"\b\d{8}\b", client.get(answer.url).content.decode())
    assert len(set(codes)) == 10
    assert not re.search(r"\b\d{8}\b", client.get(answer.url).content.decode()), "shown once"
    stored = Authenticator.objects.get(user=user, type="totp").data["secret"]
    assert secret not in stored, "encrypted"
    record = Record.objects.get(action="user.sign_in")
    assert (record.actor_id, record.data) == (user.pk, {"changed": "totp_activated"})
    assert [mail.to for mail in mail.outbox] == [[user.email]]
    confirm = client.get(reverse("second_factor"), {"next": "/admin/registers/"})
    assert confirm.url.startswith(reverse("mfa_reauthenticate"))
    back = client.post(confirm.url, {"code": code(secret=secret), "next": "/admin/registers/"})
    assert back.url == "/admin/registers/"
    assert is_in(client)


def test_the_second_step_opens_the_desk_and_a_wrong_code_does_not(db):
    user = enrolled()
    client = sign_in(user)
    assert not is_in(client)
    assert "code" in send(client, "000000").context["form"].errors
    assert not is_in(client)
    assert send(client, code()).url == "/admin/"
    assert is_in(client)


@pytest.mark.parametrize("offset, opens", [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_codes_of_a_minute_and_a_half_are_in_force(db, offset, opens):
    client = sign_in(enrolled())
    send(client, code(offset))
    assert is_in(client) is opens


def test_a_code_opens_once(db):
    user, typed = enrolled(), code()
    send(sign_in(user), typed)
    second = sign_in(user)
    assert "code" in send(second, typed).context["form"].errors
    assert "code" in send(second, code(-1)).context["form"].errors, "older than the one that was used"
    assert send(second, code(1)).url == "/admin/"


def test_a_recovery_code_opens_once(db):
    user = enrolled()
    typed = RecoveryCodes.activate(user).get_unused_codes()[3]
    first = sign_in(user)
    send(first, typed)
    assert is_in(first)
    assert "code" in send(sign_in(user), typed).context["form"].errors


def test_a_session_of_before_the_role_is_asked_too(db):
    """Somebody who becomes an official while signed in by password."""
    user = factories.UserFactory()
    client = sign_in(user)
    user.is_staff = True
    user.save()
    user.groups.set(official().groups.all())
    assert client.get("/admin/").url.startswith(reverse("second_factor"))


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_the_gate_leads_nowhere_else(db, target):
    client = Client()
    client.force_login(enrolled(), second_factor=False)
    assert "evil" not in client.get(reverse("second_factor"), {"next": target}).url
    client.force_login(enrolled())
    assert client.get(reverse("second_factor"), {"next": target}).url == reverse("dashboard")


def test_the_page_shows_the_codes_of_fictional_officials_alone(db, settings):
    fictional, real = official(username="initial"), enrolled(username="final")
    sample.create(fictional)
    settings.SAMPLE_DATA = False
    asked = sign_in(fictional)
    assert "data-sample" not in asked.get(reverse("mfa_authenticate")).content.decode()
    settings.SAMPLE_DATA = True
    assert "data-sample" not in sign_in(real).get(reverse("mfa_authenticate")).content.decode()
    for _ in range(2):
        client = sign_in(fictional)
        shown = re.search(
            r'data-sample-code="(\d{6})"', client.get(reverse("mfa_authenticate")).content.decode()
        )
        send(client, shown[1])
        assert is_in(client)
    assert "data-sample-wait" in sign_in(fictional).get(reverse("mfa_authenticate")).content.decode()


def test_how_long_ago_the_second_factor_was_shown(db, rf, settings):
    def asked_again(user, ago) -> bool:
        client = Client()
        client.force_login(user, second_factor=ago)
        request = rf.get("/")
        request.user, request.session = user, client.session
        return second_factor.must_be_shown_again(request)

    official, member = enrolled(), factories.UserFactory()
    # Without any the gate asks, for the first time.
    assert [asked_again(official, ago) for ago in (False, 0, 599, 601)] == [False, False, False, True]
    assert [asked_again(member, ago) for ago in (0, 599, 601)] == [False, False, True]


def test_the_desk_stays_closed_until_the_recovery_codes_were_seen(db):
    user = official()
    TOTP.activate(user, SECRET)
    codes = RecoveryCodes.activate(user)
    client = sign_in(user)
    send(client, code())
    gate = client.get("/admin/")
    assert gate.url.startswith(reverse("second_factor"))
    answer = client.post(reverse("admin:casework_case_save_view"), {"name": "Mine", "query": "queue=all"})
    assert answer.url.startswith(reverse("second_factor")) and not SavedView.objects.exists()
    show = reverse("mfa_view_recovery_codes")
    assert show in client.get(gate.url).content.decode()
    asked = client.get(show)
    page = client.post(asked.url, {"code": code(1), "next": show}, follow=True).content.decode()
    assert all(text in page for text in codes.get_unused_codes()), "shown"
    assert is_in(client)


def test_who_has_used_every_recovery_code_makes_new_ones(db):
    user = enrolled()
    codes = RecoveryCodes.activate(user)
    last = codes.get_unused_codes()[-1]
    for typed in codes.get_unused_codes()[:-1]:
        assert codes.validate_code(typed)
    client = sign_in(user)
    send(client, last)
    assert reverse("mfa_generate_recovery_codes") in client.get(client.get("/admin/").url).content.decode()


def test_a_factor_shown_in_the_morning_is_not_enough_at_night(db, settings):
    user = enrolled()
    client = Client()
    client.force_login(user, second_factor=settings.SECOND_FACTOR_SECONDS - 5)
    assert is_in(client)
    client.force_login(user, second_factor=settings.SECOND_FACTOR_SECONDS + 5)
    assert not is_in(client)
    url = reverse("admin:casework_case_save_view")
    asked = client.post(url, {"name": "Typed all day", "query": "queue=all"})
    assert asked.url.startswith(reverse("mfa_reauthenticate")) and not SavedView.objects.exists()
    client.carry_on(client.show(asked, code=code()))
    assert SavedView.objects.get().name == "Typed all day", "what was typed is not lost"


FACTORS = (
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_deactivate_totp",
    "mfa_generate_recovery_codes",
    "account_email",
)


@pytest.mark.parametrize(
    "person", [enrolled, lambda: TOTP.activate(factories.UserFactory(), SECRET).instance.user]
)
def test_who_has_a_second_factor_changes_nothing_by_the_password_alone(db, person):
    """Somebody with the password and a session that is open, at a desk that was left say."""
    user = person()
    client = Client()
    client.force_login(user, second_factor=3600)
    answer = client.post(reverse("account_reauthenticate"), {"password": factories.PASSWORD})
    assert answer.url.startswith(reverse("mfa_reauthenticate")), "the password is no answer"
    before = list(Authenticator.objects.order_by("pk").values_list("pk", "type"))
    for name in FACTORS:
        answer = client.post(reverse(name), {"email": "thief@example.test", "action_add": "", "name": "x"})
        assert answer.status_code == 302, name
        assert "reauthenticate" in answer.url or answer.url == reverse("mfa_deactivate_totp"), name
    assert list(Authenticator.objects.order_by("pk").values_list("pk", "type")) == before
    assert not user.emailaddress_set.filter(email="thief@example.test").exists()


def test_a_password_does_not_set_off_what_waits_for_the_second_factor(db):
    """The page from which a step goes on opens after the factor; the password is none of an official."""
    user = factories.official(OfficialRole.FINANCE)
    TOTP.activate(user, SECRET)
    client = Client()
    client.force_login(user, second_factor=3600)
    url = reverse("admin:ledger_fund_propose")
    data = {"kind": "budget", "programme": "offshore", "year": "2015", "division": "", "amount_rmb": "1000"}
    asked = client.post(url, data | {"document": "Decree", "reason": "Budget"})
    page = parse_qs(urlsplit(asked.url).query)["next"][0]
    client.post(reverse("account_reauthenticate"), {"password": factories.PASSWORD, "next": page})
    assert client.get(page).url.startswith(reverse("mfa_reauthenticate"))
    assert not FundChange.objects.exists()
