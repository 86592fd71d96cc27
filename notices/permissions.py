"""Who may take which step. Each answer carries the reason that the person is shown."""

from django.utils.translation import gettext as _

from accounts.enums import OfficialRole
from accounts.models import User
from accounts.permissions import YES, Answer, has_role
from notices.enums import NoticeState
from notices.models import Notice

REVIEWERS = (OfficialRole.INITIAL_REVIEWER, OfficialRole.FINAL_REVIEWER)


def _official(user: User, *roles: OfficialRole) -> Answer:
    if user.is_active and user.is_staff and has_role(user, *roles):
        return YES
    names = " / ".join(str(role.label) for role in roles)
    return Answer(False, _("This step needs the role “%(role)s”.") % {"role": names})


def may_make_notice(user: User) -> Answer:
    """May this person draw up a notice?"""
    return _official(user, *REVIEWERS)


def may_publish(user: User, notice: Notice) -> Answer:
    """May this person publish a draft? Another person than the one who made it, and none of a listed organisation."""
    answer = _official(user, OfficialRole.FINAL_REVIEWER)
    if not answer:
        return answer
    if notice.state != NoticeState.DRAFT:
        return Answer(False, _("This notice is not a draft any more."))
    if notice.made_by_id == user.pk:
        return Answer(False, _("You made this notice; somebody else must publish it."))
    if notice.entries.filter(award__case__organisation__memberships__user=user).exists():
        return Answer(
            False, _("You are a member of an organisation on this list; somebody else must publish it.")
        )
    return YES


def may_withdraw_notice(user: User, notice: Notice) -> Answer:
    """May this person take a draft or a running notice back?"""
    answer = _official(user, *REVIEWERS)
    if not answer:
        return answer
    if notice.state == NoticeState.WITHDRAWN:
        return Answer(False, _("This notice is withdrawn already."))
    if notice.has_ended:
        return Answer(
            False,
            _("The term of this notice has ended; an error found now is corrected by reopening the case."),
        )
    return YES
