"""What of a filed claim the enterprise wrote: where remarks can be pinned, and what a comparison shows."""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications.enums import ServiceType
from applications.models import Contract, OffshoreClaim, Receipt
from casework.diff import Layout, Place
from casework.templatetags.portal import day_text
from policy.countries import COUNTRIES
from policy.sectors import Sector


def _amount(value: Any) -> str:
    return "" if value is None else f"{Decimal(value):,.2f}"


def _day(value: Any) -> str:
    return day_text(value) if value else ""


def _choice(choices) -> Any:
    words = dict(choices)
    return lambda value: "" if value is None else str(words.get(value, value))


def _yes_no(value: Any) -> str:
    return _("yes") if value else _("no")


def _name(model, field: str):
    return model._meta.get_field(field).verbose_name


def _of_contract(field: str, words=None) -> Place:
    more = {"words": words} if words else {}
    return Place(f"contract/{field}", _name(Contract, field), group="contract", **more)


def _subjects(line: Any) -> list[tuple[str, str]]:
    place = f"lines/{line['receipt']}"
    return [
        (f"receipt-{line['receipt']}", place),
        (f"contract-{line['contract']['id']}", f"{place}/contract"),
    ]


LAYOUT = Layout(
    fields=(Place("note", _name(OffshoreClaim, "note")),),
    rows="lines",
    key="receipt",
    rows_label=gettext_lazy("Adding and removing receipts"),
    row_label=lambda line: _("Receipt %(reference)s") % {"reference": line["bank_reference"]},
    row_fields=(
        _of_contract("contract_number"),
        _of_contract("registration_number"),
        _of_contract("name"),
        _of_contract("client_name"),
        _of_contract("client_country", _choice(COUNTRIES)),
        _of_contract("is_related_party", _yes_no),
        _of_contract("service_type", _choice(ServiceType.choices)),
        _of_contract("sector", _choice(Sector.choices)),
        _of_contract("signed_on", _day),
        Place("received_on", _name(Receipt, "received_on"), _day),
        Place("currency", _name(Receipt, "currency")),
        Place("amount", _name(Receipt, "amount"), _amount),
        Place("bank_reference", _name(Receipt, "bank_reference")),
        Place("declaration_number", _name(Receipt, "declaration_number")),
    ),
    groups={"contract": gettext_lazy("Contract")},
    subjects=_subjects,
)
