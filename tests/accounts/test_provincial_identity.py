"""A provincial identity by OpenID Connect, against a real provider on this machine."""

from urllib.parse import urlsplit

import oidc_provider_mock
import pytest
import requests
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.models import SocialAccount
from django.urls import reverse

from accounts.enums import OfficialRole
from accounts.models import User
from tests import factories
from tests.accounts.test_second_factor import SECRET, code
from tests.clients import Client

LOGIN = "/accounts/oidc/identity/login/"
VICTIM = "victim@example.test"


@pytest.fixture(scope="module")
def issuer():
    people = [
        oidc_provider_mock.User(sub=sub, claims={"email": VICTIM, "email_verified": True})
        for sub in ("a", "b")
    ]
    with oidc_provider_mock.run_server_in_thread(user_claims=people) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def provider(db, settings, issuer):
    app = {
        "provider_id": "identity",
        "name": "Provincial identity",
        "client_id": "portal",
        "secret": "secret",
        "settings": {"server_url": issuer},
    }
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app], "OAUTH_PKCE_ENABLED": True}}
    return issuer


def by_identity(client: Client, sub: str, process: str = "login"):
    """Goes to the provider, says there who one is, comes back; the portal's answer to that."""
    there = client.post(f"{LOGIN}?process={process}")
    assert there.status_code == 302, there.content
    back = requests.post(there.url, data={"sub": sub}, allow_redirects=False, timeout=10)
    parts = urlsplit(back.headers["Location"])
    return client.get(f"{parts.path}?{parts.query}")


def connected(user, sub: str) -> None:
    client = Client()
    client.post(reverse("account_login"), {"login": user.username, "password": factories.PASSWORD})
    client.post(reverse("account_reauthenticate"), {"password": factories.PASSWORD})
    by_identity(client, sub, "connect")
    assert SocialAccount.objects.get(user=user).uid == sub


def is_in(client) -> bool:
    return client.get(reverse("dashboard")).status_code == 200


def test_a_connected_identity_signs_its_owner_in(provider):
    user = factories.UserFactory()
    connected(user, "a")
    client = Client()
    by_identity(client, "a")
    assert is_in(client) and int(client.session["_auth_user_id"]) == user.pk


def test_the_same_address_of_mail_opens_nobodys_account(provider):
    victim = factories.UserFactory(email=VICTIM)
    EmailAddress.objects.create(user=victim, email=VICTIM, verified=True, primary=True)
    people = User.objects.count()
    client = Client()
    answer = by_identity(client, "b")
    assert answer.url == reverse("account_login")
    assert not is_in(client)
    assert (User.objects.count(), SocialAccount.objects.count()) == (people, 0)


def test_an_identity_of_one_account_is_not_connected_to_another(provider):
    owner, other = factories.UserFactory(), factories.UserFactory()
    connected(owner, "a")
    client = Client()
    client.post(reverse("account_login"), {"login": other.username, "password": factories.PASSWORD})
    client.post(reverse("account_reauthenticate"), {"password": factories.PASSWORD})
    by_identity(client, "a", "connect")
    assert SocialAccount.objects.get().user == owner


def test_connecting_asks_for_the_password_again(provider):
    user = factories.UserFactory()
    client = Client()
    client.post(reverse("account_login"), {"login": user.username, "password": factories.PASSWORD})
    assert by_identity(client, "a", "connect").url == reverse("account_reauthenticate")
    assert not SocialAccount.objects.exists()


def test_an_official_shows_the_second_factor_all_the_same(provider):
    user = factories.official(OfficialRole.INITIAL_REVIEWER)
    connected(user, "a")
    client = Client()
    by_identity(client, "a")
    assert client.get("/admin/").url.startswith(reverse("second_factor"))
    TOTP.activate(user, SECRET)
    client = Client()
    assert by_identity(client, "a").url.startswith(reverse("mfa_authenticate"))
    assert not is_in(client)
    client.post(reverse("mfa_authenticate"), {"code": code()})
    assert is_in(client)


def test_an_answer_that_was_not_asked_for_opens_nothing(provider):
    user = factories.UserFactory()
    connected(user, "a")
    asked, other = Client(), Client()
    there = asked.post(f"{LOGIN}?process=login")
    back = urlsplit(
        requests.post(there.url, data={"sub": "a"}, allow_redirects=False, timeout=10).headers["Location"]
    )
    other.get(f"{back.path}?{back.query}")
    assert not is_in(other)


def test_without_a_setting_there_is_no_such_way(db):
    assert Client().get(LOGIN).status_code == 404
    assert "oidc" not in Client().get(reverse("account_login")).content.decode()
