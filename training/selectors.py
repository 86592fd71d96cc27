from datetime import date

from django.db.models import QuerySet

from accounts.enums import AccreditationKind
from accounts.models import Accreditation, Organisation
from casework.models import AwardLine
from policy.enums import ProgrammeCode
from policy.rules.training import TraineeAssessment, TrainingFacts, assess_trainee
from policy.rules.versions import NoVersionError, OverlapError
from policy.selectors import training_terms_on
from training.models import Enrolment, Trainee, TrainingClaim
from casework.models import Case


def claim_of(case: Case) -> TrainingClaim:
    return TrainingClaim.objects.get(case=case)


def designations_of(institution: Organisation) -> list[tuple[date, date | None]]:
    """The spans of days for which an institution is designated."""
    return list(
        Accreditation.objects.filter(
            organisation=institution, kind=AccreditationKind.DESIGNATION
        ).values_list("valid_from", "valid_to")
    )


def is_designated(spans: list[tuple[date, date | None]], start: date, end: date) -> bool:
    """True when one designation covers every day from `start` to `end`."""
    return any(first <= start and (last is None or last >= end) for first, last in spans)


def subsidised_person_keys(person_keys: list[str]) -> set[str]:
    """Those of the persons who have been granted the training subsidy already."""
    return set(
        AwardLine.objects.filter(
            programme=ProgrammeCode.TRAINING, person_key__in=person_keys, reversed_at__isnull=True
        ).values_list("person_key", flat=True)
    )


def enrolments_with_evidence(institution: Organisation) -> QuerySet[Enrolment]:
    """An institution's enrolments with everything that their assessment reads, in one query."""
    return Enrolment.objects.filter(trainee__institution=institution).select_related(
        "trainee", "training_class", "certificate", "labour_contract__employer"
    )


def facts_of(enrolment: Enrolment, *, designated: bool) -> TrainingFacts | None:
    """What the rules need to know of an enrolment; None while it has no labour contract."""
    contract = getattr(enrolment, "labour_contract", None)
    if contract is None:
        return None
    return TrainingFacts(
        training_start=enrolment.starts_on,
        training_end=enrolment.ends_on,
        contract_signed=contract.signed_on,
        contract_start=contract.starts_on,
        contract_end=contract.ends_on,
        place=contract.employer.place,
        certified=hasattr(enrolment, "certificate"),
        education=enrolment.trainee.education,
        designated=designated,
    )


def light_of(enrolment: Enrolment, spans: list[tuple[date, date | None]]) -> TraineeAssessment | None:
    """What the rules say of an enrolment as it stands; None while no contract or no policy version is there."""
    facts = facts_of(enrolment, designated=is_designated(spans, enrolment.starts_on, enrolment.ends_on))
    if facts is None:
        return None
    try:
        return assess_trainee(facts, training_terms_on(facts.contract_signed))
    except (NoVersionError, OverlapError):
        return None


def registered_elsewhere(person_keys: list[str], institution_id: int) -> set[str]:
    """Persons whom another institution registered too. For officials' eyes only."""
    return set(
        Trainee.objects.filter(identity_key__in=person_keys)
        .exclude(institution_id=institution_id)
        .values_list("identity_key", flat=True)
    )
