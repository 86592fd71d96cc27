"""Tokens: made by an owner, shown once, kept as a hash; they open one organisation's claims and nothing else."""

import hashlib

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.urls import reverse

from accounts.enums import MembershipRole, OfficialRole
from audit.models import Record
from reports.api.models import ApiToken, Scope
from reports.api.tokens import MOST_OF_ONE, TokenRefused, make_token, revoke_token
from tests import factories
from tests.clients import Client

pytestmark = pytest.mark.django_db
BOTH = [Scope.CLAIMS_READ, Scope.CALCULATIONS_READ]


@pytest.fixture
def enterprise(db):
    organisation = factories.OrganisationFactory()
    factories.recognise(organisation)
    return organisation


@pytest.fixture
def owner(enterprise):
    return factories.clerk_of(enterprise, MembershipRole.OWNER)


@pytest.fixture
def approved(enterprise):
    case = factories.filed_offshore(enterprise, factories.clerk_of(enterprise), "250000")
    initial = factories.official(OfficialRole.INITIAL_REVIEWER)
    return factories.approve(case, initial, factories.official(OfficialRole.FINAL_REVIEWER))


def ask(path: str, text: str):
    return Client().get(f"/api/v1{path}", headers={"authorization": f"Bearer {text}"})


def page(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_an_owner_makes_a_token_that_is_shown_once(enterprise, owner, approved):
    client, url = page(owner), reverse("api_tokens", args=[enterprise.pk])
    made = client.post(url, {"name": "ERP", "scopes": BOTH})
    text = made.context["text"]
    assert text in made.content.decode() and "no-store" in made["Cache-Control"]
    assert text not in client.get(url).content.decode()
    token = ApiToken.objects.get()
    assert token.hash == hashlib.sha256(text.encode()).hexdigest() and text.endswith(token.hint)
    entry = Record.objects.get(action="api_token.made")
    assert entry.actor == owner and text not in str(entry.data) and token.hash not in str(entry.data)

    found = ask("/claims", text)
    assert found.status_code == 200 and found["Cache-Control"] == "private, no-store"
    assert "Access-Control-Allow-Origin" not in found
    assert [row["number"] for row in found.json()["items"]] == [approved.number]
    full = ask(f"/claims/{approved.number}", text).json()
    assert full["amount_rmb"] == "50000.00" and full["status"] == "approved"
    assert full["steps"] == approved.current_assessment.result["steps"]
    token.refresh_from_db()
    assert token.last_used_at is not None


def test_a_token_opens_no_other_organisations_claims(enterprise, owner, approved):
    other = factories.OrganisationFactory()
    stranger = factories.clerk_of(other, MembershipRole.OWNER)
    _token, text = make_token(user=stranger, organisation=other, name="ERP", scopes=BOTH)
    assert ask("/claims", text).json()["items"] == []
    assert ask(f"/claims/{approved.number}", text).status_code == 404


def test_a_scope_limits_what_is_told(enterprise, owner, approved):
    _token, text = make_token(user=owner, organisation=enterprise, name="a", scopes=[Scope.CLAIMS_READ])
    full = ask(f"/claims/{approved.number}", text).json()
    assert full["amount_rmb"] == "50000.00" and full["steps"] == [] and full["policy"] is None
    _token, text = make_token(user=owner, organisation=enterprise, name="b", scopes=[Scope.CALCULATIONS_READ])
    refused = ask("/claims", text)
    assert (refused.status_code, refused.json()["code"]) == (403, "scope")


@pytest.mark.parametrize("text", ["", "nsp_", "nsp_" + "a" * 43, "x" * 5000, "Bearer", "nsp_\u00e9"])
def test_a_made_up_token_opens_nothing(text):
    response = ask("/claims", text)
    assert (response.status_code, response["WWW-Authenticate"]) == (401, "Bearer")
    assert response.json()["code"] == "token"


def test_a_session_is_no_token(owner, approved):
    assert page(owner).get("/api/v1/claims").status_code == 401


def test_a_revoked_token_opens_nothing_from_then_on(enterprise, owner, approved):
    token, text = make_token(user=owner, organisation=enterprise, name="ERP", scopes=BOTH)
    client = page(owner)
    for _twice in range(2):
        assert client.post(reverse("api_token_revoke", args=[token.pk])).status_code == 302
    assert ask("/claims", text).status_code == 401
    assert Record.objects.filter(action="api_token.revoked").count() == 1
    make_token(user=owner, organisation=enterprise, name="ERP", scopes=BOTH)  # the name is free again


@pytest.mark.parametrize("role", [MembershipRole.CLERK, MembershipRole.READER])
def test_only_an_owner_makes_and_revokes(enterprise, owner, role):
    token, _text = make_token(user=owner, organisation=enterprise, name="ERP", scopes=BOTH)
    clerk = factories.clerk_of(enterprise, role)
    client = page(clerk)
    response = client.post(reverse("api_tokens", args=[enterprise.pk]), {"name": "x", "scopes": BOTH})
    assert response.status_code == 422 and ApiToken.objects.count() == 1
    client.post(reverse("api_token_revoke", args=[token.pk]))
    with pytest.raises(TokenRefused) as refused:
        revoke_token(user=clerk, token=token)
    assert refused.value.code == "not_owner"
    token.refresh_from_db()
    assert token.revoked_at is None


def test_strangers_find_nothing(enterprise, owner):
    token, _text = make_token(user=owner, organisation=enterprise, name="ERP", scopes=BOTH)
    client = page(factories.UserFactory())
    assert client.get(reverse("api_tokens", args=[enterprise.pk])).status_code == 404
    assert client.post(reverse("api_token_revoke", args=[token.pk])).status_code == 404


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"name": "", "scopes": ["claims:read"]}, "name"),
        ({"name": "x" * 61, "scopes": ["claims:read"]}, "name"),
        ({"name": "ERP2"}, "scopes"),
        ({"name": "ERP2", "scopes": ["claims:write"]}, "scopes"),
        ({"name": "ERP", "scopes": ["claims:read"]}, "name"),
    ],
)
def test_what_cannot_be_made_is_said_at_its_field(enterprise, owner, data, field):
    make_token(user=owner, organisation=enterprise, name="ERP", scopes=BOTH)
    response = page(owner).post(reverse("api_tokens", args=[enterprise.pk]), data)
    assert response.status_code == 422 and field in response.context["form"].errors
    assert ApiToken.objects.count() == 1


