"""The training subsidy as casework sees it."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from casework.enums import IN_REVIEW, Payee
from casework.models import Case
from casework.programmes import AssessedResult, Flag, PayeeLine, Problem
from policy.enums import ProgrammeCode
from policy.practice import LATE_CONTRACT_MONTHS
from policy.rules.periods import add_months
from policy.rules.training import TrainingFacts, assess_trainee
from policy.selectors import training_terms_on
from training.enums import IdentityKind
from training.models import ClaimLine
from training.selectors import (
    claim_of,
    designations_of,
    is_designated,
    registered_elsewhere,
    subsidised_person_keys,
)


class TrainingProgramme:
    code = ProgrammeCode.TRAINING
    prefix = "TR"
    evidence_template = "training/_evidence.html"

    def edit_url(self, case: Case) -> str:
        return reverse("training:claim", args=[case.number])

    def _lines(self, case: Case):
        return (
            ClaimLine.objects.filter(claim__case=case)
            .select_related(
                "enrolment__trainee",
                "enrolment__training_class",
                "enrolment__certificate",
                "enrolment__labour_contract__employer",
            )
            .order_by("id")
        )

    def problems(self, case: Case) -> Sequence[Problem]:
        claim = claim_of(case)
        lines = list(self._lines(case))
        found = []
        if not lines:
            found.append(Problem("no_trainees", _("Choose at least one trainee."), self.edit_url(case)))
        for line in lines:
            if not hasattr(line.enrolment, "labour_contract"):
                found.append(
                    Problem(
                        "no_contract",
                        _("%(trainee)s has no labour contract yet.") % {"trainee": line.enrolment.trainee.name},
                        reverse("training:enrolment", args=[line.enrolment_id]),
                    )
                )
        if claim.undertaking_at is None:
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
        spans = designations_of(case.organisation)
        lines = []
        for line in self._lines(case):
            enrolment = line.enrolment
            trainee, contract = enrolment.trainee, enrolment.labour_contract
            certificate = getattr(enrolment, "certificate", None)
            lines.append(
                {
                    "enrolment": enrolment.pk,
                    "person_key": trainee.identity_key,
                    "name": trainee.name,
                    "identity_masked": trainee.identity_masked,
                    "identity_kind": trainee.identity_kind,
                    "education": trainee.education,
                    "school": trainee.school,
                    "class": {"code": enrolment.training_class.code, "name": enrolment.training_class.name},
                    "training_start": enrolment.starts_on.isoformat(),
                    "training_end": enrolment.ends_on.isoformat(),
                    "designated": is_designated(spans, enrolment.starts_on, enrolment.ends_on),
                    "certificate": None
                    if certificate is None
                    else {"number": certificate.number, "issued_on": certificate.issued_on.isoformat()},
                    "contract": {
                        "signed_on": contract.signed_on.isoformat(),
                        "starts_on": contract.starts_on.isoformat(),
                        "ends_on": contract.ends_on.isoformat() if contract.ends_on else None,
                        "position": contract.position,
                        "employer": contract.employer.name,
                        "employer_code": contract.employer.credit_code,
                        "division": contract.employer.division,
                        "place": contract.employer.place,
                    },
                }
            )
        return {
            "organisation": {"name": case.organisation.name, "credit_code": case.organisation.credit_code},
            "year": case.year,
            "lines": lines,
            "note": claim.note,
            "undertaking_by": claim.undertaking_by,
            "undertaking_at": claim.undertaking_at.isoformat(),
        }

    def basis(self, case: Case, snapshot: Mapping[str, Any]) -> dict[str, Any]:
        keys = [line["person_key"] for line in snapshot["lines"]]
        return {"subsidised": sorted(subsidised_person_keys(keys))}

    def assess(self, snapshot: Mapping[str, Any], basis: Mapping[str, Any]) -> AssessedResult:
        subsidised = set(basis["subsidised"])
        payees: list[PayeeLine] = []
        people, versions, boundary = [], set(), False
        institution_rmb = trainees_rmb = Decimal("0.00")
        code = snapshot["organisation"]["credit_code"]
        for line in snapshot["lines"]:
            facts = facts_from_snapshot(line, already_subsidised=line["person_key"] in subsidised)
            terms = training_terms_on(facts.contract_signed)
            result = assess_trainee(facts, terms)
            versions.add(terms.code)
            boundary = boundary or result.boundary
            people.append(
                {
                    "enrolment": line["enrolment"],
                    "eligible": result.eligible,
                    "trainee_rmb": str(result.trainee_rmb),
                    "institution_rmb": str(result.institution_rmb),
                    "policy": terms.code,
                    "reasons": [reason.to_json() for reason in result.reasons],
                    "steps": [step.to_json() for step in result.steps],
                }
            )
            if result.eligible:
                reference, key = str(line["enrolment"]), line["person_key"]
                payees.append(PayeeLine(Payee.TRAINEE, reference, result.trainee_rmb, key))
                payees.append(PayeeLine(Payee.INSTITUTION, f"{code}:{reference}"[:40], result.institution_rmb, key))
                trainees_rmb += result.trainee_rmb
                institution_rmb += result.institution_rmb
        return AssessedResult(
            policy_key="+".join(sorted(versions)),
            amount_rmb=trainees_rmb + institution_rmb,
            lines=tuple(payees),
            reasons=(),
            steps=(),
            details={
                "people": people,
                "eligible": sum(person["eligible"] for person in people),
                "trainees_rmb": str(trainees_rmb),
                "institution_rmb": str(institution_rmb),
            },
            boundary=boundary,
        )

    def flags(self, case: Case, snapshot: Mapping[str, Any]) -> Sequence[Flag]:
        found = []
        keys = [line["person_key"] for line in snapshot["lines"]]
        elsewhere = registered_elsewhere(keys, case.organisation_id)
        for line in snapshot["lines"]:
            who, contract, certificate = line["name"], line["contract"], line["certificate"]
            training_end = date.fromisoformat(line["training_end"])
            if line["person_key"] in elsewhere:
                found.append(Flag("two_institutions", _("Another institution registered this person too."), who))
            if line["identity_kind"] != IdentityKind.RESIDENT:
                found.append(Flag("identity_kind", _("The identity document is not a resident identity card."), who))
            if certificate and contract["signed_on"] < certificate["issued_on"]:
                found.append(Flag("before_certificate", _("The contract was signed before the certificate."), who))
            if date.fromisoformat(contract["starts_on"]) > add_months(training_end, LATE_CONTRACT_MONTHS):
                found.append(Flag("late_contract", _("The contract began more than 12 months after the training."), who))
        return found

    def affected_by(self, case: Case) -> QuerySet[Case]:
        keys = [line["person_key"] for line in case.current_assessment.submission.snapshot["lines"]]
        claims = ClaimLine.objects.filter(enrolment__trainee__identity_key__in=keys, released=False)
        return Case.objects.filter(
            pk__in=claims.values("claim__case"), programme=self.code, status__in=IN_REVIEW
        ).exclude(pk=case.pk)

    def grant(self, case: Case, result: AssessedResult, user) -> None:
        """No yearly allowance: a person is subsidised once, which the award lines' index holds."""

    def release(self, case: Case) -> None:
        ClaimLine.objects.filter(claim__case=case).update(released=True)

    def evidence(self, case: Case, snapshot: Mapping[str, Any]) -> dict[str, Any]:
        assessment = case.current_assessment
        results = (
            {person["enrolment"]: person for person in assessment.result["details"]["people"]} if assessment else {}
        )
        lines = [line | {"result": results.get(line["enrolment"])} for line in snapshot["lines"]]
        return {"lines": lines, "details": assessment.result["details"] if assessment else None}


def facts_from_snapshot(line: Mapping[str, Any], *, already_subsidised: bool) -> TrainingFacts:
    """The rules' facts of one frozen claim line."""
    contract = line["contract"]
    return TrainingFacts(
        training_start=date.fromisoformat(line["training_start"]),
        training_end=date.fromisoformat(line["training_end"]),
        contract_signed=date.fromisoformat(contract["signed_on"]),
        contract_start=date.fromisoformat(contract["starts_on"]),
        contract_end=date.fromisoformat(contract["ends_on"]) if contract["ends_on"] else None,
        place=contract["place"],
        certified=line["certificate"] is not None,
        education=line["education"],
        designated=line["designated"],
        already_subsidised=already_subsidised,
    )
