"""The training subsidy as casework sees it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.crypto import renewed
from casework.enums import IN_REVIEW, LineVerdict
from casework.models import Award, Case
from casework.programmes import AssessedResult, DecidableLine, Facets, Flag, Problem, Replayed
from casework.templatetags.portal import day_text
from documents.selectors import place_url
from documents.selectors import problems_of as problems_of_papers
from documents.services.filing import freeze
from policy.enums import ProgrammeCode
from policy.rules.terms import Place, TrainingTerms
from policy.rules.versions import VersionError, version_on
from policy.selectors import published_terms
from training.assessment import assess_lines, frozen_line
from training.claim_models import ClaimLine
from training.flags import flags_of
from training.layout import LAYOUT
from training.models import Enrolment
from training.selectors import (
    claim_of,
    designation_spans,
    lines_of,
    sectors_of_classes,
    subsidised_person_keys,
)


class TrainingProgramme:
    code = ProgrammeCode.TRAINING
    prefix = "TR"
    evidence_template = "training/_evidence.html"
    layout = LAYOUT

    def edit_url(self, case: Case) -> str:
        return reverse("training:claim", args=[case.number])

    def mend_url(self, case: Case, path: str) -> str:
        if path.startswith("documents/"):
            return place_url(case, path)
        if path == "note":
            return reverse("training:submit", args=[case.number]) + "#id_note"
        key = path.removeprefix(f"{LAYOUT.rows}/").partition("/")[0]
        return reverse("training:enrolment", args=[key]) if key.isdecimal() else self.edit_url(case)

    def problems(self, case: Case) -> Sequence[Problem]:
        lines = list(lines_of(case))
        terms = published_terms(self.code)
        found = []
        if not lines:
            found.append(Problem("no_trainees", _("Choose at least one trainee."), self.edit_url(case)))
        for line in lines:
            problem = _problem_of(line.enrolment, terms)
            if problem:
                found.append(problem)
        found += problems_of_papers(case)
        if claim_of(case).undertaking_at is None:
            found.append(
                Problem(
                    "undertaking",
                    _("Accept the undertaking: without it the claim cannot be filed."),
                    reverse("training:submit", args=[case.number]) + "#id_undertaking",
                )
            )
        return found

    def snapshot(self, case: Case) -> dict[str, Any]:
        claim = claim_of(case)
        spans = designation_spans([case.organisation_id])[case.organisation_id]
        return {
            "organisation": {"name": case.organisation.name, "credit_code": case.organisation.credit_code},
            "year": case.year,
            "lines": [frozen_line(line.enrolment, spans) for line in lines_of(case)],
            "note": claim.note,
            "undertaking_by": claim.undertaking_by,
            "undertaking_at": claim.undertaking_at.isoformat(),
            "documents": freeze(case),
        }

    def basis(self, case: Case, snapshot: Mapping[str, Any]) -> dict[str, Any]:
        # By the snapshot's own keys: a basis stays the same when the hashes of the tables are renewed.
        frozen = {line["person_key"]: renewed(line["person_key"]) for line in snapshot["lines"]}
        subsidised = subsidised_person_keys(frozen.values())
        return {"subsidised": sorted(key for key, now in frozen.items() if now in subsidised)}

    def references(self, snapshot: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
        return []

    def lines(self, snapshot: Mapping[str, Any]) -> Sequence[DecidableLine]:
        return [
            DecidableLine(
                key=str(line["enrolment"]),
                label=line["name"],
                reduction=_("to the subsidy for an employer elsewhere")
                if line["contract"]["place"] == Place.LOCAL
                else "",
                subjects=(f"enrolment-{line['enrolment']}",),
            )
            for line in snapshot["lines"]
        ]

    def accepted(
        self, snapshot: Mapping[str, Any], verdicts: Mapping[str, Mapping[str, Any]]
    ) -> Mapping[str, Any]:
        if not verdicts:
            return snapshot
        lines = []
        for line in snapshot["lines"]:
            verdict = verdicts.get(str(line["enrolment"]), {"verdict": LineVerdict.ACCEPT})["verdict"]
            if verdict == LineVerdict.REFUSE:
                continue
            if verdict == LineVerdict.REDUCE:
                line = line | {"contract": line["contract"] | {"place": Place.ELSEWHERE}}
            lines.append(line)
        return {**snapshot, "lines": lines}

    def assess(
        self,
        snapshot: Mapping[str, Any],
        basis: Mapping[str, Any],
        terms: Sequence[TrainingTerms] | None = None,
    ) -> AssessedResult:
        return assess_lines(
            snapshot["lines"],
            institution_code=snapshot["organisation"]["credit_code"],
            subsidised=basis["subsidised"],
            terms=published_terms(self.code) if terms is None else terms,
        )

    def bonds(self, snapshot: Mapping[str, Any]) -> Sequence[str]:
        return [line["person_key"] for line in snapshot["lines"]]

    def facets(self, snapshots: Sequence[Mapping[str, Any]]) -> Sequence[Facets]:
        classes = {
            (snapshot["organisation"]["credit_code"], line["class"]["code"])
            for snapshot in snapshots
            for line in snapshot["lines"]
        }
        sectors = sectors_of_classes(classes)
        found = []
        for snapshot in snapshots:
            institution = snapshot["organisation"]["credit_code"]
            count = Counter(
                sectors.get((institution, line["class"]["code"]), "") for line in snapshot["lines"]
            )
            main = count.most_common(1)[0][0] if count else ""
            found.append(Facets(main, Decimal(len(snapshot["lines"]))))
        return found

    def replay(
        self, claims: Sequence[tuple[Mapping[str, Any], Sequence[str]]], terms: Sequence[TrainingTerms]
    ) -> Sequence[Replayed]:
        taken: set[str] = set()
        found = []
        for snapshot, held in claims:
            result = self.assess(snapshot, {"subsidised": taken.union(held)}, terms)
            taken.update(line.person_key for line in result.lines)
            eligible = result.details["eligible"]
            found.append(Replayed(result.policy_key, result.amount_rmb, eligible, result.on_limit))
        return found

    def flags(self, case: Case, snapshot: Mapping[str, Any]) -> Sequence[Flag]:
        return list(flags_of(case, snapshot))

    def affected_by(self, case: Case) -> QuerySet[Case]:
        snapshot = case.current_assessment.submission.snapshot
        keys = [renewed(line["person_key"]) for line in snapshot["lines"]]
        claims = ClaimLine.objects.filter(enrolment__trainee__identity_key__in=keys, released=False)
        return Case.objects.filter(
            pk__in=claims.values("claim__case"), programme=self.code, status__in=IN_REVIEW
        ).exclude(pk=case.pk)

    def grant(self, award: Award, result: AssessedResult, user) -> None:
        """No yearly allowance: a person is subsidised once, which the award lines' index holds."""

    def release(self, case: Case) -> None:
        ClaimLine.objects.filter(claim__case=case).update(released=True)

    def resume(self, case: Case) -> None:
        ClaimLine.objects.filter(claim__case=case).update(released=False)

    def evidence(self, case: Case, snapshot: Mapping[str, Any]) -> dict[str, Any]:
        assessment = case.current_assessment
        details = assessment.result["details"] if assessment else None
        results = {person["enrolment"]: person for person in details["people"]} if details else {}
        return {
            "lines": [line | {"result": results.get(line["enrolment"])} for line in snapshot["lines"]],
            "details": details,
            "note": snapshot["note"],
            "undertaking_by": snapshot["undertaking_by"],
            "undertaking_at": snapshot["undertaking_at"],
        }


