"""File names: what a person called a file is shown, never used. Deceptive names are refused."""

import re
import unicodedata
from collections.abc import Sequence

from documents.gate.refusals import KINDS, FileRefused

MAX_LENGTH = 200
# Marks, embeddings, overrides and isolates that turn the direction of writing.
_DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# Endings that a system runs or opens by itself; one of them before the last ending is a disguise.
_ACTIVE = frozenset({
    "7z", "apk", "app", "bat", "bin", "chm", "cmd", "com", "cpl", "dll", "dmg", "docm", "dotm", "elf", "exe", "gadget",
    "gz", "hta", "htm", "html", "iso", "jar", "js", "jse", "jsp", "lnk", "mht", "msc", "msi", "php", "pif", "pl",
    "pptm", "ps1", "py", "rar", "reg", "scr", "sh", "shtml", "svg", "swf", "sys", "vb", "vbe", "vbs", "wsf", "xhtml",
    "xlsm", "xltm", "xml", "zip",
})  # fmt: skip


def accepted_endings(kinds: Sequence[str]) -> tuple[str, ...]:
    return tuple(ending for kind in kinds for ending in KINDS[kind][2])


def accepted_words(kinds: Sequence[str]) -> str:
    """PDF, PNG, JPEG."""
    return ", ".join(KINDS[kind][0] for kind in kinds)


def check_name(name: str, kinds: Sequence[str]) -> tuple[str, str]:
    """The name to show and its ending (with the dot, lower case). Raises FileRefused."""
    name = unicodedata.normalize("NFC", name)
    if not name.strip(" ."):
        raise FileRefused("name_missing")
    if _DIRECTION.search(name):
        raise FileRefused("name_direction")
    if any(unicodedata.category(character) in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp") for character in name):
        raise FileRefused("name_control")
    if "/" in name or "\\" in name or re.match(r"^[A-Za-z]:", name):
        raise FileRefused("name_path")
    if len(name) > MAX_LENGTH:
        raise FileRefused("name_long", limit=MAX_LENGTH)
    name = name.strip()
    stem, dot, last = name.rpartition(".")
    ending = f".{last.strip().lower()}"
    if not dot or not stem or not last.strip():
        raise FileRefused("name_no_ending")
    if ending not in accepted_endings(kinds):
        raise FileRefused("name_ending", ending=ending[:20], accepted=accepted_words(kinds))
    for part in stem.split(".")[1:]:
        if part.strip().lower() in _ACTIVE:
            raise FileRefused("name_double", ending=f".{part.strip().lower()}{ending}")
    return name, ending


def kind_of_ending(ending: str) -> str:
    return next(kind for kind, (_, _, endings) in KINDS.items() if ending in endings)
