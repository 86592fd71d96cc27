"""The workbook of the offshore programme: contracts, and the receipts of one claim.

Each cell is read by the field of the page's form and judged by the same checks (`applications.checks`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.enums import MembershipRole, OrganisationKind
from accounts.models import Organisation, User
from accounts.permissions import may_file_for
from applications.checks import (
    REFERENCE_USED,
    UNKNOWN_CONTRACT,
    check_amount,
    check_day,
    check_ends_on,
    check_signed_on,
)
from applications.contract_services import CONTRACT_FIELDS
from applications.history import CLAIM_IMPORTED, CONTRACTS_IMPORTED
from applications.models import Contract, OffshoreClaim, Receipt
from applications.selectors import offshore_cases, used_references
from applications.workbook_columns import CONTRACTS, RECEIPTS, contracts_sheet, receipts_sheet
from audit import services as audit
from audit.services import sha256
from casework.enums import EDITABLE
from casework.models import Case
from casework.permissions import may_edit
from casework.reopening import EVERYTHING, reopened
from casework.services import filing
from casework.services.calculation import lock_case
from casework.transitions import Refused
from workbooks.changes import ChangedRow, changed_row
from workbooks.enums import Effect
from workbooks.models import ImportJob, SourceRow
from workbooks.reading.refusals import Unreadable
from workbooks.sheets import Fault, Sheet, Words, Workbook, register, sentences

#: One audit record vouches for so many rows.
CHUNK = 5000


class OffshoreIntake:
    """One pass over an enterprise's workbook."""

    def __init__(self, *, user: User, organisation: Organisation, case: Case | None) -> None:
        self.user, self.organisation, self.case = user, organisation, case
        self.year = case.year if case else 0
        self.contracts: dict[str, tuple[int, dict[str, Any]]] = {}
        self.receipts: dict[str, tuple[int, dict[str, Any]]] = {}
        self.effects: dict[str, dict[str, Effect]] = {}

    # Rows

    def check(self, sheet: Sheet, row: int, values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        rules = self._contract if sheet.code == CONTRACTS else self._receipt
        for column, rule in rules(values):
            try:
                rule()
            except ValidationError as error:
                yield from ((column, message) for message in error.messages)
        kept, key, message = (
            (self.contracts, "contract_number", _("Row %(number)d has the same contract number."))
            if sheet.code == CONTRACTS
            else (self.receipts, "bank_reference", _("Row %(number)d has the same bank reference."))
        )
        if (first := kept.get(values[key])) is not None:
            yield key, message % {"number": first[0]}

    def _contract(self, values: dict[str, Any]):
        yield "signed_on", lambda: check_signed_on(values["signed_on"])
        yield "ends_on", lambda: check_ends_on(values["starts_on"], values["ends_on"])

    def _receipt(self, values: dict[str, Any]):
        if self.case is None:
            raise Unreadable("case")
        yield "received_on", lambda: check_day(values["received_on"], self.year)
        yield "amount", lambda: check_amount(values["amount"])

    def keep(self, sheet: Sheet, row: int, values: dict[str, Any]) -> None:
        if sheet.code == CONTRACTS:
            values["is_related_party"] = values["is_related_party"] in (True, "yes")
            self.contracts[values["contract_number"]] = (row, values)
        else:
            self.receipts[values["bank_reference"]] = (row, values)

    # The whole

    def finish(self) -> Iterable[Fault]:
        """Compare with what is registered now, and find what only the whole shows."""
        self._contracts_now = {
            c.contract_number: c for c in Contract.objects.filter(organisation=self.organisation)
        }
        claim = OffshoreClaim.objects.filter(case=self.case).first() if self.case else None
        self._claim = claim
        self._receipts_now = {r.bank_reference.upper(): r for r in claim.receipts.all()} if claim else {}
        self.effects = {CONTRACTS: {}, RECEIPTS: {}}
        for number, (_row, values) in self.contracts.items():
            now = self._contracts_now.get(number)
            self.effects[CONTRACTS][number] = _effect(now, values, CONTRACT_FIELDS)
        self._numbers = {c.pk: c.contract_number for c in self._contracts_now.values()}
        for reference, (_row, values) in self.receipts.items():
            now = self._receipts_now.get(reference)
            before = now and self._said_of(now)
            self.effects[RECEIPTS][reference] = _effect(before, values, receipts_sheet.by_name)
        return [*self._unknown_contracts(), *self._used(), *self._closed()]

    def _said_of(self, receipt: Receipt) -> dict[str, Any]:
        """A registered receipt by the workbook's columns."""
        return vars(receipt) | {"contract": self._numbers.get(receipt.contract_id)}

    def changes(self) -> Iterator[ChangedRow]:
        for number, (row, values) in self.contracts.items():
            if self.effects[CONTRACTS][number] is Effect.CHANGED:
                said = {name: values[name] for name in CONTRACT_FIELDS}
                now = vars(self._contracts_now[number])
                yield changed_row(CONTRACTS, row, {"contract_number": number}, now, said)
        for reference, (row, values) in self.receipts.items():
            if self.effects[RECEIPTS][reference] is Effect.CHANGED:
                now = self._said_of(self._receipts_now[reference])
                yield changed_row(RECEIPTS, row, {"bank_reference": reference}, now, values)

    def _closed(self) -> Iterator[Fault]:
        """What an official did not mark on a returned claim stays as it was filed."""
        open_ = reopened(self.case) if self.case else EVERYTHING
        if open_.everything:
            return
        for reference, (row, values) in self.receipts.items():
            now = self._receipts_now.get(reference)
            if now is None:
                if not open_.allows_adding("lines"):
                    said = sentences(lambda: [("", _("The bureau did not ask for further receipts."))])
                    yield Fault(RECEIPTS, row, "", said[0][1])
                continue
            before = self._said_of(now)
            for name in receipts_sheet.by_name:
                if before[name] != values[name] and not open_.allows(f"lines/{now.pk}/{name}"):
                    said = sentences(
                        lambda: [("", _("This was not marked for correction: it must stay as it was filed."))]
                    )
                    yield Fault(RECEIPTS, row, name, said[0][1])

    def _unknown_contracts(self) -> Iterator[Fault]:
        for row, values in self.receipts.values():
            if values["contract"] not in self._contracts_now and values["contract"] not in self.contracts:
                ((column, message),) = sentences(lambda: [("contract", UNKNOWN_CONTRACT)])
                yield Fault(RECEIPTS, row, column, message)

    def _used(self) -> Iterator[Fault]:
        references = list(self.receipts)
        for start in range(0, len(references), CHUNK):
            used = used_references(
                references[start : start + CHUNK], but_claim=self._claim and self._claim.pk
            )
            for reference in sorted(used, key=lambda r: self.receipts[r][0]):
                ((column, message),) = sentences(lambda: [("bank_reference", REFERENCE_USED)])
                yield Fault(RECEIPTS, self.receipts[reference][0], column, message)

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        found = {}
        for code, effects in self.effects.items():
            if effects:
                said = list(effects.values())
                found[code] = {effect.value: said.count(effect) for effect in Effect}
        return found

    # Writing

    def lock(self) -> None:
        if self.case is None:
            Organisation.objects.select_for_update(of=("self",), no_key=True).get(pk=self.organisation.pk)
            answer = may_file_for(self.user, self.organisation)
        else:
            self.case = lock_case(self.case.pk)
            answer = may_edit(self.user, self.case)
        if not answer:
            raise Refused("permission", answer.reason)
        if self.receipts and OffshoreClaim.objects.filter(case=self.case, typed__isnull=False).exists():
            raise Refused(
                "typing",
                gettext_lazy(
                    "Somebody has typed in this claim and not saved it. Save or drop that first, then take the workbook"
                    " over."
                ),
            )

    def remember(self, place: Path) -> str:
        """So few rows are read again sooner than they are kept."""
        return ""

    def recall(self, place: Path, digest: str) -> bool:
        return False

    def write(self, job: ImportJob, tell: Callable[[int, int], None]) -> None:
        for number, part in enumerate((self._write_contracts, self._write_receipts)):
            tell(number, 2)
            part(job)

    def _write_contracts(self, job: ImportJob) -> None:
        added, changed, now = [], [], timezone.now()
        for number, (_row, values) in self.contracts.items():
            effect = self.effects[CONTRACTS][number]
            if effect is Effect.UNCHANGED:
                continue
            contract = self._contracts_now.get(number) or Contract(organisation=self.organisation)
            for name in CONTRACT_FIELDS:
                setattr(contract, name, values[name])
            contract.changed_by, contract.changed_at = self.user, now
            if effect is Effect.CHANGED:
                contract.version += 1
            (added if effect is Effect.ADDED else changed).append(contract)
        Contract.objects.bulk_create(added, batch_size=500)
        Contract.objects.bulk_update(
            changed, [*CONTRACT_FIELDS, "version", "changed_by", "changed_at"], batch_size=200
        )
        self._contracts_now |= {contract.contract_number: contract for contract in added}
        self._note_sources(job, contracts_sheet, self.contracts, self._contracts_now)
        for rows in _chunks(
            [(c, CONTRACT_FIELDS, Effect.ADDED) for c in added]
            + [(c, CONTRACT_FIELDS, Effect.CHANGED) for c in changed]
        ):
            audit.record(
                actor=self.user,
                action=CONTRACTS_IMPORTED,
                obj=self.organisation,
                stream=f"accounts.organisation:{self.organisation.pk}",
                data=_vouched(job, rows),
            )

    def _write_receipts(self, job: ImportJob) -> None:
        added, changed = [], []
        names = ("received_on", "currency", "amount", "bank_reference", "declaration_number")
        for reference, (_row, values) in self.receipts.items():
            effect = self.effects[RECEIPTS][reference]
            if effect is Effect.UNCHANGED:
                continue
            receipt = self._receipts_now.get(reference) or Receipt(claim=self._claim)
            receipt.contract = self._contracts_now[values["contract"]]
            for name in names:
                setattr(receipt, name, values[name])
            (added if effect is Effect.ADDED else changed).append(receipt)
        Receipt.objects.bulk_create(added, batch_size=500)
        Receipt.objects.bulk_update(changed, ["contract", *names], batch_size=200)
        self._receipts_now |= {receipt.bank_reference: receipt for receipt in added}
        self._note_sources(job, receipts_sheet, self.receipts, self._receipts_now)
        names = ("contract_id", *names)
        for rows in _chunks(
            [(r, names, Effect.ADDED) for r in added] + [(r, names, Effect.CHANGED) for r in changed]
        ):
            filing.record_edit(
                case=self.case,
                user=self.user,
                action=CLAIM_IMPORTED,
                data={"version": self.case.version + 1, **_vouched(job, rows)},
            )

    def _note_sources(self, job: ImportJob, sheet: Sheet, rows: Mapping, records: Mapping) -> None:
        effects = self.effects[sheet.code]
        SourceRow.objects.bulk_create(
            [
                SourceRow(
                    job=job,
                    sheet=sheet.code,
                    row=row,
                    model=records[key]._meta.label_lower,
                    object_id=records[key].pk,
                    effect=effects[key],
                )
                for key, (row, _values) in rows.items()
                if effects[key] is not Effect.UNCHANGED
            ],
            batch_size=1000,
        )

    def close(self) -> None:
        """Nothing is held outside this object."""


def _effect(now: Any, values: Mapping[str, Any], names: Iterable[str]) -> Effect:
    if now is None:
        return Effect.ADDED
    present = now if isinstance(now, dict) else vars(now)
    same = all((present[name] or None) == (values[name] or None) for name in names)
    return Effect.UNCHANGED if same else Effect.CHANGED


def _chunks(rows: list) -> Iterator[list]:
    return (rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK))


