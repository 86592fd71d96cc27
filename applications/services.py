"""What an enterprise's people do with the yearly claim: write it, file it; and the office's rates."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.enums import OfficialRole
from accounts.models import Organisation, User
from accounts.permissions import has_role
from applications.history import CLAIM_SAVED
from applications.layout import LAYOUT
from applications.models import Contract, ExchangeRate, OffshoreClaim, Receipt
from applications.selectors import claim_lines, claim_of, used_references
from audit import services as audit
from casework.models import Case, Submission
from casework.permissions import may_edit
from casework.reopening import outside, refusal, reopened
from casework.services import filing
from casework.services.calculation import lock_case
from casework.transitions import Refused
from policy.enums import ProgrammeCode

RECEIPT_FIELDS = ("contract_id", "received_on", "currency", "amount", "bank_reference", "declaration_number")


class ReferencesUsed(Exception):
    """Bank references that another claim holds. Whose claim it is, nobody is told."""

    def __init__(self, references: Collection[str]) -> None:
        super().__init__(", ".join(sorted(references)))
        self.references = frozenset(references)


@dataclass(frozen=True)
class ReceiptLine:
    """One valid row of the claim's form; `id` is None for a new receipt."""

    id: int | None
    contract_id: int
    received_on: date
    currency: str
    amount: Decimal
    bank_reference: str
    declaration_number: str = ""


# The claim


@transaction.atomic
def start_claim(*, user: User, organisation: Organisation, year: int) -> Case:
    """The enterprise's draft claim of a year: the one that is open, or a new one. Raises Refused."""
    case = filing.start_case(
        user=user, organisation=organisation, programme_code=ProgrammeCode.OFFSHORE, year=year
    )
    OffshoreClaim.objects.get_or_create(case=case)
    return case


def save_claim(
    *,
    case_id: int,
    user: User,
    expected_version: int | None,
    note: str,
    lines: Sequence[ReceiptLine],
    removed: Collection[int] = (),
    typed_seen: datetime | None = None,
) -> Case:
    """Write the receipts and the note of a claim, and forget what was typed before.

    Receipts that are neither in `lines` nor in `removed` stay as they are. Raises Refused (code "stale" when somebody
    saved meanwhile, "typing" when somebody else's typing came after `typed_seen`, "closed" for what an official did not
    mark on a returned claim), or ReferencesUsed.
    """
    try:
        with transaction.atomic():
            return _save_claim(case_id, user, expected_version, note, lines, removed, typed_seen)
    except IntegrityError as error:
        if "receipt_bank_reference_once" not in str(error):
            raise
        # Somebody else's receipt came first, between the form's check and this save.
        claim = OffshoreClaim.objects.get(case=case_id)
        raise ReferencesUsed(
            used_references([line.bank_reference for line in lines], but_claim=claim.pk)
        ) from error


def _save_claim(
    case_id: int,
    user: User,
    expected_version: int | None,
    note: str,
    lines: Sequence[ReceiptLine],
    removed: Collection[int],
    typed_seen: datetime | None,
) -> Case:
    case = _editable(lock_case(case_id), user, expected_version)
    claim = claim_of(case)
    _check_typing(claim, user, typed_seen)
    open_ = reopened(case)
    before = None if open_.everything else {"note": claim.note, "lines": claim_lines(claim).lines}
    changes = _write_receipts(case, claim, lines, removed)
    if claim.note != note:
        changes["note"] = True
    if before is not None:
        after = {"note": note, "lines": claim_lines(claim).lines}
        if unasked := outside(before, after, LAYOUT, open_):
            raise refusal(unasked)
    claim.note, claim.typed, claim.typed_at, claim.typed_by = note, None, None, None
    claim.save(update_fields=["note", "typed", "typed_at", "typed_by"])
    if changes:
        filing.record_edit(
            case=case, user=user, action=CLAIM_SAVED, data={"version": case.version + 1, **changes}
        )
    return case


def _editable(case: Case, user: User, expected_version: int | None) -> Case:
    answer = may_edit(user, case)
    if not answer:
        raise Refused("permission", answer.reason)
    filing.check_version(case, expected_version)
    return case


def _check_typing(claim: OffshoreClaim, user: User, seen: datetime | None) -> None:
    """Refuse to write over what somebody else typed after this person's page was made."""
    if claim.typed is None or claim.typed_by_id == user.pk or (seen and claim.typed_at <= seen):
        return
    raise Refused(
        "typing",
        _("%(who)s is typing in this claim as well, last at %(when)s. Agree on who goes on.")
        % {"who": claim.typed_by, "when": timezone.localtime(claim.typed_at).strftime("%H:%M")},
    )


