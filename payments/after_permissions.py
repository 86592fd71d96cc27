"""Who may take which step after payment. Each answer carries the reason that the person is shown."""

from django.utils.translation import gettext as _

from accounts.enums import OfficialRole
from accounts.models import User
from accounts.permissions import YES, Answer, may_file_for, membership
from payments.enums import CheckState, PersonFileState, ProposalState
from payments.models import Debarment, PersonFile, RecoveryOrder, Repayment, SpotCheck
from payments.permissions import official

CHECKERS = (OfficialRole.INITIAL_REVIEWER, OfficialRole.FINAL_REVIEWER, OfficialRole.FINANCE)
DECIDERS = (OfficialRole.FINAL_REVIEWER, OfficialRole.FINANCE, OfficialRole.RELEASER)


def _no_member(user: User, organisation_id: int) -> Answer:
    if membership(user, organisation_id):
        return Answer(False, _("You are a member of this organisation; somebody else must decide."))
    return YES


def may_draw(user: User) -> Answer:
    return official(user, *CHECKERS)


def may_open(user: User) -> Answer:
    return official(user, *CHECKERS)


def may_find(user: User, check: SpotCheck) -> Answer:
    if check.state != CheckState.OPEN:
        return Answer(False, _("The finding of this check is recorded already."))
    return _no_member(user, check.case.organisation_id) and official(user, *CHECKERS)


def may_reply(user: User, check: SpotCheck) -> Answer:
    """Once, while the bureau has not concluded; a reply after the term still counts then."""
    if check.state != CheckState.HEARING or check.replied_at is not None:
        return Answer(False, _("There is nothing to reply to any more."))
    return may_file_for(user, check.case.organisation)


def may_conclude(user: User, check: SpotCheck) -> Answer:
    if check.state != CheckState.HEARING:
        return Answer(False, _("This check does not wait for a conclusion."))
    if check.found_by_id == user.pk:
        return Answer(False, _("You recorded the finding; somebody else must conclude."))
    return _no_member(user, check.case.organisation_id) and official(user, *DECIDERS)


def may_propose(user: User) -> Answer:
    """A recovery order or a debarment."""
    return official(user, *DECIDERS)


def may_decide(user: User, proposal: RecoveryOrder | Debarment) -> Answer:
    if proposal.state != ProposalState.PROPOSED:
        return Answer(False, _("This proposal is decided already."))
    if proposal.proposed_by_id == user.pk:
        return Answer(False, _("You proposed this; somebody else must decide."))
    return _no_member(user, proposal.organisation_id) and official(user, *DECIDERS)


def may_record(user: User) -> Answer:
    """Money that came back."""
    return official(user, OfficialRole.FINANCE)


def may_confirm_repayment(user: User, repayment: Repayment) -> Answer:
    if repayment.confirmed_at is not None:
        return Answer(False, _("This repayment is confirmed already."))
    if repayment.recorded_by_id == user.pk:
        return Answer(False, _("You recorded this repayment; somebody else must confirm it."))
    return official(user, OfficialRole.FINANCE, OfficialRole.RELEASER)


def may_settle_person(user: User, file: PersonFile) -> Answer:
    """Propose which registration stands, or decide on the proposal."""
    if file.state == PersonFileState.DECIDED:
        return Answer(False, _("This file is decided already."))
    if file.state == PersonFileState.PROPOSED and file.proposed_by_id == user.pk:
        return Answer(False, _("You proposed this; somebody else must decide."))
    return official(user, OfficialRole.INITIAL_REVIEWER, OfficialRole.FINAL_REVIEWER)
