"""Registering an organisation, and what its members may see and change."""

import pytest
from django.urls import reverse

from accounts.enums import MembershipRole
from accounts.models import Membership, Organisation
from audit.models import Record
from tests import factories


def data(**changes) -> dict:
    return {
        "kind": "enterprise",
        "name": "Example Software",
        "credit_code": factories.credit_code(7),
        "address": "",
        "contact_name": "Somebody",
        "contact_phone": "0791-0000000",
    } | changes


@pytest.fixture
def user(db, client):
    user = factories.UserFactory()
    client.force_login(user)
    return user


def test_the_person_who_registers_an_organisation_owns_it(user, client):
    spaced = f" {factories.credit_code(7)[:8].lower()} {factories.credit_code(7)[8:]}"
    response = client.post(reverse("organisation_new"), data(credit_code=spaced))
    assert response.status_code == 302
    organisation = Organisation.objects.get(credit_code=factories.credit_code(7))
    assert organisation.division == "360102" and organisation.is_local
    assert Membership.objects.get(organisation=organisation, user=user).role == MembershipRole.OWNER
    assert Record.objects.get(action="organisation.registered").actor == user


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"credit_code": factories.credit_code(7)[:17] + "?"}, "credit_code"),
        ({"credit_code": "123"}, "credit_code"),
        ({"kind": "ministry"}, "kind"),
        ({"name": ""}, "name"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_typed_is_lost(user, client, change, field):
    response = client.post(reverse("organisation_new"), data(**change))
    assert response.status_code == 200
    assert list(response.context["form"].errors) == [field]
    assert "Somebody" in response.content.decode()
    assert not Organisation.objects.exists()


def test_a_code_is_registered_once(user, client):
    factories.OrganisationFactory(credit_code=factories.credit_code(7))
    response = client.post(reverse("organisation_new"), data())
    assert response.status_code == 200
    assert list(response.context["form"].errors) == ["credit_code"]
    assert Organisation.objects.count() == 1


def test_protected_fields_cannot_be_posted(user, client):
    client.post(reverse("organisation_new"), data(is_sample="1", division="440305", id="77"))
    organisation = Organisation.objects.get()
    assert (organisation.is_sample, organisation.division) == (False, "360102")


def test_members_change_the_contact_readers_do_not(user, client):
    organisation = factories.OrganisationFactory()
    member = Membership.objects.create(user=user, organisation=organisation, role=MembershipRole.READER)
    url = reverse("organisation", args=[organisation.pk])
    change = {"address": "", "contact_name": "New", "contact_phone": "1", "name": "Stolen", "version": 1}
    client.post(url, change)
    organisation.refresh_from_db()
    assert organisation.contact_name == "Contact"
    member.role = MembershipRole.CLERK
    member.save()
    client.post(url, change)
    organisation.refresh_from_db()
    assert (organisation.contact_name, organisation.name != "Stolen") == ("New", True)


def test_another_organisation_does_not_exist_for_a_stranger(user, client):
    organisation = factories.OrganisationFactory()
    assert client.get(reverse("organisation", args=[organisation.pk])).status_code == 404
    assert organisation.name not in client.get(reverse("organisations")).content.decode()


def test_query_count_of_the_list(user, client, django_assert_num_queries):
    for _n in range(5):
        organisation = factories.OrganisationFactory()
        factories.recognise(organisation)
        Membership.objects.create(user=user, organisation=organisation)
    client.get(reverse("organisations"))
    with django_assert_num_queries(5):
        client.get(reverse("organisations"))


def test_an_organisation_without_recognition_reads_so_on_its_own_page(user, client):
    organisation = factories.OrganisationFactory()
    Membership.objects.create(user=user, organisation=organisation)
    client.cookies["language"] = "en"
    url = reverse("organisation", args=[organisation.pk])
    assert "Not recognised or designated yet" in client.get(url).content.decode()
    factories.recognise(organisation)
    assert "Not recognised or designated yet" not in client.get(url).content.decode()
