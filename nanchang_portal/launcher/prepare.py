"""What comes between the engines and the portal: messages, migrations, static files, the sample data.

A process of its own, because it needs Django and is then done with it. The logins go to the file that it is given.
"""

import hashlib
import io
import sys
from pathlib import Path

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command, get_commands
from django.db import Error

from nanchang_portal.launcher.messages import compile_messages


def migrate() -> None:
    call_command("migrate", interactive=False, verbosity=0)


def collect_static() -> None:
    """Collects only when a source file is new, gone or changed: compressing them takes seconds."""
    state = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for finder in get_finders():
        for name, storage in sorted(finder.list([]), key=lambda item: item[0]):
            status = Path(storage.path(name)).stat()
            state.update(f"{name} {status.st_size} {status.st_mtime_ns}\n".encode())
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    if not stamp.exists() or stamp.read_text() != state.hexdigest():
        call_command("collectstatic", interactive=False, verbosity=0, clear=True)
        stamp.write_text(state.hexdigest())


def load_sample() -> None:
    if settings.SAMPLE_DATA and "load_sample" in get_commands():
        call_command("load_sample", if_empty=True, stdout=io.StringIO())


def write_logins(path: Path) -> None:
    """Writes the demonstration logins to `path`, for the supervisor to print at the end."""
    if settings.SAMPLE_DATA and "sample_logins" in get_commands():
        with open(path, "w") as output:
            call_command("sample_logins", stdout=output)


def main() -> int:
    try:
        compile_messages()  # before Django reads them
        django.setup()
        collect_static()  # before the slow part, because it finds a missing package
        migrate()
        load_sample()
        write_logins(Path(sys.argv[1]))
    except (CommandError, ImproperlyConfigured, ModuleNotFoundError, Error) as error:
        print(f"{type(error).__name__}: {error}".splitlines()[0], file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
