"""Who acts for an organisation: invite, join, change a role, hand over, leave, remove.

Every verb locks the organisation first, so that two people who act at once are served one after the other. That an
organisation keeps an owner is held once more by the database (`organisation_keeps_an_owner`).
"""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.enums import MembershipRole
from accounts.identifiers import mask_email
from accounts.models import Handover, Invitation, Membership, Organisation, User
from accounts.permissions import may_manage_members, membership
from accounts.refusals import Refusal
from audit import services as audit

INVITATION_DAYS = 14
_SALT = "accounts.invitation"


class MemberRefused(Refusal):
    """A step between people and organisations that may not be taken."""


def token_of(invitation: Invitation) -> str:
    """What the invitation's link carries."""
    return signing.dumps(invitation.key, salt=_SALT)


def invitation_by_token(token: str) -> Invitation | None:
    """The invitation of a link; None for a forged link or one that leads to nothing."""
    try:
        key = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        return None
    return Invitation.objects.select_related("organisation", "invited_by").filter(key=key).first()


def refusal_of(invitation: Invitation) -> str:
    """Why an invitation opens nothing any more; empty while it is open."""
    if invitation.accepted_at:
        return _("This invitation has been used. Each invitation works once.")
    if invitation.withdrawn_at:
        return _("This invitation was withdrawn. Ask the organisation's owner for a new one.")
    if invitation.expires_at <= timezone.now():
        return _("This invitation has lapsed. Ask the organisation's owner for a new one.")
    return ""


def has_address(user: User, email: str) -> bool:
    """Is this address one of the person's own?"""
    own = EmailAddress.objects.filter(user=user).values_list("email", flat=True)
    return email.casefold() in {address.casefold() for address in (*own, user.email)}


def addresses_in(organisation: Organisation) -> set[str]:
    """The addresses of an organisation's members, in lower case."""
    members = User.objects.filter(memberships__organisation=organisation)
    return {email.casefold() for email in members.values_list("email", flat=True) if email}


@transaction.atomic
def invite(*, user: User, organisation: Organisation, email: str, role: str) -> Invitation:
    """Invite somebody by e-mail. An open invitation of the same address is replaced by the new one.

    Raises ValidationError at `email`, or MemberRefused.
    """
    _lock_managed(user, organisation)
    if email.casefold() in addresses_in(organisation):
        raise ValidationError(
            {"email": ValidationError(_("Somebody with this address is a member already."), code="member")}
        )
    now = timezone.now()
    _open_invitations(organisation).filter(email__iexact=email).update(withdrawn_at=now)
    invitation = Invitation(
        organisation=organisation,
        email=email,
        role=role,
        key=secrets.token_hex(16),
        invited_by=user,
        expires_at=now + timedelta(days=INVITATION_DAYS),
    )
    invitation.full_clean(validate_constraints=False)
    invitation.save()
    _note(user, "membership.invited", organisation, {"email": mask_email(email), "role": role})
    return invitation


@transaction.atomic
def withdraw_invitation(*, user: User, invitation: Invitation) -> None:
    """Make an open invitation's link lead nowhere. Raises MemberRefused."""
    _lock_managed(user, invitation.organisation)
    if (
        _open_invitations(invitation.organisation)
        .filter(pk=invitation.pk)
        .update(withdrawn_at=timezone.now())
    ):
        _note(
            user,
            "membership.invitation_withdrawn",
            invitation.organisation,
            {"email": mask_email(invitation.email)},
        )


@transaction.atomic
def accept_invitation(*, user: User, invitation: Invitation) -> Membership:
    """Join the organisation of an open invitation to one of the person's own addresses. Raises MemberRefused."""
    _lock(invitation.organisation)
    current = Invitation.objects.select_for_update(of=("self",)).get(pk=invitation.pk)
    if reason := refusal_of(current):
        raise MemberRefused("invitation", reason)
    if not has_address(user, current.email):
        raise MemberRefused(
            "address",
            _(
                "This invitation is for %(email)s, which is none of your addresses. "
                "Sign in with the account of that address, or add the address to your account first."
            )
            % {"email": mask_email(current.email)},
        )
    # An organisation whose inviter is no owner any more invites nobody through them.
    if not may_manage_members(current.invited_by, current.organisation):
        raise MemberRefused(
            "inviter",
            _("Who invited you is no owner of this organisation any more. Ask for a new invitation."),
        )
    if membership(user, current.organisation_id):
        raise MemberRefused("member", _("You are a member of this organisation already."))
    current.accepted_by, current.accepted_at = user, timezone.now()
    current.save(update_fields=["accepted_by", "accepted_at"])
    member = Membership.objects.create(user=user, organisation=current.organisation, role=current.role)
    _note(user, "membership.added", current.organisation, {"user": user.username, "role": member.role})
    return member


@transaction.atomic
def change_role(*, user: User, member: Membership, role: str) -> Membership:
    """Make a member a clerk or a reader. Ownership is offered and accepted instead. Raises MemberRefused."""
    _lock_managed(user, member.organisation)
    member = _locked(member)
    if role not in (MembershipRole.CLERK, MembershipRole.READER):
        raise MemberRefused("role", _("Ownership is handed over: offer it, and the other person accepts."))
    if member.role == role:
        return member
    _refuse_last_owner(member)
    before, member.role = member.role, role
    member.save(update_fields=["role"])
    _close_offers(member)
    _note(
        user,
        "membership.role_changed",
        member.organisation,
        {"user": member.user.username, "from": before, "to": role},
    )
    return member


