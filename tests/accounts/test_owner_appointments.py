"""An owner for an organisation whose owners' accounts are all closed: one official asks, another confirms."""

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts import appointments
from accounts.enums import AppointmentState, MembershipRole, OfficialRole
from accounts.members import MemberRefused
from accounts.models import Membership, OwnerAppointment
from audit.models import Record
from tests import factories
from tests.clients import Client

WHY = {"letter": "HONG-2026-7", "reason": "The only owner has left the company"}


@pytest.fixture
def orphan(db):
    """An organisation with a clerk, whose only owner's account is closed."""
    organisation = factories.OrganisationFactory()
    owner = factories.clerk_of(organisation, MembershipRole.OWNER)
    owner.is_active = False
    owner.save()
    return organisation


@pytest.fixture
def clerk(orphan):
    return factories.clerk_of(orphan)


@pytest.fixture
def first(db):
    return factories.official(OfficialRole.INITIAL_REVIEWER)


@pytest.fixture
def second(db):
    return factories.official(OfficialRole.FINAL_REVIEWER)


@pytest.fixture
def proposed(orphan, clerk, first) -> OwnerAppointment:
    return appointments.propose(user=first, organisation=orphan, person=clerk, **WHY)


def roles(organisation) -> dict[str, str]:
    return dict(organisation.memberships.values_list("user__username", "role"))


def browser(user) -> Client:
    client = Client()
    client.force_login(user)
    client.cookies["language"] = "en"
    return client


def test_two_officials_make_a_member_owner(orphan, clerk, first, second, proposed):
    before = roles(orphan)
    assert before[clerk.username] == MembershipRole.CLERK
    appointments.confirm(user=second, appointment=proposed)
    proposed.refresh_from_db()
    assert (proposed.state, proposed.decided_by) == (AppointmentState.MADE, second)
    assert roles(orphan)[clerk.username] == MembershipRole.OWNER
    assert sorted(roles(orphan).values()) == [MembershipRole.OWNER, MembershipRole.READER]
    assert not appointments.is_orphaned(orphan)
    actions = Record.objects.filter(action__startswith="organisation.owner_").values_list("action", "actor")
    assert list(actions.order_by("id")) == [
        ("organisation.owner_proposed", first.pk),
        ("organisation.owner_appointed", second.pk),
    ]


def test_somebody_new_becomes_owner_and_turning_down_changes_nothing(orphan, first, second):
    stranger, before = factories.UserFactory(), roles(orphan)
    asked = appointments.propose(user=first, organisation=orphan, person=stranger, **WHY)
    appointments.turn_down(user=second, appointment=asked)
    assert roles(orphan) == before
    again = appointments.propose(user=second, organisation=orphan, person=stranger, **WHY)
    appointments.confirm(user=first, appointment=again)
    assert roles(orphan)[stranger.username] == MembershipRole.OWNER


@pytest.mark.parametrize("code", ["two_people", "owned", "decided", "person", "permission", "open"])
def test_what_is_refused_changes_nothing(orphan, clerk, first, second, proposed, code):
    def confirm(user):
        appointments.confirm(user=user, appointment=proposed)

    if code == "owned":
        factories.clerk_of(orphan, MembershipRole.OWNER)
    elif code == "decided":
        appointments.turn_down(user=first, appointment=proposed)
    elif code == "person":
        clerk.is_active = False
        clerk.save()
    before = roles(orphan)
    with pytest.raises(MemberRefused) as refused:
        if code == "two_people":
            confirm(first)
        elif code == "permission":
            confirm(factories.official(OfficialRole.FINANCE))
        elif code == "open":
            appointments.propose(user=second, organisation=orphan, person=factories.UserFactory(), **WHY)
        else:
            confirm(second)
    assert refused.value.code == code
    assert roles(orphan) == before and OwnerAppointment.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"state": "made", "decided_by": "first"}, "appointment_two_people"),
        ({"state": "made", "decided_by": "clerk"}, "appointment_of_another"),
        ({"state": "made"}, "appointment_state_says_who"),
        ({"reason": "another"}, "Cannot update"),
    ],
)
def test_the_database_holds_it_too(clerk, first, proposed, change, constraint):
    people = {"first": first, "clerk": clerk}
    values = {name: people.get(value, value) for name, value in change.items()}
    if "decided_by" in values:
        values["decided_at"] = timezone.now()
    with pytest.raises(Exception, match=constraint), transaction.atomic():
        OwnerAppointment.objects.filter(pk=proposed.pk).update(**values)
    with pytest.raises(IntegrityError, match="appointment_one_open"), transaction.atomic():
        OwnerAppointment.objects.create(
            organisation=proposed.organisation, person=clerk, proposed_by=first, **WHY
        )


def test_the_desk_leads_through_it(orphan, clerk, first, second):
    page = browser(first).get(reverse("admin:accounts_organisation_change", args=[orphan.pk]))
    new = reverse("admin:accounts_ownerappointment_new", args=[orphan.pk])
    assert new in page.content.decode()
    wrong = browser(first).post(new, {"person": "nobody at all", **WHY})
    assert wrong.status_code == 200 and wrong.context["form"].errors["person"]
    assert "HONG-2026-7" in wrong.content.decode() and not OwnerAppointment.objects.exists()
    browser(first).post(new, {"person": clerk.username, **WHY})
    found = OwnerAppointment.objects.get()
    at = reverse("admin:accounts_ownerappointment_change", args=[found.pk])
    confirm = reverse("admin:accounts_ownerappointment_confirm", args=[found.pk])
    assert confirm not in browser(first).get(at).content.decode()
    assert confirm in browser(second).get(at).content.decode()
    browser(first).post(confirm)
    assert not Membership.objects.filter(user=clerk, role=MembershipRole.OWNER).exists()
    for _ in range(2):
        browser(second).post(confirm)
    assert Membership.objects.filter(user=clerk, role=MembershipRole.OWNER).count() == 1
    assert browser(factories.official(OfficialRole.FINANCE)).get(new).status_code == 403


def test_an_organisation_with_an_owner_offers_no_appointment(first):
    organisation = factories.OrganisationFactory()
    factories.clerk_of(organisation, MembershipRole.OWNER)
    page = browser(first).get(reverse("admin:accounts_organisation_change", args=[organisation.pk]))
    new = reverse("admin:accounts_ownerappointment_new", args=[organisation.pk])
    assert new not in page.content.decode()
    with pytest.raises(MemberRefused) as refused:
        appointments.propose(user=first, organisation=organisation, person=factories.UserFactory(), **WHY)
    assert refused.value.code == "owned"
