"""A provincial identity by OpenID Connect, against a real provider on this machine."""

import time
from contextlib import contextmanager
from threading import Thread
from urllib.parse import parse_qs, urlencode, urlsplit

import flask
import oidc_provider_mock
import pytest
import requests
from allauth.account.models import EmailAddress
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.models import SocialAccount
from authlib import jose
from django.urls import reverse
from werkzeug.serving import make_server

from accounts.enums import OfficialRole
from accounts.models import User
from tests import factories
from tests.accounts.test_second_factor import SECRET, code
from tests.clients import Client

LOGIN = "/accounts/oidc/identity/login/"
VICTIM = "victim@example.test"


class Provider:
    """The provider, and what it says otherwise than it should while `lying`."""

    def __init__(self) -> None:
        people = [
            oidc_provider_mock.User(sub=sub, claims={"email": VICTIM, "email_verified": True})
            for sub in ("a", "b")
        ]
        self.app = oidc_provider_mock.app(user_claims=people)
        self.lies: dict = {}
        self.key: jose.RSAKey | None = None
        self.person: str = ""
        self.app.after_request(self._lie)

    @contextmanager
    def lying(self, *, key=None, person: str = "", **claims):
        self.lies, self.key, self.person = claims, key, person
        yield
        self.lies, self.key, self.person = {}, None, ""

    def _lie(self, response):
        path = flask.request.path
        if path == "/oauth2/token" and (self.lies or self.key) and response.status_code == 200:
            said = response.get_json()
            own = flask.g.oidc_provider_mock_storage.jwk
            claims = dict(jose.jwt.decode(said["id_token"], own)) | self.lies
            claims = {name: value for name, value in claims.items() if value is not None}
            header = {"alg": "RS256", "kid": own.as_dict()["kid"]}
            said["id_token"] = jose.jwt.encode(header, claims, self.key or own).decode()
            response.set_data(flask.json.dumps(said))
        if path == "/userinfo" and self.person:
            response.set_data(flask.json.dumps({"sub": self.person}))
        return response


@pytest.fixture(scope="module")
def oidc():
    found = Provider()
    server = make_server("localhost", 0, found.app, threaded=True)
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    found.issuer = f"http://localhost:{server.server_port}"
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def provider(db, settings, oidc):
    app = {
        "provider_id": "identity",
        "name": "Provincial identity",
        "client_id": "portal",
        "secret": "secret",
        "settings": {"server_url": oidc.issuer},
    }
    found = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": found | {"APPS": [app]}}
    return oidc


def sent_back(client: Client, sub: str, process: str = "login", **changed) -> str:
    """Goes to the provider and says there who one is; the address at the portal to which it sends one back."""
    there = client.post(f"{LOGIN}?process={process}")
    assert there.status_code == 302, there.content
    url = urlsplit(there.url)
    query = {name: values[0] for name, values in parse_qs(url.query).items()} | changed
    asked = url._replace(query=urlencode({name: value for name, value in query.items() if value is not None}))
    back = requests.post(asked.geturl(), data={"sub": sub}, allow_redirects=False, timeout=10)
    parts = urlsplit(back.headers["Location"])
    return f"{parts.path}?{parts.query}"


def by_identity(client: Client, sub: str, process: str = "login"):
    """The portal's answer to who comes back from the provider."""
    return client.get(sent_back(client, sub, process))


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
    RecoveryCodes.activate(user).mark_as_viewed()
    client = Client()
    assert by_identity(client, "a").url.startswith(reverse("mfa_authenticate"))
    assert not is_in(client)
    client.post(reverse("mfa_authenticate"), {"code": code()})
    assert is_in(client)


def test_an_answer_that_was_not_asked_for_opens_nothing(provider):
    """Somebody else's answer, sent to a person so that they work in the sender's account."""
    connected(factories.UserFactory(), "a")
    other = Client()
    other.get(sent_back(Client(), "a"))
    assert not is_in(other)


def test_an_answer_opens_once(provider):
    connected(factories.UserFactory(), "a")
    client = Client()
    back = sent_back(client, "a")
    client.get(back)
    assert is_in(client)
    client.post(reverse("account_logout"))
    client.get(back)
    assert not is_in(client)


def test_the_answer_of_one_sign_in_serves_no_other(provider):
    """A code of the same person, caught elsewhere, in a sign-in that was begun here."""
    connected(factories.UserFactory(), "a")
    client, caught = Client(), Client()
    code_ = parse_qs(urlsplit(sent_back(caught, "a")).query)["code"][0]
    mine = urlsplit(sent_back(client, "a"))
    query = {name: values[0] for name, values in parse_qs(mine.query).items()} | {"code": code_}
    client.get(f"{mine.path}?{urlencode(query)}")
    assert not is_in(client)


def test_each_sign_in_asks_with_a_nonce_and_proof_of_its_own(provider):
    asked = [parse_qs(urlsplit(Client().post(LOGIN).url).query) for _ in range(2)]
    for name in ("nonce", "state", "code_challenge"):
        assert len({query[name][0] for query in asked}) == 2, name
    assert asked[0]["code_challenge_method"] == ["S256"]


def test_the_address_adds_nothing_to_what_the_provider_is_asked(provider):
    there = Client().post(
        f"{LOGIN}?scope=admin&auth_params=redirect_uri%3Dhttps%3A%2F%2Fevil.example%26state%3Dx"
    )
    query = parse_qs(urlsplit(there.url).query)
    assert "evil" not in there.url and "admin" not in query["scope"][0] and query["state"] != ["x"]


@pytest.mark.parametrize("changed", [{"nonce": "another"}, {"nonce": None}, {"state": "another"}])
def test_what_was_asked_is_what_must_be_answered(provider, changed):
    connected(factories.UserFactory(), "a")
    client = Client()
    client.get(sent_back(client, "a", **changed))
    assert not is_in(client)


FOREIGN_KEY = jose.RSAKey.generate_key(is_private=True)


@pytest.mark.parametrize(
    "lie",
    [
        {"aud": "another-portal"},
        {"aud": ["portal", "another-portal"], "azp": "another-portal"},
        {"aud": None},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"exp": int(time.time()) - 60},
        {"exp": None},
        {"nonce": "of-another-sign-in"},
        {"nonce": None},
        {"sub": "b"},
        {"sub": None},
        {"person": "b"},
        {"key": FOREIGN_KEY},
    ],
    ids=",".join,  # the claims' names: keys and times differ between the processes of a run
)
def test_a_token_that_does_not_fit_opens_nothing(provider, lie):
    connected(factories.UserFactory(), "a")
    connected(factories.UserFactory(), "b")
    client = Client()
    with provider.lying(**lie):
        answer = by_identity(client, "a")
    assert not is_in(client), lie
    assert answer.status_code < 500 and "<main" in answer.content.decode(), "a page of ours says so"
    by_identity(client, "a")
    assert is_in(client), "the same with a token that fits"


def test_without_a_setting_there_is_no_such_way(db):
    assert Client().get(LOGIN).status_code == 404
    assert "oidc" not in Client().get(reverse("account_login")).content.decode()