@transaction.atomic
def remove_member(*, user: User, member: Membership) -> None:
    """End a membership: an owner removes somebody, or a person leaves. Drafts stay. Raises MemberRefused."""
    leaving = member.user_id == user.pk
    if leaving:
        _lock(member.organisation)
    else:
        _lock_managed(user, member.organisation)
    member = _locked(member)
    _refuse_last_owner(member)
    _close_offers(member)
    _note(
        user,
        "membership.left" if leaving else "membership.removed",
        member.organisation,
        {"user": member.user.username, "role": member.role},
    )
    member.delete()


@transaction.atomic
def offer_ownership(*, user: User, member: Membership, stays_owner: bool) -> Handover:
    """Offer ownership to a member; an older open offer ends. Raises MemberRefused."""
    _lock_managed(user, member.organisation)
    member = _locked(member)
    if member.role == MembershipRole.OWNER:
        raise MemberRefused("owner", _("This person is an owner already."))
    _open_offers(member.organisation).update(closed_at=timezone.now())
    offer = Handover.objects.create(
        organisation=member.organisation, offered_by=user, offered_to=member.user, stays_owner=stays_owner
    )
    _note(
        user,
        "organisation.handover_offered",
        member.organisation,
        {"to": member.user.username, "stays_owner": stays_owner},
    )
    return offer


@transaction.atomic
def accept_ownership(*, user: User, offer: Handover) -> None:
    """Become an owner; who offered it becomes a clerk unless they stay one. Raises MemberRefused."""
    _lock(offer.organisation)
    offer = Handover.objects.select_for_update(of=("self",)).get(pk=offer.pk)
    if offer.offered_to_id != user.pk or offer.closed_at:
        raise MemberRefused("offer", _("This offer is not open any more."))
    giver = Membership.objects.filter(
        user=offer.offered_by, organisation=offer.organisation, role=MembershipRole.OWNER
    ).first()
    mine = membership(user, offer.organisation_id)
    if giver is None or mine is None:
        raise MemberRefused("offer", _("This offer is not open any more."))
    mine.role = MembershipRole.OWNER
    mine.save(update_fields=["role"])
    if not offer.stays_owner:
        giver.role = MembershipRole.CLERK
        giver.save(update_fields=["role"])
    offer.closed_at = timezone.now()
    offer.save(update_fields=["closed_at"])
    _note(
        user,
        "organisation.handover_accepted",
        offer.organisation,
        {"from": offer.offered_by.username, "to": user.username, "stays_owner": offer.stays_owner},
    )


@transaction.atomic
def close_offer(*, user: User, offer: Handover) -> None:
    """Decline an offer, or take it back. Raises MemberRefused."""
    _lock(offer.organisation)
    if user.pk != offer.offered_to_id and not (answer := may_manage_members(user, offer.organisation)):
        raise MemberRefused("permission", answer.reason)
    if _open_offers(offer.organisation).filter(pk=offer.pk).update(closed_at=timezone.now()):
        action = "declined" if user.pk == offer.offered_to_id else "withdrawn"
        _note(
            user,
            f"organisation.handover_{action}",
            offer.organisation,
            {"to": offer.offered_to.username},
        )


def open_invitations(organisation: Organisation) -> Iterable[Invitation]:
    """The invitations that wait for an answer, the newest first."""
    return _open_invitations(organisation).order_by("-id")


def open_offer(organisation: Organisation) -> Handover | None:
    return _open_offers(organisation).select_related("offered_by", "offered_to").first()


def _open_invitations(organisation: Organisation):
    return Invitation.objects.filter(
        organisation=organisation, accepted_at__isnull=True, withdrawn_at__isnull=True
    )


def _open_offers(organisation: Organisation):
    return Handover.objects.filter(organisation=organisation, closed_at__isnull=True)


def _close_offers(member: Membership) -> None:
    """A person who leaves or changes neither gives nor takes ownership by an old offer."""
    mine = Handover.objects.filter(organisation_id=member.organisation_id, closed_at__isnull=True)
    now = timezone.now()
    mine.filter(offered_to=member.user_id).update(closed_at=now)
    mine.filter(offered_by=member.user_id).update(closed_at=now)


def _lock(organisation: Organisation) -> None:
    Organisation.objects.select_for_update(of=("self",), no_key=True).get(pk=organisation.pk)


def _lock_managed(user: User, organisation: Organisation) -> None:
    _lock(organisation)
    answer = may_manage_members(user, organisation)
    if not answer:
        raise MemberRefused("permission", answer.reason)


def _locked(member: Membership) -> Membership:
    found = (
        Membership.objects.select_for_update(of=("self",))
        .select_related("user", "organisation")
        .filter(pk=member.pk)
        .first()
    )
    if found is None:
        raise MemberRefused("gone", _("This person is no member any more."))
    return found


def _refuse_last_owner(member: Membership) -> None:
    owners = Membership.objects.filter(organisation_id=member.organisation_id, role=MembershipRole.OWNER)
    if member.role == MembershipRole.OWNER and not owners.exclude(pk=member.pk).exists():
        raise MemberRefused(
            "last_owner",
            _("An organisation keeps an owner. Hand ownership over first; the other person must accept it."),
        )


def _note(user: User, action: str, organisation: Organisation, data: dict) -> None:
    audit.record(actor=user, action=action, obj=organisation, data=data)


def forget_invitations(*, ended_before: datetime) -> int:
    """Delete invitations, and the addresses in them, that were used, withdrawn or lapsed before a moment."""
    ended = models.Q(accepted_at__lt=ended_before) | models.Q(withdrawn_at__lt=ended_before)
    lapsed = models.Q(accepted_at__isnull=True, withdrawn_at__isnull=True, expires_at__lt=ended_before)
    found = Invitation.objects.filter(ended | lapsed)
    count = found.count()
    found.delete()
    return count
