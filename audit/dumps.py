"""The audit tables in a plain file of pg_dump, read without a database. No Django.

The file is walked once; of the records only their places are kept, so that a dump may be larger than the memory.
"""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from audit.hashing import Head, RecordText, SealText

COPY = re.compile(rb'^COPY (?:"?\w+"?\.)?"?(audit_record|audit_stream|audit_seal)"? \((.*)\) FROM stdin;\s*$')
ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
ESCAPE = re.compile(r"\\(.)", re.DOTALL)


class NoDump(Exception):
    """The file is no plain dump that holds the audit tables: one sentence."""


class Dump:
    """`audit.verification.Evidence` of one file, open from `with` to its end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO | None = None
        self._columns: dict[str, list[str]] = {}
        self._places: list[tuple[int, int, int]] = []  # stream's id, number, place in the file
        self._streams: dict[int, Head] = {}
        self._seals: list[SealText] = []

    def __enter__(self) -> "Dump":
        self._file = open(self.path, "rb")
        try:
            self._walk()
        except (ValueError, KeyError, IndexError, UnicodeDecodeError) as error:
            self._file.close()
            raise NoDump(f"{self.path} cannot be read as a dump: {error}") from error
        if not {"audit_record", "audit_stream"} <= set(self._columns):
            self._file.close()
            raise NoDump(
                f"{self.path} holds no COPY of the audit tables: make it with pg_dump --format=plain."
            )
        return self

    def __exit__(self, *error: object) -> None:
        if self._file:
            self._file.close()

    # Evidence

    def heads(self) -> list[Head]:
        return list(self._streams.values())

    def seals(self) -> list[SealText]:
        return sorted(self._seals, key=lambda seal: seal.number)

    def records(self) -> Iterator[RecordText]:
        assert self._file is not None
        for stream, _, place in sorted(self._places):
            self._file.seek(place)
            row = self._row("audit_record", self._file.readline())
            head = self._streams.get(stream)
            yield RecordText(
                stream=head.stream if head else f"(stream {stream})",
                number=int(row["number"]),
                at=_time(row["at"]),
                actor_id=None if row["actor_id"] is None else int(row["actor_id"]),
                actor_label=row["actor_label"],
                action=row["action"],
                object_type=row["object_type"],
                object_id=row["object_id"],
                data=json.loads(row["data"]),
                previous_hash=row["previous_hash"],
                hash=row["hash"],
            )

    @property
    def count(self) -> int:
        """How many records there are."""
        return len(self._places)

    # Reading

    def _walk(self) -> None:
        assert self._file is not None
        table = ""
        place = 0
        for line in self._file:
            start, place = place, place + len(line)
            if table:
                if line.rstrip(b"\r\n") == rb"\.":
                    table = ""
                else:
                    self._keep(table, line, start)
            elif line.startswith(b"COPY ") and (found := COPY.match(line)):
                table = found[1].decode()
                self._columns[table] = [name.strip().strip('"') for name in found[2].decode().split(",")]

    def _keep(self, table: str, line: bytes, place: int) -> None:
        row = self._row(table, line)
        if table == "audit_record":
            self._places.append((int(row["stream_id"]), int(row["number"]), place))
        elif table == "audit_stream":
            self._streams[int(row["id"])] = Head(row["key"], int(row["length"]), row["head"])
        else:
            self._seals.append(
                SealText(
                    number=int(row["number"]),
                    at=_time(row["at"]),
                    streams=int(row["streams"]),
                    records=int(row["records"]),
                    **{
                        name: row[name] for name in ("root", "previous_hash", "key_name", "hash", "signature")
                    },
                )
            )

    def _row(self, table: str, line: bytes) -> dict[str, Any]:
        cells = line.decode().rstrip("\n").split("\t")
        return dict(zip(self._columns[table], map(_cell, cells), strict=True))


def _cell(text: str) -> str | None:
    """One value of COPY's text format."""
    if text == r"\N":
        return None
    return ESCAPE.sub(lambda found: ESCAPES.get(found[1], found[1]), text) if "\\" in text else text


def _time(text: str) -> datetime:
    value = datetime.fromisoformat(text)
    if value.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return value
