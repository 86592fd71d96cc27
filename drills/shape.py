"""The shape of every drill: what was tried, what was lost, doubled or leaked, and an exit status that says it.

`python -m drills.<name> [N]` prints the counts and ends with status 1 after any violation.
"""

import argparse
import os
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

SHOWN = 20


@dataclass
class Outcome:
    """Counts of what was tried, by kind; each violation in one line."""

    name: str
    tried: Counter = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)  # acknowledged or written, and not there
    doubled: list[str] = field(default_factory=list)  # there more often than once
    leaked: list[str] = field(default_factory=list)  # seen, changed or answered as it must not be
    notes: list[str] = field(default_factory=list)

    @property
    def held(self) -> bool:
        """Whether nothing was violated, and anything was tried at all."""
        return not (self.lost or self.doubled or self.leaked) and sum(self.tried.values()) > 0

    def compare(self, kind: str, before: dict, after: dict) -> None:
        """What was there before must be there afterwards, the same, and nothing else."""
        self.tried[kind] += len(before)
        self.lost += [f"{kind} {name}" for name in before if after.get(name) != before[name]]
        self.leaked += [f"{kind} {name} came from nowhere" for name in after if name not in before]

    def show(self) -> None:
        for kind, count in self.tried.items():
            print(f"  {count:>8,}  {kind}")
        for note in self.notes:
            print(f"            {note}")
        counts = {name: len(getattr(self, name)) for name in ("lost", "doubled", "leaked")}
        words = ", ".join(f"{name} {count:,}" for name, count in counts.items())
        print(f"{self.name}: tried {sum(self.tried.values()):,}, {words}", flush=True)
        for name, count in counts.items():
            for item in getattr(self, name)[:SHOWN]:
                print(f"  {name.upper()} {item}")
            if count > SHOWN:
                print(f"  ... and {count - SHOWN:,} more")


def main(
    doc: str,
    drill: Callable[..., Outcome],
    number: int,
    *,
    parts: Iterable[str] = (),
    texts: Iterable[str] = (),
) -> int:
    """The command of a drill that is told a number, perhaps one for each part, and texts: its exit status."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument(
        "number", nargs="?", type=int, default=number, metavar="N", help=f"default {number:,}"
    )
    for part in parts:
        parser.add_argument(f"--{part}", type=int, metavar="N", help="instead of what the first number gives")
    for text in texts:
        parser.add_argument(f"--{text}", metavar=text.upper())
    wanted = vars(parser.parse_args())
    # A shell that starts the command in the background has it ignore these, and its engines would inherit that.
    for ignored in (signal.SIGINT, signal.SIGQUIT):
        if signal.getsignal(ignored) == signal.SIG_IGN:
            signal.signal(ignored, signal.SIG_DFL)
    started = time.monotonic()
    outcome = drill(wanted.pop("number"), **{part: n for part, n in wanted.items() if n is not None})
    outcome.notes.append(f"in {time.monotonic() - started:.0f} s")
    outcome.show()
    return 0 if outcome.held else 1


@contextmanager
def own_directory() -> Iterator[Path]:
    """An empty directory with a path short enough for sockets, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="np-d-") as directory:
        yield Path(directory)


@contextmanager
def own_database(*, broker: bool = False) -> Iterator[None]:
    """Engines and an empty, migrated database of this process's own, and Django set up on them."""
    import django
    from django.core.management import call_command

    from nanchang_portal import embedded
    from nanchang_portal.launcher.messages import compile_messages

    with own_directory() as directory:
        os.environ |= {"DATA_DIR": str(directory), "PORTAL_TEST_DATA_DIR": str(directory)}
        os.environ["DJANGO_SETTINGS_MODULE"] = "nanchang_portal.settings.test"
        for name in ("DATABASE_URL", "REDIS_URL", "CACHE_URL"):
            os.environ.pop(name, None)
        with embedded.running(directory, "the drill", broker=broker):
            compile_messages()
            django.setup()
            call_command("migrate", verbosity=0)
            yield
