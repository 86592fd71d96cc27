"""Changes to organisations, memberships and accreditations."""

from allauth.usersessions.models import UserSession
from django.db import transaction

from accounts.enums import MembershipRole
from accounts.identifiers import division_of_credit_code
from accounts.models import Accreditation, Membership, Organisation, User
from audit import services as audit


@transaction.atomic
def register_organisation(*, user: User, organisation: Organisation) -> Organisation:
    """Create an organisation with `user` as its owner. Raises ValidationError with the field named."""
    organisation.division = organisation.division or division_of_credit_code(organisation.credit_code)
    organisation.full_clean()
    organisation.save()
    Membership.objects.create(user=user, organisation=organisation, role=MembershipRole.OWNER)
    audit.record(
        actor=user,
        action="organisation.registered",
        obj=organisation,
        data={"name": organisation.name, "credit_code": organisation.credit_code, "kind": organisation.kind},
    )
    return organisation


def choose_language(*, user: User, language: str) -> None:
    """Remember in which language a person reads; a habit, not a change that the audit would tell."""
    User.objects.filter(pk=user.pk).exclude(language=language).update(language=language)


@transaction.atomic
def end_session(*, user: User, session: UserSession) -> None:
    """Sign one of the person's own sessions out, wherever it is."""
    session.end()
    audit.record(actor=user, action="user.session_ended", obj=user)


def end_sessions_of(person: User) -> None:
    """Sign a person out wherever they are: what they may do has changed."""
    for session in UserSession.objects.filter(user=person):
        session.end()


class OrganisationChanged(Exception):
    """Somebody else saved this organisation after the form was opened; `present` is what is there now."""

    def __init__(self, present: Organisation) -> None:
        super().__init__(present.pk)
        self.present = present


@transaction.atomic
def update_organisation(
    *, user: User, organisation: Organisation, changed: list[str], expected_version: int | None
) -> Organisation:
    """Save the changed fields of an organisation. Name, code and kind are the registry's, not the member's.

    Raises OrganisationChanged when the form did not know the present version.
    """
    if not changed:
        return organisation
    present = Organisation.objects.select_for_update(of=("self",), no_key=True).get(pk=organisation.pk)
    if expected_version != present.version:
        raise OrganisationChanged(present)
    organisation.version = present.version + 1
    organisation.save(update_fields=[*changed, "version"])
    audit.record(
        actor=user,
        action="organisation.changed",
        obj=organisation,
        data={name: getattr(organisation, name) for name in changed},
    )
    return organisation


@transaction.atomic
def grant_accreditation(*, user: User, accreditation: Accreditation) -> Accreditation:
    """Record an official's recognition of an enterprise or designation of an institution, new or changed."""
    is_new = accreditation.pk is None
    if is_new:
        accreditation.granted_by = user
    accreditation.full_clean()
    accreditation.save()
    audit.record(
        actor=user,
        action="accreditation.granted" if is_new else "accreditation.changed",
        obj=accreditation,
        stream=f"accounts.organisation:{accreditation.organisation_id}",
        data={
            "kind": accreditation.kind,
            "document_number": accreditation.document_number,
            "valid_from": accreditation.valid_from,
            "valid_to": accreditation.valid_to,
        },
    )
    return accreditation
