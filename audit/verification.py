"""Check the chains against themselves, and against the heads that were exported and signed. No Django."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from audit.hashing import Head, RecordText, SealText, root
from audit.published import Published

SEALS = "seals"  # the stream that a break of the seals names


@dataclass(frozen=True)
class Break:
    """A place where a chain, or a seal, does not hold."""

    stream: str
    number: int
    why: str


class Evidence(Protocol):
    """What is examined: the database, or a dump of it."""

    def heads(self) -> Iterable[Head]:
        """The head of every chain."""

    def records(self) -> Iterable[RecordText]:
        """Every record, those of one chain together and by number; a chain without a head has an empty key."""

    def seals(self) -> Iterable[SealText]:
        """Every seal, by number."""


def breaks(
    evidence: Evidence,
    published: Sequence[Published] | None = None,
    keys: Mapping[str, Ed25519PublicKey] | None = None,
) -> Iterator[Break]:
    """Each place that does not hold.

    Without `published` the chains are checked against themselves only, which somebody who rewrites a chain from its
    first record to its head passes; with it, also against every head that was exported.
    """
    wanted: dict[str, dict[int, tuple[str, int]]] = defaultdict(dict)
    if published is not None:
        yield from _seal_breaks(list(evidence.seals()), published, keys or {})
        for file in published:
            for head in file.heads:
                wanted[head.stream].setdefault(head.length, (head.hash, file.seal.number))
    yield from _chain_breaks(evidence, wanted)
    for stream, heads in wanted.items():
        for length, (_, seal) in sorted(heads.items()):
            yield Break(stream, length, f"seal {seal} names this record, and it is gone")


def _chain_breaks(evidence: Evidence, wanted: dict[str, dict[int, tuple[str, int]]]) -> Iterator[Break]:
    """Walks every chain; takes out of `wanted` what it finds as it was sealed."""
    heads = {head.stream: head for head in evidence.heads()}
    for stream, records in groupby(evidence.records(), key=lambda record: record.stream):
        length, last, sealed = 0, "", wanted.get(stream, {})
        for row in records:
            if row.number != length + 1:
                yield Break(stream, row.number, f"expected record {length + 1}")
            if row.previous_hash != last:
                yield Break(stream, row.number, "the hash of the record before differs")
            if row.hash != row.computed():
                yield Break(stream, row.number, "the record's own hash differs")
            if (seen := sealed.pop(row.number, None)) and seen[0] != row.hash:
                yield Break(stream, row.number, f"seal {seen[1]} names another record here")
            length, last = row.number, row.hash
        head = heads.pop(stream, None)
        if head is None:
            yield Break(stream, length, "the chain has no head")
        elif (head.length, head.hash) != (length, last):
            yield Break(stream, head.length, "the head names another last record")
    for head in heads.values():
        if (head.length, head.hash) != (0, ""):
            yield Break(head.stream, head.length, "the head names another last record")


def _seal_breaks(
    rows: Sequence[SealText], published: Sequence[Published], keys: Mapping[str, Ed25519PublicKey]
) -> Iterator[Break]:
    """The seals of the database and the exported files: consecutive, bound to each other, signed, and the same."""
    kept, files = {row.number: row for row in rows}, {file.seal.number: file for file in published}
    for number in range(1, max([*kept, *files, 0]) + 1):
        row, file = kept.get(number), files.get(number)
        if row is None:
            yield Break(SEALS, number, "the seal is missing in the database")
        if file is None:
            yield Break(SEALS, number, "the seal's exported file is missing")
        if row and file and row != file.seal:
            yield Break(SEALS, number, "the exported file says something else than the database")
        before = kept.get(number - 1) or (files[number - 1].seal if number - 1 in files else None)
        for seal in {row, file.seal if file else None} - {None}:
            yield from _one_seal(seal, before, keys)
        if file:
            yield from _one_file(file)


def _one_seal(
    seal: SealText, before: SealText | None, keys: Mapping[str, Ed25519PublicKey]
) -> Iterator[Break]:
    if seal.hash != seal.computed():
        yield Break(SEALS, seal.number, "the seal's own hash differs")
    elif seal.key_name not in keys:
        yield Break(SEALS, seal.number, f"no public key is named {seal.key_name!r}")
    elif not seal.signed_by(keys):
        yield Break(SEALS, seal.number, "the signature is not that of the key")
    if seal.previous_hash != (before.hash if before else ""):
        yield Break(SEALS, seal.number, "the hash of the seal before differs")


def _one_file(file: Published) -> Iterator[Break]:
    counts = (len(file.heads), sum(head.length for head in file.heads))
    if file.seal.root != root(file.heads) or counts != (file.seal.streams, file.seal.records):
        yield Break(SEALS, file.seal.number, "the exported heads are not those that were signed")
