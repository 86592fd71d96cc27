"""Organisations outlive people: invitations, roles, ownership, leaving, and two people at one form."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from accounts import members
from accounts.enums import MembershipRole
from accounts.members import MemberRefused
from accounts.models import Handover, Invitation, Membership
from audit.models import Record
from casework.models import Case
from tests import factories
from tests.clients import Client

OWNER, CLERK, READER = MembershipRole.OWNER, MembershipRole.CLERK, MembershipRole.READER


@pytest.fixture
def organisation(db):
    return factories.OrganisationFactory(name="Firm")


@pytest.fixture
def owner(organisation):
    return factories.clerk_of(organisation, OWNER)


def browser(user) -> Client:
    client = Client()
    client.cookies["language"] = "en"
    client.force_login(user)
    return client


def role_in(organisation, user) -> str | None:
    return (
        Membership.objects.filter(organisation=organisation, user=user).values_list("role", flat=True).first()
    )


def invited(organisation, owner, email="new@example.test", role=CLERK) -> Invitation:
    return members.invite(user=owner, organisation=organisation, email=email, role=role)


def link(invitation) -> str:
    return reverse("invitation", args=[members.token_of(invitation)])


def actions() -> list[str]:
    return list(Record.objects.order_by("id").values_list("action", flat=True))


# Invitations


def test_an_invitation_is_accepted_once_by_its_address(organisation, owner):
    response = browser(owner).post(
        reverse("organisation_invite", args=[organisation.pk]), {"email": "New@example.test", "role": CLERK}
    )
    assert response.status_code == 302
    invitation = Invitation.objects.get()
    someone = factories.UserFactory(email="new@example.test")
    client = browser(someone)
    page = client.get(link(invitation)).content.decode()
    assert "Firm" in page and "Clerk" in page
    assert role_in(organisation, someone) is None
    assert client.post(link(invitation)).status_code == 302
    assert role_in(organisation, someone) == CLERK
    again = client.post(link(invitation))
    assert again.status_code == 410 and "has been used" in again.content.decode()
    assert actions() == ["membership.invited", "membership.added"]
    assert "new@" not in str(Record.objects.get(action="membership.invited").data).lower()


def test_a_visitor_learns_nothing_but_the_way_in(organisation, owner):
    page = Client(headers={"cookie": "language=en"}).get(link(invited(organisation, owner))).content.decode()
    assert "Firm" not in page and "new@example.test" not in page and "n***@example.test" in page
    assert f"{reverse('account_login')}?next=/invitations/open/" in page
    assert f"{reverse('account_signup')}?next=/invitations/open/" in page


def test_the_wrong_address_does_not_join(organisation, owner):
    invitation = invited(organisation, owner)
    stranger = factories.UserFactory(email="other@example.test")
    client = browser(stranger)
    assert "Firm" not in client.get(link(invitation)).content.decode()
    response = client.post(link(invitation))
    assert response.status_code == 410 and "none of your addresses" in response.content.decode()
    assert role_in(organisation, stranger) is None
    invitation.refresh_from_db()
    assert invitation.accepted_at is None


@pytest.mark.parametrize("end", ["lapsed", "withdrawn", "replaced", "inviter gone"])
def test_an_invitation_that_ended_opens_nothing(organisation, owner, end):
    invitation = invited(organisation, owner)
    if end == "lapsed":
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif end == "withdrawn":
        browser(owner).post(reverse("invitation_withdraw", args=[invitation.pk]))
    elif end == "replaced":
        invited(organisation, owner, email="NEW@example.test")
    else:
        factories.clerk_of(organisation, OWNER)
        members.remove_member(user=owner, member=Membership.objects.get(user=owner))
    someone = factories.UserFactory(email="new@example.test")
    assert browser(someone).post(link(invitation)).status_code == 410
    assert role_in(organisation, someone) is None


@pytest.mark.parametrize("token", ["nothing", "x" * 200, "a:b:c", "%F0%9F%92%B0"])
def test_a_forged_link_opens_nothing(db, token):
    assert Client().get(f"/invitations/open/{token}").status_code == 404


def test_an_invitation_is_not_guessed_from_another(organisation, owner):
    first, second = (invited(organisation, owner, email=f"{n}@example.test") for n in "ab")
    token = members.token_of(first)
    forged = members.token_of(second)[:20] + token[20:]
    assert members.invitation_by_token(forged) is None
    assert members.invitation_by_token(token) == first


def test_a_member_is_not_invited_again(organisation, owner):
    member = factories.clerk_of(organisation, email="known@example.test")
    response = browser(owner).post(
        reverse("organisation_invite", args=[organisation.pk]), {"email": "KNOWN@example.test", "role": CLERK}
    )
    assert response.status_code == 422 and "is a member already" in response.content.decode()
    assert not Invitation.objects.exists() and role_in(organisation, member) == CLERK


def test_the_database_keeps_one_open_invitation_of_an_address(organisation, owner):
    invitation = invited(organisation, owner)
    with pytest.raises(IntegrityError, match="invitation_open_once"), transaction.atomic():
        Invitation.objects.create(
            organisation=organisation,
            email="NEW@example.test",
            key="0" * 32,
            invited_by=owner,
            expires_at=invitation.expires_at,
        )
    with pytest.raises(IntegrityError, match="invitation_ends_once"), transaction.atomic():
        Invitation.objects.update(accepted_at=timezone.now())


# Roles, leaving, removing


def test_an_owner_changes_roles_and_removes(organisation, owner):
    member = Membership.objects.get(user=factories.clerk_of(organisation))
    client = browser(owner)
    client.post(reverse("member_role", args=[member.pk]), {"role": READER})
    member.refresh_from_db()
    assert member.role == READER
    assert "Remove" in client.get(reverse("member_remove", args=[member.pk])).content.decode()
    client.post(reverse("member_remove", args=[member.pk]))
    assert role_in(organisation, member.user) is None
    assert actions() == ["membership.role_changed", "membership.removed"]


def test_nobody_is_made_an_owner_without_being_asked(organisation, owner):
    member = Membership.objects.get(user=factories.clerk_of(organisation))
    browser(owner).post(reverse("member_role", args=[member.pk]), {"role": OWNER})
    with pytest.raises(MemberRefused) as refused:
        members.change_role(user=owner, member=member, role=OWNER)
    assert refused.value.code == "role" and role_in(organisation, member.user) == CLERK


@pytest.mark.parametrize("role", [CLERK, READER])
def test_only_owners_manage(organisation, owner, role):
    someone, other = factories.clerk_of(organisation, role), factories.clerk_of(organisation)
    member = Membership.objects.get(user=other)
    invitation = invited(organisation, owner)
    offer = members.offer_ownership(user=owner, member=member, stays_owner=True)
    client = browser(someone)
    before = list(Membership.objects.order_by("pk").values()), Record.objects.count()
    for name, pk, data in (
        ("organisation_invite", organisation.pk, {"email": "x@example.test", "role": CLERK}),
        ("invitation_withdraw", invitation.pk, {}),
        ("member_role", member.pk, {"role": READER}),
        ("member_remove", member.pk, {}),
        ("organisation_handover", organisation.pk, {"member": member.pk}),
        ("handover_accept", offer.pk, {}),
        ("handover_close", offer.pk, {}),
    ):
        response = client.post(reverse(name, args=[pk]), data, follow=True)
        assert response.redirect_chain and "notice-error" in response.content.decode(), name
    page = client.get(reverse("organisation_people", args=[organisation.pk])).content.decode()
    assert "Only an owner" in page and "new@example.test" not in page
    assert (list(Membership.objects.order_by("pk").values()), Record.objects.count()) == before
    assert Handover.objects.get().closed_at is None and Invitation.objects.get().withdrawn_at is None


def test_another_organisation_has_no_people_for_a_stranger(organisation, owner):
    member = Membership.objects.get(user=owner)
    invitation = invited(organisation, owner)
    offer = Handover.objects.create(
        organisation=organisation, offered_by=owner, offered_to=factories.UserFactory()
    )
    client = browser(factories.clerk_of(factories.OrganisationFactory(), OWNER))
    for name, pk in (
        ("organisation_people", organisation.pk),
        ("organisation_leave", organisation.pk),
        ("member_remove", member.pk),
    ):
        assert client.get(reverse(name, args=[pk])).status_code == 404, name
    for name, pk in (
        ("organisation_invite", organisation.pk),
        ("organisation_handover", organisation.pk),
        ("organisation_leave", organisation.pk),
        ("member_role", member.pk),
        ("member_remove", member.pk),
        ("handover_accept", offer.pk),
        ("handover_close", offer.pk),
        ("invitation_withdraw", invitation.pk),
    ):
        assert client.post(reverse(name, args=[pk])).status_code == 404, name
    assert role_in(organisation, owner) == OWNER


def test_the_last_owner_neither_leaves_nor_steps_down(organisation, owner):
    factories.clerk_of(organisation)
    response = browser(owner).post(reverse("organisation_leave", args=[organisation.pk]), follow=True)
    assert "keeps an owner" in response.content.decode()
    member = Membership.objects.get(user=owner)
    with pytest.raises(MemberRefused) as refused:
        members.change_role(user=owner, member=member, role=CLERK)
    assert refused.value.code == "last_owner" and role_in(organisation, owner) == OWNER


@pytest.mark.parametrize("how", ["delete", "demote", "move"])
def test_the_database_keeps_the_last_owner(organisation, owner, how):
    mine = Membership.objects.filter(user=owner)
    with pytest.raises(IntegrityError, match="organisation_keeps_an_owner"), transaction.atomic():
        if how == "delete":
            mine.delete()
        elif how == "demote":
            mine.update(role=CLERK)
        else:
            mine.update(organisation=factories.OrganisationFactory())
    assert role_in(organisation, owner) == OWNER


def test_of_two_last_owners_who_leave_at_once_one_stays(fresh_database, django_db_blocker):
    ready, outcomes = threading.Barrier(2), []

    def leave(pk: int) -> None:
        try:
            with transaction.atomic():
                Membership.objects.filter(pk=pk).exists()
                ready.wait(timeout=20)
                # Not the service: the database alone decides.
                Membership.objects.filter(pk=pk).delete()
            outcomes.append("left")
        except IntegrityError as error:
            outcomes.append("stays" if "organisation_keeps_an_owner" in str(error) else str(error))
        finally:
            connection.close()

    with django_db_blocker.unblock():
        organisation = factories.OrganisationFactory()
        owners = [factories.clerk_of(organisation, OWNER) for _n in range(2)]
        threads = [
            threading.Thread(target=leave, args=[Membership.objects.get(user=user).pk]) for user in owners
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)
        assert sorted(outcomes) == ["left", "stays"]
        assert Membership.objects.filter(organisation=organisation, role=OWNER).count() == 1


def test_what_a_removed_member_drafted_stays_and_closes_to_them(organisation, owner):
    clerk, colleague = factories.clerk_of(organisation), factories.clerk_of(organisation)
    case = factories.offshore_draft(organisation, clerk, "250000")
    gone = browser(clerk)
    assert gone.get(reverse("offshore:claim", args=[case.number])).status_code == 200
    browser(owner).post(reverse("member_remove", args=[Membership.objects.get(user=clerk).pk]))
    assert gone.get(reverse("offshore:claim", args=[case.number])).status_code == 404
    assert browser(colleague).get(reverse("offshore:claim", args=[case.number])).status_code == 200
    assert Case.objects.get().organisation == organisation


def test_a_person_leaves(organisation, owner):
    clerk = factories.clerk_of(organisation)
    client = browser(clerk)
    assert "Leave Firm?" in client.get(reverse("organisation_leave", args=[organisation.pk])).content.decode()
    assert client.post(reverse("organisation_leave", args=[organisation.pk])).status_code == 302
    assert role_in(organisation, clerk) is None and actions() == ["membership.left"]


# Ownership


@pytest.mark.parametrize(("stays", "after"), [(False, CLERK), (True, OWNER)])
def test_ownership_changes_when_the_new_owner_accepts(organisation, owner, stays, after):
    clerk = factories.clerk_of(organisation)
    data = {"member": Membership.objects.get(user=clerk).pk} | ({"stays_owner": "on"} if stays else {})
    browser(owner).post(reverse("organisation_handover", args=[organisation.pk]), data)
    offer = Handover.objects.get()
    assert (role_in(organisation, owner), role_in(organisation, clerk)) == (OWNER, CLERK)
    client = browser(clerk)
    page = client.get(reverse("organisation_people", args=[organisation.pk])).content.decode()
    assert "Ownership is offered to you" in page
    client.post(reverse("handover_accept", args=[offer.pk]))
    assert (role_in(organisation, owner), role_in(organisation, clerk)) == (after, OWNER)
    assert actions() == ["organisation.handover_offered", "organisation.handover_accepted"]
    client.post(reverse("handover_accept", args=[offer.pk]))
    assert Record.objects.count() == 2


@pytest.mark.parametrize("end", ["declined", "taken back", "giver steps down", "taker leaves"])
def test_an_offer_that_ended_gives_nothing(organisation, owner, end):
    clerk = factories.clerk_of(organisation)
    member = Membership.objects.get(user=clerk)
    offer = members.offer_ownership(user=owner, member=member, stays_owner=False)
    if end in ("declined", "taken back"):
        browser(clerk if end == "declined" else owner).post(reverse("handover_close", args=[offer.pk]))
    elif end == "giver steps down":
        factories.clerk_of(organisation, OWNER)
        members.change_role(user=owner, member=Membership.objects.get(user=owner), role=CLERK)
    else:
        members.remove_member(user=clerk, member=member)
    with pytest.raises(MemberRefused):
        members.accept_ownership(user=clerk, offer=offer)
    assert role_in(organisation, clerk) in (CLERK, None)


def test_the_database_keeps_one_open_offer(organisation, owner):
    one, two = factories.clerk_of(organisation), factories.clerk_of(organisation)
    Handover.objects.create(organisation=organisation, offered_by=owner, offered_to=one)
    with pytest.raises(IntegrityError, match="handover_one_open"), transaction.atomic():
        Handover.objects.create(organisation=organisation, offered_by=owner, offered_to=two)
    with pytest.raises(IntegrityError, match="handover_to_another"), transaction.atomic():
        Handover.objects.create(
            organisation=factories.OrganisationFactory(), offered_by=owner, offered_to=owner
        )


# Several organisations, two people at one form


def test_a_person_of_several_organisations_sees_the_role_in_each(organisation, owner):
    Membership.objects.create(
        user=owner, organisation=factories.OrganisationFactory(name="Other"), role=READER
    )
    page = browser(owner).get(reverse("organisations")).content.decode()
    assert "Owner" in page and "Read-only" in page and "asks for which one" in page


def test_the_later_of_two_people_is_shown_what_changed(organisation, owner):
    url = reverse("organisation", args=[organisation.pk])
    first, second = browser(owner), browser(factories.clerk_of(organisation))
    version = second.get(url).context["form"]["version"].value()
    mine = {"address": "First Road 1", "contact_name": "First", "contact_phone": "1", "version": version}
    assert first.post(url, mine).status_code == 302
    theirs = {"address": "", "contact_name": "Second", "contact_phone": "1", "version": version}
    response = second.post(url, theirs)
    page = response.content.decode()
    assert response.status_code == 200 and "Somebody else changed these data" in page
    assert "First Road 1" in page and 'value="Second"' in page
    organisation.refresh_from_db()
    assert organisation.contact_name == "First"
    assert second.post(url, theirs | {"version": organisation.version}).status_code == 302
    organisation.refresh_from_db()
    assert organisation.contact_name == "Second"
    assert second.post(url, theirs | {"version": "", "contact_name": "Blind"}).status_code == 200


def test_query_count_of_the_people(organisation, owner, django_assert_num_queries):
    for _n in range(6):
        factories.clerk_of(organisation)
    for n in range(3):
        invited(organisation, owner, email=f"{n}@example.test")
    client = browser(owner)
    url = reverse("organisation_people", args=[organisation.pk])
    client.get(url)
    with django_assert_num_queries(11):
        client.get(url)
