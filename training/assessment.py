"""From an enrolment to the rules and back: the frozen line of a claim, its facts, and what a whole claim comes to.

The filed claim, the preview of a draft and the light beside a trainee all go through these functions; none of them
reads the database beyond the rows that it is given.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from casework.enums import Payee
from casework.programmes import AssessedResult, PayeeLine
from policy.rules.money import ZERO
from policy.rules.terms import TrainingTerms
from policy.rules.training import TraineeAssessment, TrainingFacts, assess_trainee
from policy.rules.versions import version_on
from training.models import Enrolment

Span = tuple[date, date | None]


def is_designated(spans: Iterable[Span], start: date, end: date) -> bool:
    """True when one designation covers every day from `start` to `end`."""
    return any(first <= start and (last is None or last >= end) for first, last in spans)


def frozen_line(enrolment: Enrolment, spans: Iterable[Span]) -> dict[str, Any]:
    """One trainee as a submission keeps them, JSON-ready. `spans` are the institution's designations.

    `contract` and `certificate` are None while there is none.
    """
    trainee = enrolment.trainee
    certificate = getattr(enrolment, "certificate", None)
    contract = getattr(enrolment, "labour_contract", None)
    return {
        "enrolment": enrolment.pk,
        "person_key": trainee.identity_key,
        "name": trainee.name,
        "identity_masked": trainee.identity_masked,
        "identity_kind": trainee.identity_kind,
        "education": trainee.education,
        "school": trainee.school,
        "consent_on": trainee.consent_on.isoformat(),
        "class": {"code": enrolment.training_class.code, "name": enrolment.training_class.name},
        "training_start": enrolment.starts_on.isoformat(),
        "training_end": enrolment.ends_on.isoformat(),
        "designated": is_designated(spans, enrolment.starts_on, enrolment.ends_on),
        "certificate": None
        if certificate is None
        else {"number": certificate.number, "issued_on": certificate.issued_on.isoformat()},
        "contract": None
        if contract is None
        else {
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


def facts_of(line: Mapping[str, Any], *, already_subsidised: bool) -> TrainingFacts:
    """The rules' facts of one frozen line that has a labour contract."""
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


def assess_line(
    line: Mapping[str, Any], terms: Sequence[TrainingTerms], *, already_subsidised: bool
) -> tuple[TraineeAssessment, TrainingTerms]:
    """What the version in force on the day of signing says of one line.

    Raises policy.rules.versions.VersionError when no single version was in force on that day.
    """
    facts = facts_of(line, already_subsidised=already_subsidised)
    version = version_on(terms, facts.contract_signed)
    return assess_trainee(facts, version), version


def person_of(line: Mapping[str, Any], result: TraineeAssessment, policy: str) -> dict[str, Any]:
    """One trainee's result as an assessment stores it."""
    return {
        "enrolment": line["enrolment"],
        "eligible": result.eligible,
        "trainee_rmb": str(result.trainee_rmb),
        "institution_rmb": str(result.institution_rmb),
        "policy": policy,
        "reasons": [reason.to_json() for reason in result.reasons],
        "steps": [step.to_json() for step in result.steps],
    }


def totals_of(people: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What an assessment stores of a whole claim: the people, how many are eligible, RMB to each side."""
    return {
        "people": list(people),
        "eligible": sum(person["eligible"] for person in people),
        "trainees_rmb": str(sum((Decimal(person["trainee_rmb"]) for person in people), ZERO)),
        "institution_rmb": str(sum((Decimal(person["institution_rmb"]) for person in people), ZERO)),
    }


def assess_lines(
    lines: Sequence[Mapping[str, Any]],
    *,
    institution_code: str,
    subsidised: Iterable[str],
    terms: Sequence[TrainingTerms],
) -> AssessedResult:
    """What a claim of these lines comes to. A person who stands in it twice is eligible once.

    `subsidised` are the keys of those who have received the subsidy before. Raises policy.rules.versions.VersionError.
    """
    taken, payees, people, versions = set(subsidised), [], [], set()
    boundary = on_limit = False
    for line in lines:
        key = line["person_key"]
        result, version = assess_line(line, terms, already_subsidised=key in taken)
        versions.add(version.code)
        boundary, on_limit = boundary or result.boundary, on_limit or result.on_limit
        people.append(person_of(line, result, version.code))
        if result.eligible:
            taken.add(key)
            reference = str(line["enrolment"])
            payees.append(PayeeLine(Payee.TRAINEE, reference, result.trainee_rmb, key))
            payees.append(
                PayeeLine(
                    Payee.INSTITUTION, f"{institution_code}:{reference}"[:40], result.institution_rmb, key
                )
            )
    details = totals_of(people)
    return AssessedResult(
        policy_key="+".join(sorted(versions)),
        amount_rmb=Decimal(details["trainees_rmb"]) + Decimal(details["institution_rmb"]),
        lines=tuple(payees),
        reasons=(),
        steps=(),
        details=details,
        boundary=boundary,
        on_limit=on_limit,
    )
