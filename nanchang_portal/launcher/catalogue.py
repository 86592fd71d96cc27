"""Brings the Chinese catalogue up to date with the code: new texts come in empty, texts that are gone go out.

`make messages` needs GNU gettext; what is translated is kept, nothing is guessed.
The extraction works on a copy, since Django's command writes helper files between the sources.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import polib

BASE = Path(__file__).resolve().parents[2]
LOCALE = "zh_Hans"
CATALOGUE = BASE / "locale" / LOCALE / "LC_MESSAGES" / "django.po"
NOT_FOR_READERS = {"tests", "bench", "docs", "drills", "locale", "static", "staticfiles", "var"}
METADATA = {
    "Project-Id-Version": "nanchang-portal",
    "Language": LOCALE,
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    "Plural-Forms": "nplurals=1; plural=0;",
}


def key(entry: polib.POEntry) -> tuple[str, str, str]:
    """What makes two entries the same text."""
    return entry.msgctxt or "", entry.msgid, entry.msgid_plural or ""


def extract(base: Path = BASE) -> polib.POFile:
    """Returns every marked text of `base`, untranslated, in the order of the files."""
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory)
        for room in sorted(base.iterdir()):
            if room.is_dir() and room.name not in NOT_FOR_READERS and not room.name.startswith("."):
                shutil.copytree(
                    room, copy / room.name, ignore=shutil.ignore_patterns("__pycache__", "locale")
                )
        (copy / "locale").mkdir()
        # Outside the project's settings: then only the copy is read and written.
        environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
        subprocess.run(
            [sys.executable, "-m", "django", "makemessages", f"--locale={LOCALE}", "--add-location=file"],
            cwd=copy,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return polib.pofile(str(copy / "locale" / LOCALE / "LC_MESSAGES" / "django.po"))


def merge(extracted: polib.POFile, known: list[polib.POEntry]) -> polib.POFile:
    """Returns the extracted texts with the translations that are known for exactly these texts."""
    translations = {key(entry): entry for entry in known if not entry.obsolete}
    catalogue = polib.POFile(wrapwidth=0)
    catalogue.metadata = METADATA
    for entry in extracted:
        old = translations.get(key(entry))
        entry.flags = [flag for flag in entry.flags if flag != "fuzzy"]
        entry.previous_msgid = None
        if entry.msgid_plural:
            entry.msgstr_plural = dict(old.msgstr_plural) if old else {0: ""}
        else:
            entry.msgstr = old.msgstr if old else ""
        if old:
            entry.tcomment = old.tcomment
        catalogue.append(entry)
    return catalogue


def update(path: Path = CATALOGUE) -> polib.POFile:
    """Rewrites the catalogue; returns it."""
    catalogue = merge(extract(), list(polib.pofile(str(path))) if path.exists() else [])
    path.parent.mkdir(parents=True, exist_ok=True)
    catalogue.save(str(path))
    return catalogue


if __name__ == "__main__":
    if not shutil.which("xgettext"):
        sys.exit("error: GNU gettext is missing. On Debian or Ubuntu: sudo apt-get install gettext")
    written = update()
    missing = written.untranslated_entries()
    for each in missing:
        print(f"translate  {each.msgid!r}  ({each.occurrences[0][0]})")
    print(f"{len(written)} texts, {len(missing)} to translate in {CATALOGUE.relative_to(BASE)}")
