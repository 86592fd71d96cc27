#!/usr/bin/env python
"""Django's command line for the portal.

A command that needs the database gets the engines of DATA_DIR: those that `make run` started, or else its own, for as
long as the command lasts. With DATABASE_URL set, or other settings than those of one machine, nothing is started.
"""

import contextlib
import importlib.util
import os
import sys
from pathlib import Path

NEED_NO_ENGINES = {
    "check",
    "collectstatic",
    "compilemessages",
    "diffsettings",
    "estimate",
    "findstatic",
    "help",
    "makemessages",
    "startapp",
    "version",
}


def engines(arguments: list[str]) -> contextlib.AbstractContextManager:
    """What the command needs around it."""
    own_settings = os.environ["DJANGO_SETTINGS_MODULE"] == "nanchang_portal.settings.dev"
    asks_for_help = (
        not arguments or arguments[0].startswith("-") or {"--help", "-h", "--version"} & set(arguments)
    )
    told_otherwise = any(argument.startswith("--settings") for argument in arguments)
    if not own_settings or asks_for_help or told_otherwise or os.environ.get("DATABASE_URL"):
        return contextlib.nullcontext()
    if arguments[0] == "verify_audit" and any(argument.startswith("--dump") for argument in arguments):
        return contextlib.nullcontext()
    if arguments[0] in NEED_NO_ENGINES and not any(
        argument.startswith("--database") for argument in arguments
    ):
        return contextlib.nullcontext()
    from nanchang_portal import embedded

    return embedded.running(
        embedded.data_dir(), f"manage.py {arguments[0]}", broker=not os.environ.get("REDIS_URL")
    )


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nanchang_portal.settings.dev")
    environment = Path(__file__).resolve().parent / ".venv"
    if importlib.util.find_spec("django") is None:
        python = environment / "bin" / "python"
        if not python.exists() or Path(sys.prefix) == environment:
            sys.exit("The portal's packages are not installed: run `make setup`.")
        os.execv(python, [str(python), *sys.argv])
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    from nanchang_portal.embedded import EngineError

    try:
        with engines(sys.argv[1:]):
            execute_from_command_line(sys.argv)
    except (EngineError, ImproperlyConfigured) as error:
        if "--traceback" in sys.argv:
            raise
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
