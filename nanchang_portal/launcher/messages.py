"""Compiles the message catalogues (.po to .mo) without gettext, so that every machine gets the same ones.

`python -m nanchang_portal.launcher.messages` compiles what changed; compiled catalogues are not committed.
"""

import os
from pathlib import Path

import polib

BASE = Path(__file__).resolve().parents[2]


def compile_messages(base: Path = BASE) -> list[Path]:
    """Compiles every catalogue of `base` that is newer than its .mo; returns those compiled."""
    compiled = []
    for catalogue in sorted(
        [*base.glob("locale/*/LC_MESSAGES/*.po"), *base.glob("*/locale/*/LC_MESSAGES/*.po")]
    ):
        target = catalogue.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime_ns >= catalogue.stat().st_mtime_ns:
            continue
        draft = target.with_name(f".{target.name}.{os.getpid()}")
        polib.pofile(str(catalogue)).save_as_mofile(str(draft))
        draft.replace(target)
        compiled.append(target)
    return compiled


if __name__ == "__main__":
    for path in compile_messages():
        print(f"compiled {path.relative_to(BASE)}")
