"""`manage.py estimate`: what a year of claims or a trainee would earn, as JSON on standard output.

It needs no server: it reads the seeded terms, with `--database` the published versions. Wrong input ends with exit
status 2 and one sentence on standard error; terms that cannot be read at all end with status 1.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as DatabaseError

from policy import terms_file
from policy.estimates import (
    EstimateInputError,
    offshore_estimate,
    read_claims,
    read_facts,
    read_year,
    training_estimate,
)
from policy.rules.money import AmountError
from policy.rules.parameters import TermsError
from policy.rules.periods import PeriodError
from policy.rules.terms import Education, Place
from policy.rules.versions import VersionError

WRONG_INPUT = 2
NO_TERMS = 1


class Command(BaseCommand):
    help = "Estimate an award as JSON: the claims of an offshore year, or one trainee. Needs no server."
    requires_system_checks = ()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, allow_abbrev=False, **kwargs)
        parser.error = _refuse  # one sentence, where argparse would print the usage as well
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        programmes = parser.add_subparsers(dest="programme", required=True, metavar="offshore|training")

        offshore = self._programme(programmes, "offshore", "claims of one enterprise in one calendar year")
        offshore.add_argument("--year", required=True, action=_Once, help="calendar year, such as 2015")
        offshore.add_argument(
            "--claims",
            required=True,
            action=_Once,
            help="USD of each claim in order, separated by commas; refunds are negative (--claims=-5000,100000)",
        )

        training = self._programme(programmes, "training", "one trainee")
        training.add_argument("--training", required=True, action=_Once, help="START:END, both days included")
        training.add_argument(
            "--contract",
            required=True,
            action=_Once,
            help="START:END, or START: for a contract without an end",
        )
        training.add_argument("--place", required=True, action=_Once, help=" or ".join(Place))
        training.add_argument(
            "--signed", action=_Once, help="day of signature (default: the contract's first day)"
        )
        training.add_argument("--education", default="bachelor", action=_Once, help=", ".join(Education))
        training.add_argument(
            "--no-certificate", action="store_true", help="no certificate of the examination"
        )
        training.add_argument(
            "--not-designated", action="store_true", help="the designation does not cover the whole training"
        )
        training.add_argument("--already-subsidised", action="store_true", help="subsidised before")

    def _programme(self, programmes: Any, name: str, what: str) -> CommandParser:
        parser: CommandParser = programmes.add_parser(name, help=what, description=what, allow_abbrev=False)
        parser.error = _refuse
        parser.add_argument(
            "--database", action="store_true", help="use the published versions instead of the seeded terms"
        )
        return parser

    def run_from_argv(self, argv: list[str]) -> None:
        """Like Django's, but a refusal is the bare sentence, argparse's own refusals included."""
        self._called_from_command_line = True
        try:
            options = vars(self.create_parser(argv[0], argv[1]).parse_args(argv[2:]))
            self.execute(*options.pop("args", ()), **options)
        except CommandError as error:
            self.stderr.write(str(error))
            sys.exit(error.returncode)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            estimate = _ESTIMATES[options["programme"]](options)
        except (EstimateInputError, AmountError, PeriodError, VersionError) as error:
            raise _refusal(str(error)) from error
        except (TermsError, terms_file.TermsFileError) as error:
            raise _refusal(f"the policy terms are not usable: {error}", NO_TERMS) from error
        except (DatabaseError, ImproperlyConfigured) as error:
            raise _refusal(f"the published versions cannot be read: {error}", NO_TERMS) from error
        self.stdout.write(json.dumps(estimate, ensure_ascii=not _speaks_utf8(self.stdout), indent=2))


def _offshore(options: dict[str, Any]) -> dict[str, Any]:
    year, claims = read_year(options["year"]), read_claims(options["claims"])
    if options["database"]:
        from policy.selectors import offshore_terms_for

        return offshore_estimate(offshore_terms_for(year), claims)
    return offshore_estimate(terms_file.offshore_terms(year), claims)


def _training(options: dict[str, Any]) -> dict[str, Any]:
    facts = read_facts(
        training=options["training"],
        contract=options["contract"],
        place=options["place"],
        signed=options["signed"],
        education=options["education"],
        certified=not options["no_certificate"],
        designated=not options["not_designated"],
        already_subsidised=options["already_subsidised"],
    )
    if options["database"]:
        from policy.selectors import training_terms_on

        return training_estimate(training_terms_on(facts.contract_signed), facts)
    return training_estimate(terms_file.training_terms(facts.contract_signed), facts)


_ESTIMATES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "offshore": _offshore,
    "training": _training,
}


class _Once(argparse.Action):
    """Store a value; refuse a second one, which would silently replace the first."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        seen = vars(namespace).setdefault("_seen", set())
        if self.dest in seen:
            raise argparse.ArgumentError(self, "was given twice")
        seen.add(self.dest)
        setattr(namespace, self.dest, values)


def _refuse(message: str) -> None:
    if message.startswith("argument --claims: expected"):
        message = (
            "--claims needs the USD of each claim; begin a negative first value so: --claims=-5000,100000"
        )
    raise _refusal(message)


def _refusal(message: str, returncode: int = WRONG_INPUT) -> CommandError:
    """One line, one sentence, whatever the message holds."""
    sentence = " ".join(message.split()).rstrip(".")
    return CommandError(f"{sentence[:1].upper()}{sentence[1:]}.", returncode=returncode)


def _speaks_utf8(stream: Any) -> bool:
    return (getattr(stream, "encoding", None) or "utf-8").lower().replace("-", "") == "utf8"
