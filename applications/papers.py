"""Which of this programme's records papers belong to."""

from collections.abc import Iterable

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Answer, may_file_for
from applications.models import Contract, Receipt
from casework.models import Case
from casework.permissions import may_edit
from casework.templatetags.portal import day_text
from documents.enums import SubjectKind
from documents.subjects import Subject, register, register_case
from policy.enums import ProgrammeCode


def _contract(contract: Contract, answer: Answer) -> Subject:
    return Subject(
        kind=SubjectKind.CONTRACT,
        id=contract.pk,
        programme=ProgrammeCode.OFFSHORE,
        organisation=contract.organisation,
        label=f"{contract.contract_number} · {contract.name}",
        url=reverse("offshore:contract", args=[contract.pk]),
        answer=answer,
    )


def _receipt(receipt: Receipt, case: Case, answer: Answer) -> Subject:
    return Subject(
        kind=SubjectKind.RECEIPT,
        id=receipt.pk,
        programme=ProgrammeCode.OFFSHORE,
        organisation=case.organisation,
        label=_("%(reference)s of %(day)s")
        % {"reference": receipt.bank_reference, "day": day_text(receipt.received_on)},
        url=reverse("offshore:claim", args=[case.number]) + "#receipts",
        answer=answer,
        case=case,
    )


def contracts(user: User, ids: Iterable[int]) -> dict[int, Subject]:
    found = Contract.objects.visible_to(user).filter(pk__in=ids).select_related("organisation")
    return {row.pk: _contract(row, may_file_for(user, row.organisation)) for row in found}


def receipts(user: User, ids: Iterable[int]) -> dict[int, Subject]:
    found = Receipt.objects.filter(pk__in=ids, claim__case__organisation__memberships__user=user)
    rows = found.select_related("claim__case__organisation")
    return {row.pk: _receipt(row, row.claim.case, may_edit(user, row.claim.case)) for row in rows}


def of_case(case: Case, user: User | None) -> list[Subject]:
    """The contracts that the claim's receipts stand under, then the receipts."""
    rows = list(
        Receipt.objects.filter(claim__case=case)
        .select_related("contract__organisation")
        .order_by("received_on", "id")
    )
    no = Answer(False)
    for_contracts = may_file_for(user, case.organisation) if user is not None else no
    for_receipts = may_edit(user, case) if user is not None else no
    used = {row.contract_id: row.contract for row in rows}
    return [
        *(_contract(contract, for_contracts) for contract in used.values()),
        *(_receipt(row, case, for_receipts) for row in rows),
    ]


register(SubjectKind.CONTRACT, contracts)
register(SubjectKind.RECEIPT, receipts)
register_case(ProgrammeCode.OFFSHORE, of_case)