def _write_receipts(
    case: Case, claim: OffshoreClaim, lines: Sequence[ReceiptLine], removed: Collection[int]
) -> dict[str, Any]:
    """Write the rows of a locked claim; returns what changed, for the audit record."""
    own = set(
        Contract.objects.filter(
            organisation=case.organisation_id, pk__in={line.contract_id for line in lines}
        ).values_list("pk", flat=True)
    )
    present = {receipt.pk: receipt for receipt in claim.receipts.all()}
    changes: dict[str, list] = {"added": [], "changed": [], "removed": []}
    if gone := [present[pk] for pk in removed if pk in present]:
        changes["removed"] = [_receipt_data(receipt) for receipt in gone]
        claim.receipts.filter(pk__in=[receipt.pk for receipt in gone]).delete()
    to_save = []
    for line in lines:
        if line.contract_id not in own:
            raise Refused("contract", _("Choose one of the contracts that your enterprise has registered."))
        receipt = present.get(line.id) if line.id is not None else None
        before = _receipt_data(receipt) if receipt else None
        receipt = receipt or Receipt(claim=claim)
        for name in RECEIPT_FIELDS:
            setattr(receipt, name, getattr(line, name))
        if before != _receipt_data(receipt):
            changes["changed" if before else "added"].append(_receipt_data(receipt))
            to_save.append(receipt)
    # Two rows may swap their references: free them first.
    claim.receipts.filter(pk__in=[receipt.pk for receipt in to_save if receipt.pk]).update(released=True)
    for receipt in to_save:
        receipt.save()
    return {kind: rows for kind, rows in changes.items() if rows}


def _receipt_data(receipt: Receipt) -> dict[str, str]:
    data = {name: str(getattr(receipt, name)) for name in RECEIPT_FIELDS}
    return data | {"amount": f"{receipt.amount:.2f}"}


@transaction.atomic
def keep_typed(
    *,
    case_id: int,
    user: User,
    expected_version: int | None,
    typed: Mapping[str, str],
    typed_seen: datetime | None = None,
) -> datetime:
    """Keep the form as it was typed, valid or not, until it is saved; returns when.

    Nothing of the claim changes, so neither its version nor the audit record grows. Raises Refused when somebody
    saved the claim after this form was opened, or somebody else is typing.
    """
    case = (
        Case.objects.select_for_update(of=("self",), no_key=True)
        .select_related("organisation")
        .get(pk=case_id)
    )
    _editable(case, user, expected_version)
    claim = OffshoreClaim.objects.select_related("typed_by").get(case=case)
    _check_typing(claim, user, typed_seen)
    claim.typed, claim.typed_at, claim.typed_by = dict(typed), timezone.now(), user
    claim.save(update_fields=["typed", "typed_at", "typed_by"])
    return claim.typed_at


@transaction.atomic
def drop_typed(*, case_id: int, user: User, expected_version: int | None) -> None:
    """Forget what was typed and go back to what is saved."""
    case = (
        Case.objects.select_for_update(of=("self",), no_key=True)
        .select_related("organisation")
        .get(pk=case_id)
    )
    _editable(case, user, expected_version)
    OffshoreClaim.objects.filter(case=case).update(typed=None, typed_at=None, typed_by=None)


@transaction.atomic
def give_undertaking_and_submit(
    *,
    case_id: int,
    user: User,
    name: str,
    expected_version: int | None = None,
    answers: Mapping[int, str] | None = None,
) -> Submission:
    """Record who gave the undertaking and file the claim, both or neither. Raises Refused, filing.Incomplete."""
    case = _editable(lock_case(case_id), user, expected_version)
    claim = claim_of(case)
    claim.undertaking_by, claim.undertaking_at = name, timezone.now()
    claim.save(update_fields=["undertaking_by", "undertaking_at"])
    audit.record(actor=user, action="offshore.undertaking", obj=case, data={"name": name})
    return filing.submit(case_id=case_id, user=user, expected_version=expected_version, answers=answers)


# Exchange rates


@transaction.atomic
def publish_rate(*, user: User, rate: ExchangeRate) -> ExchangeRate:
    """Publish a rate of a currency for a span of days; it never changes afterwards. Raises Refused, ValidationError."""
    if not has_role(user, OfficialRole.FINANCE, OfficialRole.POLICY_EDITOR):
        raise Refused("permission", _("Rates are published by a finance officer or a policy editor."))
    rate.full_clean()
    rate.save(force_insert=True)
    audit.record(
        actor=user,
        action="offshore.rate_published",
        obj=rate,
        stream="applications.exchangerate",
        data={
            "currency": rate.currency,
            "valid_from": rate.valid_from,
            "valid_to": rate.valid_to,
            "usd_per_unit": rate.usd_per_unit,
            "source": rate.source,
        },
    )
    return rate
