"""Who may take which step with accounts and money. Each answer carries the reason that the person is shown."""

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from accounts.enums import MembershipRole, OfficialRole
from accounts.models import Membership, User
from accounts.permissions import YES, Answer, has_role, may_file_for, membership
from casework.models import Case, Review, Submission
from payments.enums import OPEN_ACCOUNTS, AccountState, BatchState
from payments.models import BankAnswer, Batch, PayeeAccount

_FILERS = (MembershipRole.OWNER, MembershipRole.CLERK)


def official(user: User, *roles: OfficialRole) -> Answer:
    """An active official with one of these roles."""
    if user.is_active and user.is_staff and has_role(user, *roles):
        return YES
    return Answer(
        False,
        _("This step needs the role “%(role)s”.") % {"role": _(" or ").join(str(r.label) for r in roles)},
    )


def filers_of(organisation_id: int) -> int:
    """How many people file for an organisation."""
    found = Membership.objects.filter(organisation_id=organisation_id, role__in=_FILERS, user__is_active=True)
    return found.count()


def may_confirm(user: User, account: PayeeAccount) -> Answer:
    """The second person: another filer of the organisation, or the bureau where only one person files."""
    if account.state != AccountState.ENTERED:
        return Answer(False, _("This account does not wait for a confirmation."))
    if account.entered_by_id == user.pk:
        return Answer(False, _("You entered this account; somebody else must confirm it."))
    if membership(user, account.organisation_id):
        return may_file_for(user, account.organisation)
    answer = official(user, OfficialRole.FINANCE, OfficialRole.RELEASER)
    if answer and filers_of(account.organisation_id) > 1:
        return Answer(
            False, _("Several people file for this organisation: one of them confirms the account.")
        )
    return answer


def may_verify(user: User, account: PayeeAccount) -> Answer:
    if account.state != AccountState.CONFIRMED:
        return Answer(False, _("This account does not wait for the bureau's verification."))
    if user.pk in (account.entered_by_id, account.confirmed_by_id):
        return Answer(False, _("You entered or confirmed this account; somebody else must verify it."))
    if membership(user, account.organisation_id):
        return Answer(False, _("You are a member of this organisation; somebody else must verify it."))
    return official(user, OfficialRole.FINANCE, OfficialRole.RELEASER)


def may_refuse(user: User, account: PayeeAccount) -> Answer:
    """An official sends an account back that is wrong; saying no needs no second person."""
    if account.state not in OPEN_ACCOUNTS:
        return Answer(False, _("This account does not wait for the bureau's verification."))
    return official(user, OfficialRole.FINANCE, OfficialRole.RELEASER)


def may_withdraw_account(user: User, account: PayeeAccount) -> Answer:
    if account.state not in OPEN_ACCOUNTS:
        return Answer(False, _("Only an account on its way can be taken back."))
    return may_file_for(user, account.organisation)


def may_prepare(user: User) -> Answer:
    """Make, change and submit batches, hand them to the bank."""
    return official(user, OfficialRole.FINANCE)


def may_release(user: User, batch: Batch) -> Answer:
    """The releaser has neither made the batch nor taken part in any of its cases. The database holds the same."""
    if batch.state != BatchState.SUBMITTED:
        return Answer(False, _("This batch does not wait for a release."))
    answer = official(user, OfficialRole.RELEASER)
    if not answer:
        return answer
    if user.pk in (batch.made_by_id, batch.submitted_by_id):
        return Answer(False, _("You made or submitted this batch; somebody else must release it."))
    inside = Case.objects.filter(payments__batch=batch).exclude(payments__state="cancelled")
    # Of any version: who filed or reviewed before a return or a reopening took part as well.
    filed = Q(Exists(Submission.objects.filter(case=OuterRef("pk"), submitted_by=user)))
    reviewed = Q(Exists(Review.objects.filter(case=OuterRef("pk"), reviewer=user)))
    case = inside.filter(filed | reviewed | Q(organisation__memberships__user=user)).first()
    if case is not None:
        return Answer(
            False,
            _("You filed, reviewed or act for case %(number)s of this batch; somebody else must release it.")
            % {"number": case.number},
        )
    return YES


def may_give_back(user: User, batch: Batch) -> Answer:
    """Back to its maker: for the releaser, and for finance itself."""
    if batch.state != BatchState.SUBMITTED:
        return Answer(False, _("This batch does not wait for a release."))
    return official(user, OfficialRole.RELEASER, OfficialRole.FINANCE)


def may_import(user: User, batch: Batch) -> Answer:
    """Who released does not also say what became of it (decision 15)."""
    answer = official(user, OfficialRole.FINANCE)
    if answer and batch.released_by_id == user.pk:
        return Answer(False, _("You released this batch; somebody else must read in the bank's result."))
    return answer


def may_download(user: User) -> Answer:
    """The file shows account numbers in full."""
    return official(user, OfficialRole.FINANCE, OfficialRole.RELEASER)


def may_answer(user: User) -> Answer:
    return official(user, OfficialRole.FINANCE, OfficialRole.RELEASER)


def may_confirm_answer(user: User, answer: BankAnswer) -> Answer:
    if answer.confirmed_at is not None or answer.withdrawn_at is not None:
        return Answer(False, _("This answer does not wait for a confirmation."))
    if answer.recorded_by_id == user.pk:
        return Answer(False, _("You recorded this answer; somebody else must confirm it."))
    return may_answer(user)


def may_hold(user: User) -> Answer:
    return official(
        user,
        OfficialRole.FINANCE,
        OfficialRole.RELEASER,
        OfficialRole.INITIAL_REVIEWER,
        OfficialRole.FINAL_REVIEWER,
    )
