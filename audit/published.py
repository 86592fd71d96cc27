"""The exported files, one for each seal with the head of every chain. No Django.

They belong where the portal's machines cannot change them (another machine, write-once storage).
"""

import contextlib
import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from audit.hashing import Head, SealText, utc

PATTERN = "seal-*.json"


class Unreadable(Exception):
    """An exported file that cannot be understood: its name and why."""


@dataclass(frozen=True)
class Published:
    """One exported file."""

    seal: SealText
    heads: tuple[Head, ...]


def path_of(directory: Path, number: int) -> Path:
    return directory / f"seal-{number:06}.json"


def write(directory: Path, seal: SealText, heads: Sequence[Head]) -> Path:
    """Writes the file whole or not at all, durably; FileExistsError when the number was already exported."""
    directory.mkdir(mode=0o750, parents=True, exist_ok=True)
    text = json.dumps(
        {
            "number": seal.number,
            "at": utc(seal.at),
            "streams": seal.streams,
            "records": seal.records,
            "root": seal.root,
            "previous_hash": seal.previous_hash,
            "key_name": seal.key_name,
            "hash": seal.hash,
            "signature": seal.signature,
            "heads": [[head.stream, head.length, head.hash] for head in sorted(heads)],
        },
        ensure_ascii=False,
        indent=0,
    )
    descriptor, draft = tempfile.mkstemp(dir=directory, prefix=".seal-")
    try:
        with open(descriptor, "w", encoding="utf-8") as stream:
            os.fchmod(stream.fileno(), 0o440)
            stream.write(text + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        path = path_of(directory, seal.number)
        os.link(draft, path)  # refuses what is there already
    finally:
        with contextlib.suppress(FileNotFoundError):
            Path(draft).unlink()
    folder = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return path


def read(path: Path) -> Published:
    """One exported file, or Unreadable."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        heads = tuple(
            Head(str(stream), int(length), str(hash)) for stream, length, hash in value.pop("heads")
        )
        value["at"] = datetime.fromisoformat(value["at"])
        return Published(SealText(**value), heads)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unreadable(f"{path.name}: {error}") from error


def read_all(directory: Path) -> list[Published]:
    """Every exported file by number; Unreadable for the first that cannot be understood."""
    if not directory.is_dir():
        return []
    found = [read(path) for path in sorted(directory.glob(PATTERN))]
    return sorted(found, key=lambda file: file.seal.number)
