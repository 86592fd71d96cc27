"""The published terms, as rows of the database."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from policy.enums import ProgrammeCode, VersionStatus
from policy.models import PolicyVersion
from policy.rules.terms import OffshoreTerms, Parameter, TrainingTerms
from policy.rules.versions import version_for_year, version_on

_TERMS = {ProgrammeCode.OFFSHORE: OffshoreTerms, ProgrammeCode.TRAINING: TrainingTerms}


def parameters_of(version: PolicyVersion) -> Sequence[Parameter]:
    """What a version states, in the order in which it was written."""
    return [
        Parameter(row.name, row.value, row.unit, row.clause, row.quotation)
        for row in version.parameters.all()
    ]


def terms_of(version: PolicyVersion) -> OffshoreTerms | TrainingTerms:
    """The terms of one version. Raises policy.rules.terms.TermsError, which names the parameter."""
    parameters = {parameter.name: parameter for parameter in parameters_of(version)}
    return _TERMS[ProgrammeCode(version.programme)].from_parameters(
        version.code, version.in_force_from, version.in_force_to, parameters
    )


def frozen(version: PolicyVersion) -> dict[str, Any]:
    """What a version says, JSON-ready: `thawed` makes terms of it again, whatever becomes of the version."""
    return {
        "code": version.code,
        "in_force_from": version.in_force_from.isoformat(),
        "in_force_to": version.in_force_to.isoformat() if version.in_force_to else None,
        "parameters": [asdict(one) for one in parameters_of(version)],
    }


def thawed(programme: str, data: Mapping[str, Any], *, always: bool = False) -> OffshoreTerms | TrainingTerms:
    """The terms that `frozen` kept; with `always` as if they were in force on every day. Raises TermsError."""
    last = data["in_force_to"]
    return _TERMS[ProgrammeCode(programme)].from_parameters(
        data["code"],
        date.min if always else date.fromisoformat(data["in_force_from"]),
        None if always or last is None else date.fromisoformat(last),
        {one["name"]: Parameter(**one) for one in data["parameters"]},
    )


def published_versions(programme: str) -> Sequence[PolicyVersion]:
    """The published versions of a programme with their parameters, oldest first; two queries."""
    return list(
        PolicyVersion.objects.filter(programme=programme, status=VersionStatus.PUBLISHED)
        .order_by("in_force_from")
        .prefetch_related("parameters")
    )


def published_terms(programme: str) -> Sequence[OffshoreTerms | TrainingTerms]:
    """The published terms of a programme, oldest first; two queries however many days or years are then asked for.

    `policy.rules.versions.version_on(terms, day)` picks from them.
    """
    return [terms_of(version) for version in published_versions(programme)]


def offshore_terms_for(year: int) -> OffshoreTerms:
    """The published offshore terms of a calendar year. Raises NoVersionError or OverlapError, naming the dates."""
    return terms_of(version_for_year(published_versions(ProgrammeCode.OFFSHORE), year))


def training_terms_on(day: date) -> TrainingTerms:
    """The published training terms for a contract signed on `day`. Raises NoVersionError or OverlapError."""
    return terms_of(version_on(published_versions(ProgrammeCode.TRAINING), day))
