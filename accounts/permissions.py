"""Who may do what. Each answer is `(allowed, reason)`; the reason is shown to the person."""

from collections.abc import Sequence
from typing import NamedTuple

from django.utils.translation import gettext as _

from accounts.enums import MembershipRole, OfficialRole
from accounts.models import Membership, Organisation, User


class Answer(NamedTuple):
    allowed: bool
    reason: str = ""

    def __bool__(self) -> bool:
        return self.allowed


YES = Answer(True)


def roles_of(user: User) -> frozenset[str]:
    """The official roles of a user, read once per request."""
    if not user.is_authenticated or not user.is_active:
        return frozenset()
    if not hasattr(user, "_official_roles"):
        names = set(user.groups.values_list("name", flat=True))
        user._official_roles = frozenset(names & set(OfficialRole.values))
    return user._official_roles


def know_roles(users: Sequence[User]) -> None:
    """Read the roles of several people at once, those that were read already left alone."""
    unknown = {user.pk: user for user in users if not hasattr(user, "_official_roles")}
    if not unknown:
        return
    found: dict[int, set[str]] = {pk: set() for pk in unknown}
    rows = User.groups.through.objects.filter(user__in=unknown, group__name__in=OfficialRole.values)
    for pk, name in rows.values_list("user_id", "group__name"):
        found[pk].add(name)
    for user in users:
        if not hasattr(user, "_official_roles"):
            user._official_roles = frozenset(found[user.pk]) if user.is_active else frozenset()


def has_role(user: User, *roles: str) -> bool:
    return bool(roles_of(user) & set(roles)) or (user.is_active and user.is_superuser)


def is_official(user: User) -> bool:
    return user.is_authenticated and user.is_staff and (bool(roles_of(user)) or user.is_superuser)


def membership(user: User, organisation_id: int) -> Membership | None:
    if not user.is_authenticated:
        return None
    return Membership.objects.filter(user=user, organisation_id=organisation_id).first()


def may_file_for(user: User, organisation: Organisation) -> Answer:
    """May this person write filings of this organisation?"""
    member = membership(user, organisation.pk)
    if member is None:
        return Answer(False, _("You are not a member of this organisation."))
    if not member.may_file:
        return Answer(
            False, _("Your role in this organisation is read-only. Ask its owner for the clerk role.")
        )
    return YES


def may_manage_members(user: User, organisation: Organisation) -> Answer:
    """May this person invite, remove and change the members of this organisation?"""
    member = membership(user, organisation.pk)
    if member is None:
        return Answer(False, _("You are not a member of this organisation."))
    if member.role != MembershipRole.OWNER:
        return Answer(False, _("Only an owner invites, removes and changes members. Ask one of them."))
    return YES


def may_accredit(user: User, organisation: Organisation | None = None) -> Answer:
    """May this official recognise or designate (this organisation, when it is known already)?"""
    if not (user.is_staff and has_role(user, OfficialRole.INITIAL_REVIEWER, OfficialRole.FINAL_REVIEWER)):
        return Answer(False, _("Only reviewers grant and end recognitions and designations."))
    if organisation is not None and membership(user, organisation.pk):
        return Answer(False, _("You are a member of this organisation; somebody else must grant this."))
    return YES


def may_appoint(user: User, organisation: Organisation) -> Answer:
    """May this official take part in appointing an owner of this organisation?"""
    if not (user.is_staff and has_role(user, OfficialRole.INITIAL_REVIEWER, OfficialRole.FINAL_REVIEWER)):
        return Answer(False, _("Only reviewers appoint an organisation's owner."))
    if membership(user, organisation.pk):
        return Answer(False, _("You are a member of this organisation; somebody else must decide this."))
    return YES


def may_reset_factors(user: User) -> Answer:
    """May this person take part in taking a lost second factor away?"""
    if not (user.is_active and user.is_staff and user.is_superuser):
        return Answer(False, _("Only administrators take a lost second factor away."))
    return YES


def may_lead_account(user: User, person: User) -> Answer:
    """May this administrator change name, address, password or roles of that account on the desk?

    Not of a colleague: who could, would be two administrators. Closing the account is everybody's.
    """
    if person.is_superuser and person.pk != user.pk:
        return Answer(
            False,
            _(
                "Another administrator's account is led by its owner. Here it can only be closed or lose its rights."
            ),
        )
    return YES
