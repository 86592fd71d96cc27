"""What other people changed since a form was opened, read back from the audit record in words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from applications.models import Contract
from audit.models import Record
from casework.models import Case
from casework.templatetags.portal import day_text

CLAIM_SAVED = "offshore.claim_saved"
CONTRACT_SAVED = "offshore.contract_saved"
CLAIM_IMPORTED = "offshore.claim_imported"
CONTRACTS_IMPORTED = "offshore.contracts_imported"
CONTRACTS_TAKEN_OVER = "offshore.contracts_taken_over"


@dataclass(frozen=True)
class Change:
    """One save by somebody: who, when, and a sentence for each thing that changed."""

    who: str
    at: datetime
    what: tuple[str, ...]


@dataclass(frozen=True)
class Conflict:
    """Why a save was refused, and what the other person changed."""

    message: str
    changes: list[Change]
    #: Nobody was in the way: an official did not mark what was changed.
    is_closed: bool = False


def claim_changes(case: Case, since_version: int) -> list[Change]:
    """The saves of a claim after the version that a form was opened with, oldest first."""
    return [
        _change(record, _claim_words(record.data))
        for record in _records(case, (CLAIM_SAVED, CLAIM_IMPORTED), since_version)
    ]


def contract_changes(contract: Contract, since_version: int) -> list[Change]:
    return [
        _change(record, _contract_words(record.data))
        for record in _records(contract, (CONTRACT_SAVED,), since_version)
    ]


def _records(obj: models.Model, actions: tuple[str, ...], since_version: int):
    return (
        Record.objects.filter(
            object_type=obj._meta.label_lower,
            object_id=str(obj.pk),
            action__in=actions,
            data__version__gt=since_version,
        )
        .select_related("actor")
        .order_by("id")
    )


def _change(record: Record, what: Iterator[str]) -> Change:
    return Change(str(record.actor or record.actor_label), record.at, tuple(what))


def _claim_words(data: Mapping[str, Any]) -> Iterator[str]:
    if "import" in data:
        yield _("A workbook added %(added)d receipts and changed %(changed)d.") % {
            "added": data["added"],
            "changed": data["changed"],
        }
        return
    for receipt in data.get("added", ()):
        yield _("Receipt %(reference)s added: %(amount)s %(currency)s.") % _figures(receipt)
    for receipt in data.get("changed", ()):
        yield _(
            "Receipt %(reference)s changed; it is now %(amount)s %(currency)s, received on %(day)s."
        ) % _figures(receipt)
    for receipt in data.get("removed", ()):
        yield _("Receipt %(reference)s removed: %(amount)s %(currency)s.") % _figures(receipt)
    if data.get("note"):
        yield _("The explanation for the reviewer changed.")


def _figures(receipt: Mapping[str, str]) -> dict[str, str]:
    return {
        "reference": receipt["bank_reference"],
        "amount": f"{Decimal(receipt['amount']):,}",
        "currency": receipt["currency"],
        "day": day_text(receipt["received_on"]),
    }


def _contract_words(data: Mapping[str, Any]) -> Iterator[str]:
    for name, (before, after) in data.get("changed", {}).items():
        field = Contract._meta.get_field(name)
        choices = {str(key): str(label) for key, label in field.flatchoices}
        yield _("%(field)s: %(before)s → %(after)s") % {
            "field": field.verbose_name,
            "before": choices.get(before, before) or "—",
            "after": choices.get(after, after) or "—",
        }
