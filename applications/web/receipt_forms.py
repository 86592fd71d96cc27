"""The receipts of a claim's form: one row a receipt. Rows are plain forms, so that half-typed ones survive anything."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.formsets import BaseFormSet, formset_factory
from django.forms.utils import ErrorDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications.checks import REFERENCE_USED, UNKNOWN_CONTRACT, check_amount, check_day
from applications.estimates import Figures
from applications.models import Contract, ExchangeRate, OffshoreClaim
from applications.selectors import used_references
from applications.services import ReceiptLine
from applications.web.fields import ReferenceField
from casework.corrections import RemarkView
from casework.fields import DayField, MoneyField
from casework.reopening import EVERYTHING, Reopened
from policy.countries import CURRENCIES

PREFIX = "receipts"
# More in one page is slow to draw; the rest of a year goes into a supplementary claim.
MAX_ROWS = 200
# Of a claim with more receipts than that, which a workbook brought, the form shows so many.
SHOWN_OF_MANY = 100
# Rows beyond it are refused, but kept as they were typed, up to here.
KEPT_ROWS = 480
ROW_FIELDS = (
    "id",
    "contract",
    "received_on",
    "currency",
    "amount",
    "bank_reference",
    "declaration_number",
    "DELETE",
)
# What a person fills in; each is a place that an official can mark (applications.layout).
EDITED = ROW_FIELDS[1:-1]


class ReceiptForm(forms.Form):
    """One inbound payment. `contracts` are the enterprise's own, by primary key as text."""

    id = forms.IntegerField(required=False, widget=forms.HiddenInput)
    contract = forms.ChoiceField(
        label=gettext_lazy("Contract"),
        error_messages={
            "required": gettext_lazy("Choose the contract under which the money was paid."),
            "invalid_choice": UNKNOWN_CONTRACT,
        },
    )
    received_on = DayField(
        label=gettext_lazy("Received on"),
        error_messages={"required": gettext_lazy("Enter the day on which the money arrived.")},
    )
    currency = forms.ChoiceField(label=gettext_lazy("Currency"), initial="USD")
    amount = MoneyField(
        label=gettext_lazy("Amount"), error_messages={"required": gettext_lazy("Enter the amount received.")}
    )
    bank_reference = ReferenceField(
        label=gettext_lazy("Bank reference"),
        max_length=60,
        error_messages={"required": gettext_lazy("Enter the reference number on the bank's slip.")},
    )
    declaration_number = ReferenceField(
        label=gettext_lazy("Declaration number"), max_length=60, required=False
    )

    #: Beside the row on the page, set by ClaimPage.annotate.
    rate: ExchangeRate | None = None
    rate_missing = False
    #: The day on which the contract was signed, when the money came before it.
    signed_later: date | None = None

    #: What officials wrote about the row as a whole; what is about one field stands at the field. Set by ClaimPage.
    remarks: Sequence[RemarkView] = ()

    def __init__(
        self,
        *args,
        contracts: Mapping[str, Contract],
        year: int,
        receipts: Mapping[int, Mapping[str, Any]],
        reopened: Reopened = EVERYTHING,
        **kwargs,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.year, self.receipts, self.reopened = year, receipts, reopened
        self.fields["contract"].choices = [
            ("", _("Choose a contract")),
            *((pk, str(c)) for pk, c in contracts.items()),
        ]
        self.fields["currency"].choices = [(code, f"{code} · {label}") for code, label in CURRENCIES]
        if self.saved_id:
            self.empty_permitted = False
        self._close()

    @property
    def saved_id(self) -> int | None:
        """The saved receipt that the row belongs to, if it is one."""
        typed = str(self["id"].value() or "")
        pk = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 19 else None
        return pk if pk in self.receipts else None

    @property
    def is_removable(self) -> bool:
        pk = self.saved_id
        return pk is None or self.reopened.allows_removing(f"lines/{pk}")

    def _close(self) -> None:
        """Leave open only what an official marked; the rest shows what is saved, whatever is sent."""
        pk = self.saved_id
        if self.reopened.everything or pk is None:
            return
        for name in EDITED:
            if not self.reopened.allows(f"lines/{pk}/{name}"):
                self.fields[name].disabled = True
                self.initial[name] = self.receipts[pk][name]

    def full_clean(self) -> None:
        super().full_clean()
        if self.is_bound and self.is_removed:
            self._errors = ErrorDict(renderer=self.renderer)

    @property
    def is_removed(self) -> bool:
        """The row is to be removed; what it says does not matter any more."""
        if not self.is_bound:
            return bool(self.initial.get("DELETE"))
        return bool(self["DELETE"].data) if "DELETE" in self.fields else False

    @property
    def shown_reference(self) -> str:
        return self["bank_reference"].value() or ""

    def clean_id(self) -> int | None:
        """A receipt of this claim, or a new row: a receipt that somebody removed meanwhile is typed anew."""
        pk = self.cleaned_data["id"]
        return pk if pk in self.receipts else None

    def clean_received_on(self) -> date:
        day = self.cleaned_data["received_on"]
        check_day(day, self.year)
        return day

    def clean_amount(self) -> Decimal:
        amount = self.cleaned_data["amount"]
        check_amount(amount)
        return amount

    @property
    def is_blank(self) -> bool:
        return not any(self[name].value() for name in ROW_FIELDS if name not in ("currency", "DELETE"))

    def figures(self) -> Figures | None:
        """What the row counts with as it stands on the page, saved or not; None while it cannot be read."""
        if self.is_removed or self.is_blank:
            return None
        names = ("currency", "amount", "received_on")
        try:
            currency, amount, day = (self.fields[name].clean(self[name].value()) for name in names)
            check_day(day, self.year)
            check_amount(amount)
        except ValidationError:
            return None
        return Figures(currency, amount, day)

    def line(self) -> ReceiptLine:
        data = self.cleaned_data
        return ReceiptLine(
            id=data["id"],
            contract_id=int(data["contract"]),
            received_on=data["received_on"],
            currency=data["currency"],
            amount=data["amount"],
            bank_reference=data["bank_reference"],
            declaration_number=data["declaration_number"],
        )


class BaseReceiptFormSet(BaseFormSet):
    """Rows in the order typed; blank ones do not count. Every row is an `extra` one, saved receipts included."""

    claim_id: int | None = None
    #: References of this claim's receipts that the form does not show.
    kept_references: Collection[str] = ()
    row_name = gettext_lazy("Receipt %(number)d")
    default_error_messages = {
        **BaseFormSet.default_error_messages,
        "too_many_forms": gettext_lazy(
            "A claim holds at most %(num)d receipts. File the rest in a supplementary claim."
        ),
    }

    def initial_form_count(self) -> int:
        return 0

    def add_fields(self, form: ReceiptForm, index: int | None) -> None:
        super().add_fields(form, index)
        if not form.is_removable:
            del form.fields["DELETE"]

    def total_form_count(self) -> int:
        return super().total_form_count() if self.is_bound else len(self.initial or ()) + self.extra

    @property
    def filled(self) -> Iterator[ReceiptForm]:
        # A saved row counts although nothing of it is open: others are compared with it.
        return (form for form in self.forms if (form.has_changed() or form.saved_id) and not form.is_removed)

    @property
    def removed_ids(self) -> set[int]:
        return {
            form.cleaned_data["id"] for form in self.forms if form.is_removed and form.cleaned_data.get("id")
        }

    def lines(self) -> list[ReceiptLine]:
        return [form.line() for form in self.filled]

    def clean(self) -> None:
        seen: set[int] = set()
        for form in self.filled:
            # One receipt is one row; a second row with its id is a new receipt.
            if (pk := form.cleaned_data.get("id")) in seen:
                form.cleaned_data["id"] = None
            elif pk:
                seen.add(pk)
        self._refuse_repeated()
        self.refuse_used(used_references(self._references(), but_claim=self.claim_id))
        self.refuse_used(self.kept_references)

    def _references(self) -> dict[str, ReceiptForm]:
        found: dict[str, ReceiptForm] = {}
        for form in self.filled:
            if reference := form.cleaned_data.get("bank_reference"):
                found.setdefault(reference, form)
        return found

    def _refuse_repeated(self) -> None:
        first = self._references()
        for form in self.filled:
            reference = form.cleaned_data.get("bank_reference")
            if reference and first[reference] is not form:
                number = self.forms.index(first[reference]) + 1
                form.add_error(
                    "bank_reference",
                    _("Receipt %(number)d has the same bank reference.") % {"number": number},
                )

    def refuse_used(self, references: Collection[str]) -> None:
        """Put the error at every row whose bank reference another claim holds."""
        for form in self.filled:
            if form.cleaned_data.get("bank_reference") in references:
                form.add_error("bank_reference", REFERENCE_USED)


_FormSet = formset_factory(
    ReceiptForm,
    formset=BaseReceiptFormSet,
    extra=0,
    can_delete=True,
    max_num=MAX_ROWS,
    absolute_max=KEPT_ROWS,
    validate_max=True,
)


def receipt_formset(
    claim: OffshoreClaim,
    year: int,
    contracts: Mapping[str, Contract],
    receipts: Mapping[int, Mapping[str, Any]],
    *,
    reopened: Reopened = EVERYTHING,
    data: Mapping[str, str] | None = None,
    rows: Sequence[Mapping[str, Any]] | None = None,
) -> BaseReceiptFormSet:
    formset = _FormSet(
        data,
        prefix=PREFIX,
        initial=rows,
        form_kwargs={"contracts": contracts, "year": year, "receipts": receipts, "reopened": reopened},
    )
    formset.claim_id = claim.pk
    return formset
