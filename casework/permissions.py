"""Who may take which step on a case. Each answer carries the reason that the person is shown."""

from django.utils.translation import gettext as _

from accounts.enums import OfficialRole
from accounts.models import User
from accounts.permissions import YES, Answer, has_role, may_file_for, membership
from casework.enums import EDITABLE, IN_REVIEW, ReopeningState, Stage, Status
from casework.models import Case, Reopening

_ROLE = {Stage.INITIAL: OfficialRole.INITIAL_REVIEWER, Stage.FINAL: OfficialRole.FINAL_REVIEWER}


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
    return {Status.INITIAL_REVIEW: Stage.INITIAL, Status.FINAL_REVIEW: Stage.FINAL}.get(Status(case.status))


def may_review(user: User, case: Case) -> Answer:
    """May this person review the case at its present stage? The database holds the same rules once more."""
    stage = stage_of(case)
    if stage is None:
        return Answer(False, _("This case does not wait for a review."))
    if not (user.is_active and user.is_staff and has_role(user, _ROLE[stage])):
        return Answer(False, _("This step needs the role “%(role)s”.") % {"role": _ROLE[stage].label})
    if case.submitted_by_id == user.pk:
        return Answer(False, _("You filed this claim; somebody else must review it."))
    if stage is Stage.FINAL and case.initial_reviewer_id == user.pk:
        return Answer(
            False, _("You did the initial review of this case; the final review needs another person.")
        )
    if membership(user, case.organisation_id):
        return Answer(
            False, _("You are a member of this organisation; somebody else must review its claims.")
        )
    return YES


def may_propose_reopening(user: User, case: Case) -> Answer:
    """May this person propose to take the decision on a case back?"""
    answer = _may_reopen(user, case, *_ROLE.values())
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
    return YES


def _may_reopen(user: User, case: Case, *roles: OfficialRole) -> Answer:
    if case.status not in (Status.APPROVED, Status.REJECTED):
        return Answer(False, _("Only an approved or rejected case can be reopened."))
    if not (user.is_active and user.is_staff and has_role(user, *roles)):
        names = " / ".join(str(role.label) for role in roles)
        return Answer(False, _("This step needs the role “%(role)s”.") % {"role": names})
    if membership(user, case.organisation_id):
        return Answer(False, _("You are a member of this organisation; somebody else must do this."))
    return YES


def may_recalculate(user: User, case: Case) -> Answer:
    """May this person ask for a new calculation?"""
    if case.status not in IN_REVIEW:
        return Answer(False, _("Only a case in review can be calculated again."))
    if not (user.is_staff and has_role(user, *_ROLE.values())):
        return Answer(False, _("Only reviewers can ask for a new calculation."))
    return YES
