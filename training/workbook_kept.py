"""What a faultless check leaves beside the uploaded file, so that the take-over need not read and judge it again.

Private files like the workbook itself, gone with it: the staged rows (hash and mask in place of the number), the new
persons' numbers encrypted, and what the judgement rested on. When any of that moved, or a byte differs, the workbook is
read anew.
"""

import hashlib
import json
import os
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from itertools import tee
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accounts.crypto import encrypt_all
from training.workbook_columns import CLASSES, TRAINEES, classes_sheet, trainees_sheet

if TYPE_CHECKING:
    from training.workbook import TrainingIntake

#: Raised whenever rows are staged or judged in another way: an older check is then not believed.
FORM = 1
_ROWS, _NUMBERS, _SAID = "rows", "numbers", "said.json"


def remember(intake: "TrainingIntake", place: Path) -> str:
    """Write down a check without faults; returns the digest that `recall` wants to see again."""
    place.mkdir(mode=0o700, exist_ok=True)
    sums = {
        _ROWS: _write(place / _ROWS, intake.stage.copied_out()),
        _NUMBERS: _write(place / _NUMBERS, encrypted_lines(intake.numbers, intake.stage.known_keys())),
    }
    said = json.dumps(_said(intake) | {"sums": sums}, ensure_ascii=False).encode()
    return _write(place / _SAID, iter([said]))


def recall(intake: "TrainingIntake", place: Path, digest: str) -> Path | None:
    """Fill the intake from an earlier check; the place of the encrypted numbers, None when it must be read anew."""
    try:
        content = (place / _SAID).read_bytes()
    except FileNotFoundError:
        return None
    if not digest or hashlib.sha256(content).hexdigest() != digest:
        return None
    said = json.loads(content)
    if any(said[name] != value for name, value in _world(intake).items()):
        return None
    if not set(said["known"]) <= intake.known or _sum(place / _NUMBERS) != said["sums"][_NUMBERS]:
        return None
    if intake.stage.copy_in(place / _ROWS) != said["sums"][_ROWS]:
        intake.stage.clear()
        return None
    for row, cells in said["new_classes"]:
        values = {name: classes_sheet.by_name[name].clean(cell) for name, cell in cells.items()}
        intake.new_classes[values["code"]] = (row, values)
    intake.new_employers = {code: tuple(names) for code, names in said["new_employers"].items()}
    intake.hashes = [tuple(each) for each in said["hashes"]]
    return place / _NUMBERS


def _world(intake: "TrainingIntake") -> dict[str, Any]:
    """What outside the file the judgement of its rows rests on."""
    return {
        "form": [FORM, *(len(sheet.columns) for sheet in (classes_sheet, trainees_sheet))],
        "sheets": [CLASSES, TRAINEES],
        "today": intake.today.isoformat(),
        "classes": {code: [day.isoformat() for day in days] for code, days in intake.registered.items()},
    }


def _said(intake: "TrainingIntake") -> dict[str, Any]:
    used = intake.stage.named_employers()
    return _world(intake) | {
        "known": [code for code in used if code in intake.known],
        "new_classes": [
            [row, {name: _text(value) for name, value in values.items()}]
            for row, values in intake.new_classes.values()
        ],
        "new_employers": intake.new_employers,
        "hashes": intake.hashes,
    }


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else str(value)


def encrypted_lines(numbers: Mapping[str, str], known: Collection[str]) -> Iterator[bytes]:
    """A line for each person whom the register does not know: keyed hash and encrypted number, ready for COPY."""
    new, again = tee(key for key in numbers if key not in known)
    # A token is URL-safe base64, which COPY takes for a bytea as it stands.
    for key, token in zip(new, encrypt_all(numbers[key] for key in again), strict=True):
        yield b"%s\t%s\n" % (key.encode(), token)


def _write(path: Path, parts: Iterator[bytes]) -> str:
    """Write a private file; returns its SHA-256."""
    digest = hashlib.sha256()
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        for part in parts:
            digest.update(part)
            file.write(part)
    return digest.hexdigest()


def _sum(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return ""
