"""Write to the audit chains and verify them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from audit import verification
from audit.hashing import Head, RecordText, SealText, canonical_json, sha256
from audit.models import Record, Seal, Stream
from audit.verification import Break

__all__ = ["Break", "Chains", "breaks", "canonical_json", "record", "sha256"]
HASHED = ("number", "at", "actor_id", "actor_label", "action", "object_type", "object_id", "data", "hash")


def _record_hash(previous: str, stream: str, record: Record) -> str:
    return _text(record, stream, previous).computed()


def _text(record: Record, stream: str, previous: str) -> RecordText:
    return RecordText(
        stream=stream,
        previous_hash=previous,
        **{name: getattr(record, name) for name in HASHED},
    )


def _locked_head(key: str) -> Stream:
    """The stream's row, locked; made the first time."""
    streams = Stream.objects.select_for_update(of=("self",))
    if (head := streams.filter(key=key).first()) is None:
        Stream.objects.bulk_create([Stream(key=key)], ignore_conflicts=True)
        head = streams.get(key=key)
    return head


@transaction.atomic(savepoint=False)
def record(
    *,
    actor: models.Model | str,
    action: str,
    obj: models.Model,
    data: Mapping[str, Any] | None = None,
    stream: str | None = None,
    at: datetime | None = None,
) -> Record:
    """Append one record, in the caller's transaction.

    `actor` is a user, or the name of the part of the system that acted ("worker"). `stream` defaults to the object
    itself ("casework.case:12"). The stream's row is locked last in every transaction, after case and balance.
    """
    label = obj._meta.label_lower
    key = stream or f"{label}:{obj.pk}"
    head = _locked_head(key)
    is_user = not isinstance(actor, str)
    entry = Record(
        stream=head,
        number=head.length + 1,
        at=at or timezone.now(),
        actor_id=actor.pk if is_user else None,
        actor_label=actor.get_username() if is_user else f"system:{actor}",
        action=action,
        object_type=label,
        object_id=str(obj.pk),
        data=json.loads(canonical_json(data or {})),
        previous_hash=head.head,
    )
    entry.hash = _record_hash(head.head, key, entry)
    entry.save(force_insert=True)
    head.length, head.head = entry.number, entry.hash
    head.save(update_fields=["length", "head"])
    return entry


class Chains:
    """The database as `audit.verification` examines it."""

    def heads(self) -> Iterator[Head]:
        return (Head(*row) for row in Stream.objects.values_list("key", "length", "head"))

    def records(self) -> Iterator[RecordText]:
        keys = dict(Stream.objects.values_list("pk", "key"))
        for row in Record.objects.order_by("stream_id", "number").iterator(chunk_size=5000):
            yield _text(row, keys.get(row.stream_id, f"(stream {row.stream_id})"), row.previous_hash)

    def seals(self) -> Iterator[SealText]:
        names = [field.name for field in fields(SealText)]
        return (SealText(**row) for row in Seal.objects.order_by("number").values(*names))


def breaks() -> Iterator[Break]:
    """Walk every chain in order and yield each place that does not verify by itself."""
    return verification.breaks(Chains())
