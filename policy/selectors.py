"""The published terms, as rows of the database."""

from collections.abc import Sequence
from datetime import date

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
