"""The seeded terms, read from `policy/data/terms.toml`: for `manage.py estimate` and for filling the tables once."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from policy.rules.terms import (
    OffshoreTerms,
    Parameter,
    TermsError,
    TrainingTerms,
    version_for_year,
    version_on,
)

DEFAULT_PATH = Path(__file__).parent / "data" / "terms.toml"

OFFSHORE = "offshore"
TRAINING = "training"
PUBLISHED = "published"
DRAFT = "draft"

_KINDS: Mapping[str, type[OffshoreTerms] | type[TrainingTerms]] = {
    OFFSHORE: OffshoreTerms,
    TRAINING: TrainingTerms,
}
_VERSION_KEYS = {"programme", "code", "status", "in_force_from", "title_zh", "title_en", "parameter"}
_PARAMETER_KEYS = tuple(field.name for field in fields(Parameter))


class TermsFileError(ValueError):
    """The file is not usable. The message names the version, the parameter and what to change.

    `code` is stable, `where` names the place and `told` holds the sentence's other words; a TermsError is its cause.
    """

    def __init__(self, message: str, code: str, where: str = "", **told: str) -> None:
        super().__init__(message)
        self.code = code
        self.where = where
        self.told = told


@dataclass(frozen=True)
class VersionData:
    """One policy version of one programme as the file states it. `in_force_to` None is open-ended."""

    programme: str
    code: str
    status: str
    in_force_from: date
    in_force_to: date | None
    title_zh: str
    title_en: str
    parameters: tuple[Parameter, ...]

    def terms(self) -> OffshoreTerms | TrainingTerms:
        """The terms of this version. Raises TermsError, which names the parameter."""
        by_name = {parameter.name: parameter for parameter in self.parameters}
        return _KINDS[self.programme].from_parameters(
            self.code, self.in_force_from, self.in_force_to, by_name
        )


@lru_cache(maxsize=8)
def load(path: Path = DEFAULT_PATH) -> tuple[VersionData, ...]:
    """Every version in the file, in its order, each checked to be valid terms. Raises TermsFileError."""
    try:
        with path.open("rb") as file:
            document = tomllib.load(file)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TermsFileError(f"{path.name} is not a TOML file: {error}", "toml") from None
    unknown = sorted(set(document) - {"version"})
    if unknown or not isinstance(document.get("version"), list):
        raise TermsFileError(
            f"{path.name} holds [[version]] tables and nothing else ({', '.join(unknown)})", "tables"
        )
    versions = tuple(version_from(table, number) for number, table in enumerate(document["version"], start=1))
    keys = [(version.programme, version.code) for version in versions]
    for programme, code in keys:
        if keys.count((programme, code)) > 1:
            raise TermsFileError(
                f"{programme} {code}: the version is stated twice", "twice", f"{programme} {code}"
            )
    return versions


def offshore_terms(year: int, path: Path = DEFAULT_PATH) -> OffshoreTerms:
    """The published offshore terms of a calendar year. Raises NoVersionError or OverlapError."""
    found = version_for_year(_published(OFFSHORE, path), year).terms()
    assert isinstance(found, OffshoreTerms)
    return found


def training_terms(day: date, path: Path = DEFAULT_PATH) -> TrainingTerms:
    """The published training terms for a contract signed on `day`. Raises NoVersionError or OverlapError."""
    found = version_on(_published(TRAINING, path), day).terms()
    assert isinstance(found, TrainingTerms)
    return found


def _published(programme: str, path: Path) -> list[VersionData]:
    return [v for v in load(path) if v.programme == programme and v.status == PUBLISHED]


def version_from(table: Any, number: int) -> VersionData:
    if not isinstance(table, dict):
        raise TermsFileError(f"version {number} is not a [[version]] table", "tables")
    where = f"{table.get('programme', 'version')} {table.get('code', number)}"
    check_keys(table, where, required=_VERSION_KEYS, optional={"in_force_to"})
    programme = _text(table, "programme", where)
    if programme not in _KINDS:
        raise TermsFileError(
            f"{where}: programme must be {' or '.join(_KINDS)}, not {programme!r}",
            "programme",
            where,
            found=programme,
        )
    status = _text(table, "status", where)
    if status not in (PUBLISHED, DRAFT):
        raise TermsFileError(
            f"{where}: status must be {PUBLISHED} or {DRAFT}, not {status!r}", "status", where, found=status
        )
    version = VersionData(
        programme=programme,
        code=_text(table, "code", where),
        status=status,
        in_force_from=_day(table, "in_force_from", where),
        in_force_to=_day(table, "in_force_to", where) if "in_force_to" in table else None,
        title_zh=_text(table, "title_zh", where),
        title_en=_text(table, "title_en", where),
        parameters=_parameters(table["parameter"], where),
    )
    try:
        version.terms()
    except TermsError as error:
        raise TermsFileError(f"{where}: {error}", "terms", where) from error
    return version


def _parameters(tables: Any, where: str) -> tuple[Parameter, ...]:
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise TermsFileError(f"{where}: parameters must be [[version.parameter]] tables", "tables", where)
    parameters: list[Parameter] = []
    for table in tables:
        place = f"{where}, {table.get('name', f'parameter {len(parameters) + 1}')}"
        check_keys(table, place, required=set(_PARAMETER_KEYS), optional=set())
        parameter = Parameter(
            **{key: _text(table, key, place, empty=key == "quotation") for key in _PARAMETER_KEYS}
        )
        if any(parameter.name == other.name for other in parameters):
            raise TermsFileError(f"{place}: the parameter is stated twice", "twice", place)
        parameters.append(parameter)
    return tuple(parameters)


def check_keys(table: Mapping[str, Any], where: str, *, required: set[str], optional: set[str]) -> None:
    missing = sorted(required - set(table))
    unknown = sorted(set(table) - required - optional)
    if missing:
        raise TermsFileError(
            f"{where}: {', '.join(missing)} is missing", "missing", where, found=", ".join(missing)
        )
    if unknown:
        raise TermsFileError(
            f"{where}: {', '.join(unknown)} is not known here", "unknown", where, found=", ".join(unknown)
        )


def _text(table: Mapping[str, Any], key: str, where: str, *, empty: bool = False) -> str:
    value = table[key]
    if not isinstance(value, str) or not (empty or value.strip()):
        raise TermsFileError(
            f"{where}: {key} must be text in quotation marks, not {value!r}", "text", where, found=key
        )
    return value


def _day(table: Mapping[str, Any], key: str, where: str) -> date:
    value = table[key]
    if not isinstance(value, date) or isinstance(value, datetime):
        raise TermsFileError(
            f"{where}: {key} must be a day such as 2013-01-01, not {value!r}", "day", where, found=key
        )
    return value
