"""The bureau appoints an owner when every owner's account is closed: one official asks, another confirms.

Nobody else can let people in there any more: invitations and hand-over need an owner who can sign in.
"""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.enums import AppointmentState, MembershipRole
from accounts.members import MemberRefused
from accounts.models import Handover, Membership, Organisation, OwnerAppointment, User
from accounts.permissions import may_appoint
from audit import services as audit


def is_orphaned(organisation: Organisation) -> bool:
    """No owner of this organisation can sign in any more."""
    owners = Membership.objects.filter(organisation=organisation, role=MembershipRole.OWNER)
    return not owners.filter(user__is_active=True).exists()


def account_of(text: str) -> User:
    """The one open account with this user name or address, of nobody in the bureau. Raises ValidationError."""
    text = text.strip()
    found = User.objects.filter(Q(username__iexact=text) | Q(email__iexact=text), is_active=True)[:2]
    if len(found) != 1:
        raise ValidationError(
            _("There is not exactly one open account with this name or address. Ask the person for it."),
            code="account",
        )
    if found[0].is_staff:
        raise ValidationError(
            _("This is an official's account: officials own no organisation."), code="official"
        )
    return found[0]


@transaction.atomic
def propose(
    *, user: User, organisation: Organisation, person: User, letter: str, reason: str
) -> OwnerAppointment:
    """Ask that a person becomes owner. Raises MemberRefused."""
    _lock_orphaned(user, organisation)
    if OwnerAppointment.objects.filter(organisation=organisation, state=AppointmentState.PROPOSED).exists():
        raise MemberRefused("open", _("An appointment for this organisation waits for a decision already."))
    _refuse_unfit(user, person)
    made = OwnerAppointment.objects.create(
        organisation=organisation, person=person, letter=letter, reason=reason, proposed_by=user
    )
    _note(user, "organisation.owner_proposed", made)
    return made


@transaction.atomic
def confirm(*, user: User, appointment: OwnerAppointment) -> None:
    """Make the person owner; owners whose accounts are closed become readers. Raises MemberRefused."""
    organisation = appointment.organisation
    _lock_orphaned(user, organisation)
    current = _open(appointment)
    if current.proposed_by_id == user.pk:
        raise MemberRefused("two_people", _("You proposed this: another official decides about it."))
    _refuse_unfit(user, current.person)
    Membership.objects.update_or_create(
        user=current.person, organisation=organisation, defaults={"role": MembershipRole.OWNER}
    )
    Membership.objects.filter(
        organisation=organisation, role=MembershipRole.OWNER, user__is_active=False
    ).update(role=MembershipRole.READER)
    Handover.objects.filter(organisation=organisation, closed_at__isnull=True).update(
        closed_at=timezone.now()
    )
    _decide(user, current, AppointmentState.MADE)
    _note(user, "organisation.owner_appointed", current)


@transaction.atomic
def turn_down(*, user: User, appointment: OwnerAppointment) -> None:
    """Nothing changes; who proposed it may take it back so. Raises MemberRefused."""
    _lock(user, appointment.organisation)
    current = _open(appointment)
    if current.person_id == user.pk:
        raise MemberRefused("own", _("This is about yourself."))
    _decide(user, current, AppointmentState.TURNED_DOWN)
    _note(user, "organisation.owner_turned_down", current)


def _lock(user: User, organisation: Organisation) -> None:
    Organisation.objects.select_for_update(of=("self",), no_key=True).get(pk=organisation.pk)
    if not (answer := may_appoint(user, organisation)):
        raise MemberRefused("permission", answer.reason)


def _lock_orphaned(user: User, organisation: Organisation) -> None:
    _lock(user, organisation)
    if not is_orphaned(organisation):
        raise MemberRefused(
            "owned",
            _("An owner of this organisation can sign in: they hand ownership over themselves."),
        )


def _refuse_unfit(user: User, person: User) -> None:
    if person.pk == user.pk:
        raise MemberRefused("own", _("This is about yourself."))
    if not person.is_active or person.is_staff:
        raise MemberRefused("person", _("This account is closed or belongs to an official."))


def _open(appointment: OwnerAppointment) -> OwnerAppointment:
    found = OwnerAppointment.objects.select_for_update(of=("self",)).select_related("person", "organisation")
    current = found.get(pk=appointment.pk)
    if current.state != AppointmentState.PROPOSED:
        raise MemberRefused("decided", _("This was decided already."))
    return current


def _decide(user: User, appointment: OwnerAppointment, state: AppointmentState) -> None:
    appointment.state, appointment.decided_by, appointment.decided_at = state, user, timezone.now()
    appointment.save(update_fields=["state", "decided_by", "decided_at"])


def _note(user: User, action: str, appointment: OwnerAppointment) -> None:
    data = {
        "appointment": appointment.pk,
        "person": appointment.person.username,
        "letter": appointment.letter,
        "reason": appointment.reason,
    }
    audit.record(actor=user, action=action, obj=appointment.organisation, data=data)
