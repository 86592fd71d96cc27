"""Who may see an identity number in full, hand out a person's data, erase them."""

from django.utils.translation import gettext as _

from accounts.enums import MembershipRole, OfficialRole
from accounts.models import User
from accounts.permissions import YES, Answer, has_role, may_file_for, membership
from training.claim_models import ClaimLine
from training.models import Trainee


def is_reviewer_of(user: User, trainee: Trainee) -> bool:
    """A reviewer, no member of the institution, and a filed claim holds this trainee."""
    reviews = user.is_staff and has_role(user, OfficialRole.INITIAL_REVIEWER, OfficialRole.FINAL_REVIEWER)
    return (
        reviews
        and membership(user, trainee.institution_id) is None
        and ClaimLine.objects.filter(
            enrolment__trainee=trainee, claim__case__submitted_at__isnull=False
        ).exists()
    )


def may_reveal(user: User, trainee: Trainee) -> Answer:
    """May this person read the whole identity number?"""
    if trainee.erased_at is not None:
        return Answer(False, _("The personal data of this trainee were erased; there is no number any more."))
    if is_reviewer_of(user, trainee):
        return YES
    return may_file_for(user, trainee.institution)


def may_export(user: User, trainee: Trainee) -> Answer:
    """May this person hand a trainee's data out?"""
    return may_file_for(user, trainee.institution)


def may_erase(user: User, trainee: Trainee) -> Answer:
    """May this person decide to erase a trainee's data?"""
    member = membership(user, trainee.institution_id)
    if member is None or member.role != MembershipRole.OWNER:
        return Answer(False, _("Only an owner of the institution decides to erase personal data."))
    if trainee.erased_at is not None:
        return Answer(False, _("These personal data were erased already."))
    return YES
