"""How payments reads an uploaded table: the room that parses spreadsheets safely registers its reader here."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

Cell = str | int | float | bool | date
#: (row's number in the file, cells) of every row that says something, from a file under its uploaded name.
#: Raises casework.transitions.Refused `unreadable` with a sentence.
Reader = Callable[[Path, str], list[tuple[int, list[Cell]]]]
_readers: list[Reader] = []


def register(reader: Reader) -> None:
    _readers[:] = [reader]


def read(path: Path, name: str) -> list[tuple[int, list[Cell]]]:
    return _readers[0](path, name)
