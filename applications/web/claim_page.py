"""The claim's page put together: forms from what is saved, typed or posted, the rate beside each row, the estimate."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from applications.estimates import Estimate, estimate
from applications.history import Conflict
from applications.models import Contract, OffshoreClaim, Receipt
from applications.selectors import Rates
from applications.web import claim_forms
from applications.web import typed as typed_rows
from applications.web.claim_forms import BaseReceiptFormSet, ClaimForm
from casework import presentation
from casework.enums import Status
from casework.models import Case


class ClaimPage:
    """One claim as one person edits it."""

    def __init__(self, case: Case) -> None:
        self.case = case
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

    # Forms

    def formset(
        self, *, data: Mapping[str, str] | None = None, rows: list | None = None
    ) -> BaseReceiptFormSet:
        ids = {receipt.pk for receipt in self.receipts}
        return claim_forms.receipt_formset(
            self.claim, self.case.year, self.contracts, ids, data=data, rows=rows
        )

    def present_forms(self) -> tuple[ClaimForm, BaseReceiptFormSet]:
        """What was typed last, valid or not; otherwise what is saved."""
        if self.claim.typed is not None:
            return self.typed_forms(self.claim.typed)
        rows = typed_rows.rows_of_receipts(self.receipts)
        return ClaimForm(initial={"note": self.claim.note}), self.formset(rows=rows or [{}])

    def typed_forms(
        self, typed: Mapping[str, str], *, merge: bool = False
    ) -> tuple[ClaimForm, BaseReceiptFormSet]:
        """`merge` adds the receipts that somebody else saved after this form was opened."""
        rows = typed_rows.rows_of_typed(typed)
        if merge:
            rows = typed_rows.merged_rows(rows, self.receipts)
        return ClaimForm(initial={"note": typed.get("note", "")}), self.formset(rows=rows or [{}])

    # What stands beside the rows

    def annotate(self, formset: BaseReceiptFormSet) -> Estimate:
        """Note the rate at each row and estimate the claim from the rows that can be read."""
        figures = {form: form.figures() for form in formset.forms}
        read = {form: line for form, line in figures.items() if line}
        rates = Rates(line.currency for line in read.values())
        for form, line in read.items():
            rate = rates.on(line.currency, line.received_on)
            form.rate = rate
            form.rate_missing = rates.missing(line.currency, line.received_on)
        unread = sum(1 for form in formset.forms if not (form in read or form.is_removed or form.is_blank))
        return estimate(self.case, read.values(), rates=rates, unread=unread)

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
            "return_reason": self._return_reason(),
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
