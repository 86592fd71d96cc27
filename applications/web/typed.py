"""What was typed into the claim's form, kept as it is between saves, and turned into rows again."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from applications.models import Receipt
from applications.web.receipt_forms import KEPT_ROWS, PREFIX, ROW_FIELDS

_TYPED_KEY = re.compile(rf"note|{PREFIX}-TOTAL_FORMS|{PREFIX}-\d{{1,4}}-({'|'.join(ROW_FIELDS)})")


def typed_from(data: Mapping[str, str]) -> dict[str, str]:
    """The raw form as it is kept between saves; nothing but its own fields, no NUL, which JSON columns refuse."""
    return {key: value.replace("\x00", "") for key, value in data.items() if _TYPED_KEY.fullmatch(key)}


def with_one_more_row(typed: Mapping[str, str]) -> dict[str, str]:
    return {**typed, f"{PREFIX}-TOTAL_FORMS": str(_total(typed) + 1)}


def rows_of_typed(typed: Mapping[str, str]) -> list[dict[str, Any]]:
    """The typed rows as initial values of unbound forms; new rows that were removed are gone."""
    rows = []
    for number in range(_total(typed)):
        row = {name: typed.get(f"{PREFIX}-{number}-{name}", "") for name in ROW_FIELDS}
        if row["DELETE"] and not row["id"]:
            continue
        row["DELETE"] = bool(row["DELETE"])
        rows.append(row)
    return rows


def rows_of_receipts(receipts: Sequence[Receipt]) -> list[dict[str, Any]]:
    return [
        {
            "id": receipt.pk,
            "contract": str(receipt.contract_id),
            "received_on": receipt.received_on,
            "currency": receipt.currency,
            "amount": receipt.amount,
            "bank_reference": receipt.bank_reference,
            "declaration_number": receipt.declaration_number,
        }
        for receipt in receipts
    ]


def merged_rows(typed: Sequence[dict[str, Any]], receipts: Sequence[Receipt]) -> list[dict[str, Any]]:
    """The typed rows, and behind them the receipts that somebody else added meanwhile."""
    known = {str(row["id"]) for row in typed}
    present = {str(receipt.pk) for receipt in receipts}
    kept = [row if str(row["id"]) in present else {**row, "id": ""} for row in typed]
    kept = [row for row in kept if row["id"] or not row["DELETE"]]
    return kept + rows_of_receipts([receipt for receipt in receipts if str(receipt.pk) not in known])


def _total(typed: Mapping[str, str]) -> int:
    text = typed.get(f"{PREFIX}-TOTAL_FORMS", "")
    return min(int(text), KEPT_ROWS) if text.isascii() and text.isdigit() and len(text) < 6 else 0
