"""Payee accounts: one person enters, a second confirms, an official who is neither verifies.

Every change of a payee's account is a new row; payments copied theirs, so a change never reaches money on its way.
"""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from accounts.models import Organisation, User
from accounts.permissions import Answer, may_file_for
from audit import services as audit
from casework.models import Case
from casework.transitions import Refused
from payments.account_numbers import account_number, cnaps_code
from payments.enums import AccountState
from payments.models import PayeeAccount
from payments.payees import payee_of
from payments.permissions import may_confirm, may_refuse, may_verify, may_withdraw_account


@dataclass(frozen=True)
class AccountData:
    """An account as somebody typed it."""

    holder_name: str
    number: str
    bank_name: str
    branch: str
    cnaps: str
    holder_note: str = ""

    def __repr__(self) -> str:
        return "AccountData(…)"  # never into a log


def _refuse_unless(answer: Answer) -> None:
    if not answer:
        raise Refused("permission", answer.reason)


def _note(user: User, action: str, account: PayeeAccount, **data: object) -> None:
    audit.record(
        actor=user,
        action=action,
        obj=account,
        stream=f"accounts.organisation:{account.organisation_id}",
        data={"account": account.number_masked, "payee": account.payee_name, **data},
    )


def _locked(account_id: int) -> PayeeAccount:
    """The account, its organisation locked first: changes of one payee come one after the other."""
    organisation = PayeeAccount.objects.values_list("organisation_id", flat=True).get(pk=account_id)
    Organisation.objects.select_for_update(of=("self",), no_key=True).get(pk=organisation)
    rows = PayeeAccount.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("organisation").get(pk=account_id)


@sensitive_variables("data")
@transaction.atomic
def enter_account(*, user: User, case: Case, reference: str, data: AccountData) -> PayeeAccount:
    """Enter the account of a payee of a case (`payments.payees`). Raises Refused, or ValidationError by field.

    The holder must be the payee; another name needs its explanation.
    """
    _refuse_unless(may_file_for(user, case.organisation))
    payee = payee_of(case, reference)
    if payee is None:
        raise Refused("payee", _("This claim pays nobody of that kind."))
    Organisation.objects.select_for_update(of=("self",), no_key=True).get(pk=case.organisation_id)
    account = PayeeAccount(
        organisation=case.organisation,
        person_key=payee.person_key,
        payee_name=payee.name,
        holder_name=data.holder_name.strip(),
        holder_note=data.holder_note.strip(),
        bank_name=data.bank_name.strip(),
        branch=data.branch.strip(),
        entered_by=user,
    )
    _check(account, data)
    if account.holder_name == account.payee_name:
        account.holder_note = ""
    try:
        with transaction.atomic():
            account.save(force_insert=True)
    except IntegrityError as error:
        if "account_one_change_at_a_time" in str(error):
            raise Refused(
                "open",
                _("A change of this account is on its way already. Take it back before entering another."),
            ) from error
        raise
    account.refresh_from_db()
    _note(user, "payment.account_entered", account)
    return account


@sensitive_variables("data")
def _check(account: PayeeAccount, data: AccountData) -> None:
    faults: dict[str, ValidationError] = {}
    try:
        account.set_number(account_number(data.number))
    except ValidationError as error:
        faults["number"] = error
    try:
        account.cnaps = cnaps_code(data.cnaps)
    except ValidationError as error:
        faults["cnaps"] = error
    if account.holder_name != account.payee_name and not account.holder_note:
        faults["holder_note"] = ValidationError(
            _("The account belongs to somebody else than %(payee)s. Write why it is the right one."),
            code="holder_differs",
            params={"payee": account.payee_name},
        )
    for field in ("holder_name", "bank_name", "branch"):
        if not getattr(account, field):
            faults[field] = ValidationError(_("This field is required."), code="required")
    if faults:
        raise ValidationError(faults)


@transaction.atomic
def confirm_account(*, user: User, account_id: int) -> PayeeAccount:
    """The second person has compared the account with the bank's paper. Raises Refused."""
    account = _locked(account_id)
    _refuse_unless(may_confirm(user, account))
    account.state, account.confirmed_by, account.confirmed_at = AccountState.CONFIRMED, user, timezone.now()
    account.by_office = not account.organisation.memberships.filter(user=user).exists()
    account.save(update_fields=["state", "confirmed_by", "confirmed_at", "by_office"])
    _note(user, "payment.account_confirmed", account, by_office=account.by_office)
    return account


@transaction.atomic
def verify_account(*, user: User, account_id: int) -> PayeeAccount:
    """An official takes the account into force; the payee's former one is replaced. Raises Refused."""
    account = _locked(account_id)
    _refuse_unless(may_verify(user, account))
    now = timezone.now()
    former = PayeeAccount.objects.of_payee(account.organisation_id, account.person_key)
    former.filter(state=AccountState.VERIFIED).update(
        state=AccountState.REPLACED, closed_by=user, closed_at=now
    )
    account.state, account.verified_by, account.verified_at = AccountState.VERIFIED, user, now
    account.save(update_fields=["state", "verified_by", "verified_at"])
    _note(user, "payment.account_verified", account)
    return account


@transaction.atomic
def refuse_account(*, user: User, account_id: int, reason: str) -> PayeeAccount:
    """An official says what is wrong with an account; the organisation reads it. Raises Refused."""
    account = _locked(account_id)
    _refuse_unless(may_refuse(user, account))
    if not reason.strip():
        raise Refused("reason", _("Write the reason: the applicant will read it."))
    return _close(account, AccountState.REFUSED, user, reason.strip(), "payment.account_refused")


@transaction.atomic
def withdraw_account(*, user: User, account_id: int) -> PayeeAccount:
    """The organisation takes back an account that is not in force yet. Raises Refused."""
    account = _locked(account_id)
    _refuse_unless(may_withdraw_account(user, account))
    return _close(account, AccountState.WITHDRAWN, user, "", "payment.account_withdrawn")


def _close(account: PayeeAccount, state: AccountState, user: User, reason: str, action: str) -> PayeeAccount:
    account.state, account.reason = state, reason
    account.closed_by, account.closed_at = user, timezone.now()
    account.save(update_fields=["state", "reason", "closed_by", "closed_at"])
    _note(user, action, account, reason=reason)
    return account


@transaction.atomic
def reveal_account(*, user: User, account: PayeeAccount) -> str:
    """The whole number for an official who verifies or confirms it, once its disclosure is written down."""
    if not (may_verify(user, account) or may_confirm(user, account)):
        raise Refused("permission", _("Only who confirms or verifies an account reads its whole number."))
    _note(user, "payment.account_revealed", account)
    return account.reveal_number()
