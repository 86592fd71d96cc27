"""Who may take which step on a case. Each answer carries the reason that the person is shown."""

from django.utils.translation import gettext as _

from accounts.enums import OfficialRole
from accounts.models import User
from accounts.permissions import YES, Answer, has_role, may_file_for
from casework.enums import EDITABLE, IN_REVIEW, ReopeningState, Stage, Status
from casework.models import Case, Reopening
from casework.standing import ROLE, STATUS, Authority, Standing, standing_of


def may_edit(user: User, case: Case) -> Answer:
    """May this person change the claim's data now?"""
    answer = may_file_for(user, case.organisation)
    if not answer:
        return answer
    if case.status not in EDITABLE:
        return Answer(False, _("This claim was filed; it can be changed only when an official returns it."))
    return YES


def may_withdraw(user: User, case: Case) -> Answer:
    answer = may_file_for(user, case.organisation)
    if not answer:
        return answer
    if case.status not in (*EDITABLE, *IN_REVIEW):
        return Answer(False, _("A decided claim cannot be withdrawn."))
    return YES


def stage_of(case: Case) -> Stage | None:
    """The review stage that the case waits for, if any."""
    return {status: stage for stage, status in STATUS.items()}.get(Status(case.status))


def may_review(user: User, case: Case, standing: Standing | None = None) -> Answer:
    """May this person review the case at its present stage? The database holds the same rules once more.

    `standing` is what `casework.standing.standing_of` said of the same user, for pages with many cases.
    """
    found = authority_for(user, case, standing)
    return found if isinstance(found, Answer) else YES


def authority_for(user: User, case: Case, standing: Standing | None = None) -> Authority | Answer:
    """By what the person may review the case now; an Answer with the reason when they may not."""
    stage = stage_of(case)
    if stage is None:
        return Answer(False, _("This case does not wait for a review."))
    standing = standing or standing_of(user)
    authorities = standing.of(stage)
    if not authorities:
        return Answer(False, _("This step needs the role “%(role)s”.") % {"role": ROLE[stage].label})
    refusals = [answer for found in authorities if not (answer := _may_by(found, case, standing))]
    if len(refusals) == len(authorities):
        return refusals[0]
    if case.assigned_to_id not in (None, user.pk):
        return Answer(
            False,
            _("%(who)s works on this case. Take it over with a reason before you decide.")
            % {"who": case.assigned_to},
        )
    return next(found for found in authorities if _may_by(found, case, standing))


def _may_by(authority: Authority, case: Case, standing: Standing) -> Answer:
    """May the person review the case by this authority, whoever works on it?"""
    user, people = standing.user, authority.people(standing.user)
    if case.submitted_by_id == user.pk or case.pk in standing.filed.get(user.pk, ()):
        return Answer(False, _("You filed this claim; somebody else must review it."))
    if case.submitted_by_id in people or any(case.pk in standing.filed.get(one, ()) for one in people):
        return Answer(False, _("Whom you stand in for filed this claim; somebody else must review it."))
    if authority.stage is Stage.FINAL and case.initial_reviewer_id == user.pk:
        return Answer(
            False, _("You did the initial review of this case; the final review needs another person.")
        )
    if authority.stage is Stage.FINAL and (
        case.initial_reviewer_id in people
        or any(case.pk in standing.seen_by_proxy.get(person, ()) for person in people)
    ):
        return Answer(
            False,
            _("The initial review was done by you or on behalf of one of you; the final one needs others."),
        )
    if standing.has_conflict(people, case):
        return Answer(False, _("A conflict of interest is declared; somebody else must review this case."))
    if case.organisation_id in standing.members_of:
        return Answer(
            False, _("You are a member of this organisation; somebody else must review its claims.")
        )
    return YES


def may_propose_reopening(user: User, case: Case) -> Answer:
    """May this person propose to take the decision on a case back?"""
    answer = _may_reopen(user, case, *ROLE.values())
    if answer and case.reopenings.filter(state=ReopeningState.PROPOSED).exists():
        return Answer(False, _("Reopening this case is proposed already."))
    return answer


def may_confirm_reopening(user: User, case: Case, proposal: Reopening) -> Answer:
    """May this person confirm or turn down a proposal? Not who proposed it, and not who decided the case."""
    answer = _may_reopen(user, case, OfficialRole.FINAL_REVIEWER)
    if not answer:
        return answer
    if proposal.state != ReopeningState.PROPOSED:
        return Answer(False, _("This proposal is settled already."))
    if proposal.proposed_by_id == user.pk:
        return Answer(False, _("You proposed it; somebody else must confirm it."))
    if case.final_reviewer_id == user.pk:
        return Answer(False, _("You decided this case; somebody else must confirm its reopening."))
    if case.submissions.filter(submitted_by=user).exists():
        return Answer(False, _("You filed this claim; somebody else must confirm its reopening."))
    return YES


def _may_reopen(user: User, case: Case, *roles: OfficialRole) -> Answer:
    if case.status not in (Status.APPROVED, Status.REJECTED):
        return Answer(False, _("Only an approved or rejected case can be reopened."))
    if not (user.is_active and user.is_staff and has_role(user, *roles)):
        names = " / ".join(str(role.label) for role in roles)
        return Answer(False, _("This step needs the role “%(role)s”.") % {"role": names})
    standing = standing_of(user)
    if case.organisation_id in standing.members_of:
        return Answer(False, _("You are a member of this organisation; somebody else must do this."))
    if standing.has_conflict([user.pk], case):
        return Answer(False, _("A conflict of interest is declared; somebody else must do this."))
    return YES


def may_hold(user: User, case: Case, standing: Standing | None = None) -> Answer:
    """May this person work on the case: review it, if nobody else held it?"""
    stage = stage_of(case)
    if stage is None:
        return Answer(False, _("This case does not wait for a review."))
    standing = standing or standing_of(user)
    authorities = standing.of(stage)
    if not authorities:
        return Answer(False, _("This step needs the role “%(role)s”.") % {"role": ROLE[stage].label})
    answers = [_may_by(found, case, standing) for found in authorities]
    return YES if any(answers) else answers[0]


def may_recalculate(user: User, case: Case, standing: Standing | None = None) -> Answer:
    """May this person ask for a new calculation?"""
    if case.status not in IN_REVIEW:
        return Answer(False, _("Only a case in review can be calculated again."))
    if not (standing or standing_of(user)).authorities:
        return Answer(False, _("Only reviewers can ask for a new calculation."))
    return YES
