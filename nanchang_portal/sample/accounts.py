"""Payee accounts of approved claims: in force, waiting for the bureau, and missing."""

from accounts.models import User
from casework.enums import Status
from casework.models import Case
from nanchang_portal.sample.tables import table
from payments.payees import OWN, payees_of
from payments.services.accounts import AccountData, confirm_account, enter_account, verify_account

#: Account numbers begin with 3600 and eleven zeros, which no bank gives out; the banks are named as samples.
ACCOUNTS = table(
    """
    login        | second  | until     | persons | bank             | branch
    enterprise   | finance | verified  |         | 示例银行（虚构） | 示例银行南昌红谷滩支行
    enterprise2  | group   | confirmed |         | 示例银行（虚构） | 示例银行南昌青山湖支行
    enterprise3  | group   | verified  |         | 示例银行（虚构） | 示例银行南昌高新支行
    institution2 | finance | verified  | 6       | 示例银行（虚构） | 示例银行南昌东湖支行
    """
)


def create(users: dict[str, User]) -> None:
    """The account of each organisation's first approved claim, and of so many of its trainees."""
    number = 0
    for row in ACCOUNTS:
        owner = users[row["login"]]
        case = _approved(owner)
        payees = payees_of(case)
        for payee in [p for p in payees if p.reference == OWN] + payees[1 : 1 + int(row["persons"] or 0)]:
            number += 1
            account = enter_account(
                user=owner,
                case=case,
                reference=payee.reference,
                data=AccountData(
                    holder_name=payee.name,
                    number=f"3600{number:015d}",
                    bank_name=row["bank"],
                    branch=row["branch"],
                    cnaps="102421000018",
                ),
            )
            confirm_account(user=users[row["second"]], account_id=account.pk)
            if row["until"] == "verified":
                verify_account(user=users["release"], account_id=account.pk)


def _approved(owner: User) -> Case:
    found = Case.objects.filter(
        organisation__memberships__user=owner, status=Status.APPROVED, amount_rmb__gt=0
    )
    return found.select_related("organisation", "current_assessment__submission").order_by("id").first()
