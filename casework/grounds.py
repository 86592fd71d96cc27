"""The clauses that a rejection may rest on: those of the policy version in force for the case, in its own words."""

from dataclasses import dataclass

from casework.enums import Outcome, Stage
from casework.models import Case, Ground
from policy.rules.versions import VersionError, version_for_year
from policy.selectors import published_versions


@dataclass(frozen=True)
class Clause:
    """A clause and the words of the source; several figures of one clause bring their words together."""

    clause: str
    quotation: str


def clauses_of(case: Case) -> list[Clause]:
    """Each clause once, in the order of the policy. A training claim, whose contracts may fall into several versions,
    offers the clauses of all of them."""
    versions = published_versions(case.programme)
    if case.current_assessment is not None:
        named = case.current_assessment.policy_key.split("+")
        versions = [version for version in versions if version.code in named] or versions
    else:
        try:
            versions = [version_for_year(versions, case.year)]
        except VersionError:
            pass
    words: dict[str, list[str]] = {}
    for version in versions:
        for parameter in version.parameters.all():
            found = words.setdefault(parameter.clause, [])
            if parameter.quotation and parameter.quotation not in found:
                found.append(parameter.quotation)
    return [Clause(clause, " / ".join(quotations)) for clause, quotations in words.items() if clause]


def ground_of_rejection(case: Case) -> Ground | None:
    """The ground of a case's latest final rejection, as it was written."""
    rejections = Ground.objects.filter(
        review__case=case, review__stage=Stage.FINAL, review__outcome=Outcome.REJECT
    )
    return rejections.order_by("review_id").last()
