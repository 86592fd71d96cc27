"""Who may take which step. Each answer carries the reason that the person is shown."""

from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.enums import OfficialRole
from accounts.models import User
from accounts.permissions import YES, Answer, has_role, may_file_for, membership
from casework.clock import day_of
from casework.enums import Stage, Status
from casework.models import Case
from casework.templatetags.portal import day_text
from notices.enums import LetterState, NoticeState, ObjectionKind, ObjectionState
from notices.models import Letter, Notice, Objection
from policy.practice import practice
from policy.workdays import working_days

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


def appeal_ends(case: Case) -> date:
    """The last day on which a rejection can be appealed against."""
    day = day_of(case.decided_at)
    return working_days().after(day, practice("appeal_days", day))


def may_appeal(user: User, case: Case) -> Answer:
    """May this person appeal against the rejection of this case?"""
    answer = may_file_for(user, case.organisation)
    if not answer:
        return answer
    if case.status != Status.REJECTED:
        return Answer(False, _("Only a rejection can be appealed against."))
    if timezone.localdate() > appeal_ends(case):
        return Answer(False, _("The term for an appeal has ended. The letter names the other ways."))
    if case.objections.filter(kind=ObjectionKind.APPEAL).exclude(state=ObjectionState.ANSWERED).exists():
        return Answer(False, _("An appeal of this case is being examined already."))
    if case.objections.filter(kind=ObjectionKind.APPEAL, received_at__gte=case.decided_at).exists():
        return Answer(
            False, _("An appeal against this rejection was answered. The letter names the other ways.")
        )
    return YES


def may_enter(user: User) -> Answer:
    """May this person enter an objection that came on paper?"""
    return _official(user, *REVIEWERS)


def may_state(user: User, objection: Objection) -> Answer:
    """May this person say the organisation's side of an objection?"""
    answer = may_file_for(user, objection.case.organisation)
    if not answer:
        return answer
    if objection.kind != ObjectionKind.OBJECTION or objection.state != ObjectionState.RECEIVED:
        return Answer(False, _("This objection is examined already."))
    if objection.statement_at:
        return Answer(False, _("Your organisation has said its side already."))
    if timezone.localdate() > objection.hearing_until:
        return Answer(False, _("The term for your statement has ended."))
    return YES


def may_examine(user: User, objection: Objection) -> Answer:
    """May this official examine? When the organisation was heard, or its term has passed."""
    answer = _may_work_on(user, objection, *REVIEWERS)
    if not answer:
        return answer
    if objection.state != ObjectionState.RECEIVED:
        return Answer(False, _("This is examined already."))
    heard = (
        objection.hearing_until is None
        or objection.statement_at
        or timezone.localdate() > objection.hearing_until
    )
    if not heard:
        return Answer(
            False,
            _("The organisation may say its side until the end of %(day)s.")
            % {"day": day_text(objection.hearing_until)},
        )
    return YES


def may_answer(user: User, objection: Objection) -> Answer:
    """May this official answer? Neither who examined it nor who decided the case."""
    answer = _may_work_on(user, objection, OfficialRole.FINAL_REVIEWER)
    if not answer:
        return answer
    if objection.state != ObjectionState.EXAMINED:
        return Answer(False, _("This does not wait for an answer."))
    if objection.examined_by_id == user.pk:
        return Answer(False, _("You examined this; somebody else must answer it."))
    if objection.case.reviews.filter(stage=Stage.FINAL, reviewer=user).exists():
        return Answer(False, _("You decided this case; somebody else must answer."))
    return YES


def _may_work_on(user: User, objection: Objection, *roles: OfficialRole) -> Answer:
    answer = _official(user, *roles)
    if not answer:
        return answer
    if objection.filed_by_id == user.pk:
        return Answer(False, _("You filed this yourself; somebody else must work on it."))
    if membership(user, objection.case.organisation_id):
        return Answer(False, _("You are a member of this organisation; somebody else must do this."))
    return YES


def may_redraw(user: User, letter: Letter) -> Answer:
    """May this person have a letter drawn again? Only one that could not be drawn: what was drawn stays."""
    answer = _official(user, *REVIEWERS)
    if answer and letter.state != LetterState.FAILED:
        return Answer(False, _("This letter is drawn, or waits for a worker."))
    return answer


def may_read(user: User, objection: Objection) -> Answer:
    """May this official read who objects and why? Each reading is recorded."""
    return _official(user, *REVIEWERS)
