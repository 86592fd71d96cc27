"""The papers that belong to a filing, read from `policy/data/checklists.toml`."""

import tomllib
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

DEFAULT_PATH = Path(__file__).parent / "data" / "checklists.toml"

REQUIRED, RECOMMENDED, OPTIONAL = "required", "recommended", "optional"
NEEDS = (REQUIRED, RECOMMENDED, OPTIONAL)
PROGRAMMES = ("offshore", "training")
SUBJECTS = ("claim", "contract", "receipt", "class", "enrolment", "trainee")
KINDS = ("pdf", "png", "jpeg")


class ChecklistError(ValueError):
    """The file is not usable. The message names the item and what to change."""


@dataclass(frozen=True)
class Words:
    zh: str
    en: str


@dataclass(frozen=True)
class Item:
    """One paper of the checklist. `max_mb` is of one file, `max_files` how many may stand side by side."""

    programme: str
    subject: str
    code: str
    zh: str
    en: str
    help_zh: str
    help_en: str
    need: str
    kinds: tuple[str, ...]
    max_mb: int
    max_files: int
    clause: str

    @property
    def label(self) -> Words:
        return Words(self.zh, self.en)

    @property
    def help(self) -> Words:
        return Words(self.help_zh, self.help_en)

    @property
    def is_required(self) -> bool:
        return self.need == REQUIRED


@lru_cache(maxsize=8)
def load(path: Path = DEFAULT_PATH) -> tuple[Item, ...]:
    """Every item in the file's order. Raises ChecklistError."""
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ChecklistError(f"{path.name} is not a TOML file: {error}") from None
    if set(document) != {"item"}:
        raise ChecklistError(f"{path.name} holds [[item]] tables and nothing else")
    items = tuple(_item(table, number) for number, table in enumerate(document["item"], start=1))
    keys = [(item.programme, item.subject, item.code) for item in items]
    if twice := next((key for key in keys if keys.count(key) > 1), None):
        raise ChecklistError(f"{' '.join(twice)}: the item is stated twice")
    return items


def items_of(programme: str, subject: str) -> tuple[Item, ...]:
    """The checklist of one subject, in the file's order."""
    return tuple(item for item in load() if (item.programme, item.subject) == (programme, subject))


def _item(table: dict[str, Any], number: int) -> Item:
    where = f"item {number} ({table.get('code', 'without code')})"
    names = [field.name for field in fields(Item)]
    if missing := [name for name in names if name not in table]:
        raise ChecklistError(f"{where}: {', '.join(missing)} is missing")
    if unknown := sorted(set(table) - set(names)):
        raise ChecklistError(f"{where}: {', '.join(unknown)} is not known here")
    for name, known in (("programme", PROGRAMMES), ("subject", SUBJECTS), ("need", NEEDS)):
        if table[name] not in known:
            raise ChecklistError(f"{where}: {name} must be one of {', '.join(known)}, not {table[name]!r}")
    kinds = table["kinds"]
    if not isinstance(kinds, list) or not kinds or set(kinds) - set(KINDS):
        raise ChecklistError(f"{where}: kinds must be a list of {', '.join(KINDS)}")
    for name in ("max_mb", "max_files"):
        if type(table[name]) is not int or not 1 <= table[name] <= 50:
            raise ChecklistError(f"{where}: {name} must be a whole number from 1 to 50, not {table[name]!r}")
    return Item(**{**table, "kinds": tuple(kinds)})