def test_there_are_at_most_so_many(enterprise, owner):
    for number in range(MOST_OF_ONE):
        make_token(user=owner, organisation=enterprise, name=str(number), scopes=BOTH)
    with pytest.raises(TokenRefused) as refused:
        make_token(user=owner, organisation=enterprise, name="more", scopes=BOTH)
    assert refused.value.code == "too_many"


# Held by the database


def test_a_token_is_never_rewritten_revived_or_deleted(enterprise, owner):
    token, _text = make_token(user=owner, organisation=enterprise, name="ERP", scopes=BOTH)
    rows = ApiToken.objects.filter(pk=token.pk)
    for change in (
        {"hash": "0" * 64},
        {"scopes": ["claims:read"]},
        {"organisation": factories.OrganisationFactory()},
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        rows.delete()
    revoke_token(user=owner, token=token)
    with pytest.raises(DatabaseError), transaction.atomic():
        rows.update(revoked_at=None, revoked_by=None)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"hash": "short"}, "api_token_hash_form"),
        ({"scopes": []}, "api_token_has_scope"),
        ({"revoked_at": "2026-01-01T00:00Z"}, "api_token_revoked_by_somebody"),
    ],
)
def test_the_database_refuses_a_token_that_cannot_be(enterprise, owner, change, constraint):
    fields = {
        "organisation": enterprise,
        "name": "n",
        "hash": "0" * 64,
        "scopes": ["claims:read"],
        "created_by": owner,
    }
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        ApiToken.objects.create(**fields | change)
