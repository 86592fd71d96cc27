"""One version as a TOML file and back: in the form of policy/data/terms.toml, each rule with a check of its own.

The checks find what was changed outside the portal (an editor's slip, a cut file) and name the rule; who may put a
version in force is decided by people, not by a file.
"""

import json
import tomllib
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from audit.services import sha256
from policy.drafting import Content, PolicyRefused
from policy.models import PolicyVersion
from policy.rules.parameters import Parameter
from policy.selectors import parameters_of
from policy.terms_file import DRAFT, TermsFileError, VersionData, version_from
from policy.words import day, file_problem, parameter_label

MOST_BYTES = 200_000
CHECK = "check"
_HEAD = """\
# A policy version of the Nanchang Service Outsourcing Subsidy Portal.
# A file that was changed is refused: import it as it is and change the draft.
"""


def _check_of_parameter(parameter: Parameter) -> str:
    fields = [parameter.name, parameter.value, parameter.unit, parameter.clause, parameter.quotation]
    return sha256(fields)[:16]


def _check_of_version(
    programme: str, code: str, first: date, last: date | None, title_zh: str, title_en: str
) -> str:
    return sha256([programme, code, first, last, title_zh, title_en])[:16]


def _text(value: str) -> str:
    """A TOML basic string; JSON's escapes are TOML's, but for DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def export(version: PolicyVersion) -> str:
    """The version as a TOML text."""
    check = _check_of_version(
        version.programme,
        version.code,
        version.in_force_from,
        version.in_force_to,
        version.title_zh,
        version.title_en,
    )
    lines = [
        _HEAD,
        "[[version]]",
        f"programme = {_text(version.programme)}",
        f"code = {_text(version.code)}",
        f"in_force_from = {version.in_force_from.isoformat()}",
        *([f"in_force_to = {version.in_force_to.isoformat()}"] if version.in_force_to else []),
        f"title_zh = {_text(version.title_zh)}",
        f"title_en = {_text(version.title_en)}",
        f"check = {_text(check)}",
    ]
    for one in parameters_of(version):
        lines += ["", "[[version.parameter]]"]
        lines += [
            f"{key} = {_text(getattr(one, key))}" for key in ("name", "value", "unit", "clause", "quotation")
        ]
        lines.append(f"check = {_text(_check_of_parameter(one))}")
    return "\n".join(lines) + "\n"


def read(data: bytes) -> VersionData:
    """The version in a file that `export` wrote. Raises PolicyRefused (file, edited), naming rule and days."""
    if len(data) > MOST_BYTES:
        raise PolicyRefused("file", _("This file is larger than any policy version."))
    try:
        document = tomllib.loads(data.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError):
        raise PolicyRefused("file", file_problem(TermsFileError("no TOML", "toml"))) from None
    table = _only_version(document)
    check = table.pop(CHECK, None)
    checks = _take_checks(table)
    try:
        found = version_from({"status": DRAFT, **table}, 1)
    except TermsFileError as error:
        raise PolicyRefused("file", _with_days(table, file_problem(error))) from None
    edited = [
        parameter_label(one.name)
        for one in found.parameters
        if checks.get(one.name) != _check_of_parameter(one)
    ]
    if edited:
        _refuse_edited(table, ", ".join(edited))
    if check != _check_of_version(
        found.programme, found.code, found.in_force_from, found.in_force_to, found.title_zh, found.title_en
    ):
        _refuse_edited(table, _("names and days of the version"))
    if (
        any("\x00" in text for text in (found.code, found.title_zh, found.title_en))
        or max(len(found.title_zh), len(found.title_en))
        > PolicyVersion._meta.get_field("title_zh").max_length
    ):
        raise PolicyRefused("file", _with_days(table, file_problem(TermsFileError("", "tables"))))
    return found


def content_of(found: VersionData, *, code: str = "") -> Content:
    """The draft that a file's version becomes, under another name when one is given."""
    return Content(
        code or found.code,
        found.title_zh,
        found.title_en,
        found.in_force_from,
        found.in_force_to,
        list(found.parameters),
    )


def _only_version(document: dict[str, Any]) -> dict[str, Any]:
    versions = document.get("version")
    if (
        set(document) != {"version"}
        or not isinstance(versions, list)
        or len(versions) != 1
        or not isinstance(versions[0], dict)
    ):
        raise PolicyRefused("file", file_problem(TermsFileError("", "tables")))
    return versions[0]


def _take_checks(table: dict[str, Any]) -> dict[str, Any]:
    """The rules' checks by name, taken out of the tables; what has another form is refused later, by its place."""
    rules = table.get("parameter")
    if not isinstance(rules, list):
        return {}
    return {str(rule.get("name")): rule.pop(CHECK, None) for rule in rules if isinstance(rule, dict)}


def _refuse_edited(table: dict[str, Any], what: str) -> None:
    message = _(
        "The file was changed outside the portal, or does not come from one: %(what)s. Import the file as it"
        " was exported and change the draft here."
    ) % {"what": what}
    raise PolicyRefused("edited", _with_days(table, message))


def _with_days(table: dict[str, Any], problem: str) -> str:
    """The problem with the version's name and days before it."""
    first, last = table.get("in_force_from"), table.get("in_force_to")
    if not isinstance(first, date):
        return problem
    told = {"code": str(table.get("code", ""))[:20], "first": day(first), "problem": problem}
    if not isinstance(last, date):
        return _("Version %(code)s, from %(first)s: %(problem)s") % told
    return _("Version %(code)s, from %(first)s to %(last)s: %(problem)s") % {**told, "last": day(last)}
