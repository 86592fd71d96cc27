"""Write to the audit chains and verify them."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from audit.models import Record, Stream


def canonical_json(value: Any) -> str:
    """One spelling for one value: sorted keys, no spaces, everything unknown as its string."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def sha256(value: Any) -> str:
    """Hex SHA-256 of a value's canonical JSON."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def _record_hash(previous: str, stream: str, record: Record) -> str:
    return sha256(
        [
            previous,
            stream,
            record.number,
            record.at.astimezone(UTC).isoformat(timespec="microseconds"),
            record.actor_id,
            record.actor_label,
            record.action,
            record.object_type,
            record.object_id,
            record.data,
        ]
    )


def _locked_head(key: str) -> Stream:
    """The stream's row, locked; made the first time."""
    streams = Stream.objects.select_for_update(of=("self",))
    if (head := streams.filter(key=key).first()) is None:
        Stream.objects.bulk_create([Stream(key=key)], ignore_conflicts=True)
        head = streams.get(key=key)
    return head


@transaction.atomic
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


@dataclass(frozen=True)
class Break:
    """A place where a chain does not hold."""

    stream: str
    number: int
    why: str


def breaks() -> Iterator[Break]:
    """Walk every chain in order and yield each place that does not verify."""
    heads = {s.pk: s for s in Stream.objects.all()}
    seen: dict[int, tuple[int, str]] = {}
    rows = Record.objects.order_by("stream_id", "number").iterator(chunk_size=5000)
    for row in rows:
        length, last = seen.get(row.stream_id, (0, ""))
        key = heads[row.stream_id].key
        if row.number != length + 1:
            yield Break(key, row.number, f"expected record {length + 1}")
        if row.previous_hash != last:
            yield Break(key, row.number, "the hash of the record before differs")
        if row.hash != _record_hash(row.previous_hash, key, row):
            yield Break(key, row.number, "the record's own hash differs")
        seen[row.stream_id] = (row.number, row.hash)
    for pk, head in heads.items():
        if seen.get(pk, (0, "")) != (head.length, head.head):
            yield Break(head.key, head.length, "the head names another last record")