def names_of(snapshot: Mapping[str, Any]) -> dict[str, str]:
    """The trainees of a frozen claim by the reference of their award lines."""
    return {str(line["enrolment"]): line["name"] for line in snapshot["lines"]}


def _problem_of(enrolment: Enrolment, terms: Sequence[TrainingTerms]) -> Problem | None:
    """What keeps one chosen trainee from being filed at all; not meeting a condition does not."""
    mend = reverse("training:enrolment", args=[enrolment.pk])
    if enrolment.trainee.consent_on > timezone.localdate():
        message = _("%(trainee)s has not consented yet: the day of the consent is in the future.") % {
            "trainee": enrolment.trainee.name
        }
        return Problem("no_consent", message, enrolment.trainee.get_absolute_url())
    contract = getattr(enrolment, "labour_contract", None)
    if contract is None:
        message = _("%(trainee)s has no labour contract yet.") % {"trainee": enrolment.trainee.name}
        return Problem("no_contract", message, mend + "#id_employer_code")
    try:
        version_on(terms, contract.signed_on)
    except VersionError:
        message = _(
            "%(trainee)s: no policy version applies to a contract signed on %(day)s. Compare it with the contract."
        ) % {"trainee": enrolment.trainee.name, "day": day_text(contract.signed_on)}
        return Problem("no_policy", message, mend + "#id_signed_on")
    return None