def _vouched(job: ImportJob, rows: list) -> dict[str, Any]:
    """What one audit record says of many rows: which file, how many, and a hash over all of them."""
    written = [
        [record.pk, *(str(getattr(record, name)) for name in names)] for record, names, _effect in rows
    ]
    effects = [effect for _record, _names, effect in rows]
    return {
        "import": job.pk,
        "file": job.sha256,
        "added": effects.count(Effect.ADDED),
        "changed": effects.count(Effect.CHANGED),
        "rows_hash": sha256(written),
    }


def _rows(organisation: Organisation, case: Case | None) -> Mapping[str, Iterable[Mapping[str, Any]]]:
    """What is registered, as the workbook says it."""
    contracts = Contract.objects.filter(organisation=organisation).order_by("signed_on", "id")
    receipts = Receipt.objects.filter(claim__case=case).select_related("contract") if case else ()
    return {
        CONTRACTS: (
            {name: getattr(c, name) for name in CONTRACT_FIELDS}
            | {"is_related_party": "yes" if c.is_related_party else "no"}
            for c in contracts[: contracts_sheet.max_rows]
        ),
        RECEIPTS: (
            {name: getattr(r, name) for name in receipts_sheet.by_name}
            | {"contract": r.contract.contract_number}
            for r in receipts
        ),
    }


def _cases(user: User) -> QuerySet[Case]:
    """The claims into which this person may read receipts."""
    return offshore_cases(user).filter(
        status__in=EDITABLE,
        organisation__memberships__user=user,
        organisation__memberships__role__in=(MembershipRole.OWNER, MembershipRole.CLERK),
    )


register(
    Workbook(
        code="offshore",
        version=1,
        title=Words("Contracts and receipts", "合同与收汇凭证"),
        organisation_kind=OrganisationKind.ENTERPRISE,
        sheets=(contracts_sheet, receipts_sheet),
        intake=OffshoreIntake,
        rows=_rows,
        back_url="offshore:contracts",
        cases=_cases,
        notes=(
            Words(
                "Nothing is ever deleted by a workbook: what is not in it stays as it is.",
                "导入不会删除任何数据：表中没有的记录保持不变。",
            ),
        ),
    )
)
