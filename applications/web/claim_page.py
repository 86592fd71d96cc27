"""The claim's page put together: forms from what is saved, typed or posted, the rate beside each row, the estimate."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from accounts.models import User
from applications.estimates import Estimate, Figures, estimate
from applications.history import Conflict
from applications.models import Contract, OffshoreClaim, Receipt
from applications.selectors import Rates
from applications.web import receipt_forms
from applications.web import typed as typed_rows
from applications.web.claim_forms import ClaimForm
from applications.web.receipt_forms import BaseReceiptFormSet
from casework import corrections, presentation
from casework.enums import Status
from casework.forms import pin
from casework.models import Case
from casework.reopening import Reopened, reopened_by
from workbooks.selectors import sources_of


class ClaimPage:
    """One claim as one person edits it."""

    def __init__(self, case: Case, user: User | None = None) -> None:
        self.case, self.user = case, user
        self.claim: OffshoreClaim = case.offshore_claim

    @cached_property
    def contracts(self) -> dict[str, Contract]:
        return {
            str(contract.pk): contract
            for contract in Contract.objects.filter(organisation=self.case.organisation_id)
        }

    @cached_property
    def receipts(self) -> list[Receipt]:
        return list(self.claim.receipts.all())

    @property
    def shown(self) -> list[Receipt]:
        """The receipts of the form: all, unless a workbook brought more than a page can hold."""
        many = len(self.receipts) > receipt_forms.MAX_ROWS
        return self.receipts[: receipt_forms.SHOWN_OF_MANY] if many else self.receipts

    @property
    def unshown(self) -> list[Receipt]:
        return self.receipts[len(self.shown) :]

    # Forms

    def formset(
        self, *, data: Mapping[str, str] | None = None, rows: list | None = None
    ) -> BaseReceiptFormSet:
        saved = {row["id"]: row for row in typed_rows.rows_of_receipts(self.receipts)}
        formset = receipt_forms.receipt_formset(
            self.claim,
            self.case.year,
            self.contracts,
            saved,
            reopened=self.reopened,
            data=data,
            rows=rows,
        )
        formset.kept_references = {receipt.bank_reference.upper() for receipt in self.unshown}
        sources = (
            sources_of("applications.receipt", [r.pk for r in self.shown], self.user) if self.user else {}
        )
        for form in formset.forms:
            form.source = next(iter(sources.get(form.saved_id, ())), None)
            if (pk := form.saved_id) and self.task.remarks:
                form.remarks = self.task.at(f"lines/{pk}")
                pin(form, {name: self.task.at(f"lines/{pk}/{name}") for name in receipt_forms.EDITED})
        return formset

    def note_form(self, data: Mapping[str, str] | None = None, **initial) -> ClaimForm:
        form = ClaimForm(data, saved_note=self.claim.note, reopened=self.reopened, initial=initial)
        pin(form, {"note": self.task.at("note")})
        return form

    @cached_property
    def task(self) -> corrections.Task:
        """What an official marked, while the claim is returned."""
        return corrections.task_of(self.case)

    @cached_property
    def reopened(self) -> Reopened:
        return reopened_by(view.remark for view in self.task.remarks)

    def present_forms(self) -> tuple[ClaimForm, BaseReceiptFormSet]:
        """What was typed last, valid or not; otherwise what is saved."""
        if self.claim.typed is not None:
            return self.typed_forms(self.claim.typed)
        rows = typed_rows.rows_of_receipts(self.shown)
        return self.note_form(note=self.claim.note), self.formset(rows=rows or [{}])

    def typed_forms(
        self, typed: Mapping[str, str], *, merge: bool = False
    ) -> tuple[ClaimForm, BaseReceiptFormSet]:
        """`merge` adds the receipts that somebody else saved after this form was opened."""
        rows = typed_rows.rows_of_typed(typed)
        if merge:
            rows = typed_rows.merged_rows(rows, self.shown)
        return self.note_form(note=typed.get("note", "")), self.formset(rows=rows or [{}])

    # What stands beside the rows

    def annotate(self, formset: BaseReceiptFormSet) -> Estimate:
        """Note the rate at each row and estimate the claim from the rows that can be read."""
        figures = {form: form.figures() for form in formset.forms}
        read = {form: line for form, line in figures.items() if line}
        unshown = [Figures(r.currency, r.amount, r.received_on) for r in self.unshown]
        rates = Rates(line.currency for line in (*read.values(), *unshown))
        for form, line in read.items():
            rate = rates.on(line.currency, line.received_on)
            form.rate = rate
            form.rate_missing = rates.missing(line.currency, line.received_on)
            contract = self.contracts.get(str(form["contract"].value()))
            form.signed_later = (
                contract.signed_on if contract and line.received_on < contract.signed_on else None
            )
        unread = sum(1 for form in formset.forms if not (form in read or form.is_removed or form.is_blank))
        return estimate(self.case, [*read.values(), *unshown], rates=rates, unread=unread)

    def context(
        self, form: ClaimForm, formset: BaseReceiptFormSet, *, version: int, conflict: Conflict | None = None
    ) -> dict[str, Any]:
        case, claim = self.case, self.claim
        is_typed = claim.typed is not None
        return {
            "case": case,
            "claim": claim,
            "status": presentation.status_view(case),
            "form": form,
            "formset": formset,
            "estimate": self.annotate(formset),
            "version": version,
            "typed_seen": claim.typed_at.isoformat() if is_typed else "",
            "kept_at": claim.typed_at if is_typed else None,
            "restored": is_typed and not form.is_bound and not conflict,
            "saved_at": case.changed_at if self.receipts or claim.note else None,
            "conflict": conflict,
            "contracts": self.contracts,
            "unshown_count": len(self.unshown),
            "return_reason": self._return_reason(),
            "correction_task": self.task,
            "rows_remarks": self.task.at("lines/+"),
            "may_add": self.reopened.allows_adding("lines"),
            "steps": steps("receipts", case),
            "crumbs": [{"label": _("My claims"), "url": reverse("dashboard")}],
        }

    def _return_reason(self) -> str:
        if self.case.status != Status.RETURNED:
            return ""
        return self.case.transitions.filter(to_status=Status.RETURNED).order_by("id").last().reason


def steps(current: str, case: Case) -> list[dict[str, str]]:
    """The step bar of filing: receipts, check, submit."""
    names = {"receipts": _("Receipts"), "check": _("Check"), "submit": _("Submit")}
    urls = {"receipts": reverse("offshore:claim", args=[case.number])}
    place = list(names).index(current)
    return [
        {
            "label": label,
            "state": "done" if number < place else "current" if number == place else "todo",
            "url": urls.get(code, "") if number < place else "",
        }
        for number, (code, label) in enumerate(names.items())
    ]
