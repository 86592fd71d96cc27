"""What the pages and the programme read. Lights and previews cost the same few queries for one trainee or thousands."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, QuerySet

from accounts.enums import AccreditationKind, MembershipRole, OrganisationKind
from accounts.identifiers import division_name, division_of_credit_code, is_nanchang
from accounts.models import Accreditation, Organisation, User
from accounts.selectors import organisations_of
from casework.enums import Payee
from casework.models import AwardLine, Case
from policy.enums import ProgrammeCode
from policy.rules.money import ZERO
from policy.rules.periods import PeriodError
from policy.rules.terms import TrainingTerms
from policy.rules.trace import Reason, Step
from policy.rules.versions import VersionError
from policy.selectors import published_terms
from training.assessment import Span, assess_line, frozen_line, person_of, totals_of
from training.claim_models import ClaimLine, TrainingClaim
from training.enums import Eligibility
from training.models import Employer, Enrolment, Trainee, TrainingClass

_EVIDENCE = ("trainee", "training_class", "certificate", "labour_contract__employer")


def institutions_of(user: User) -> QuerySet[Organisation]:
    """The training institutions that a person acts for, by name."""
    return organisations_of(user).filter(kind=OrganisationKind.INSTITUTION)


def writable_institutions(user: User) -> QuerySet[Organisation]:
    """Those of them for which the person may write."""
    return Organisation.objects.filter(
        kind=OrganisationKind.INSTITUTION,
        memberships__user=user,
        memberships__role__in=[MembershipRole.OWNER, MembershipRole.CLERK],
    ).order_by("name")


def classes_of(user: User) -> QuerySet[TrainingClass]:
    """A person's classes with how many are enrolled, certified and hired."""
    return (
        TrainingClass.objects.visible_to(user)
        .select_related("institution")
        .annotate(
            enrolled=Count("enrolments", distinct=True),
            certified=Count("enrolments__certificate", distinct=True),
            hired=Count("enrolments__labour_contract", distinct=True),
        )
        .order_by("-starts_on", "code", "id")
    )


def sectors_of_classes(classes: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """The sectors of classes, known by their institution's code and their own."""
    wanted = set(classes)
    rows = TrainingClass.objects.filter(
        institution__credit_code__in={institution for institution, _code in wanted},
        code__in={code for _institution, code in wanted},
    ).values_list("institution__credit_code", "code", "sector")
    return {(institution, code): sector for institution, code, sector in rows}


def trainees_of(
    user: User, *, name: str = "", training_class: TrainingClass | None = None
) -> QuerySet[Trainee]:
    """A person's trainees, by name."""
    found = Trainee.objects.visible_to(user).filter(erased_at__isnull=True).select_related("institution")
    if name:
        found = found.filter(name__icontains=name)
    if training_class is not None:
        found = found.filter(enrolments__training_class=training_class)
    return found.order_by("name", "id")


def with_evidence(enrolments: QuerySet[Enrolment]) -> QuerySet[Enrolment]:
    """The enrolments with everything that their assessment reads, in one query."""
    return enrolments.select_related(*_EVIDENCE).order_by("trainee__name", "id")


def designation_spans(institution_ids: Iterable[int]) -> Mapping[int, list[Span]]:
    """The spans of days for which each institution is designated."""
    spans: dict[int, list[Span]] = defaultdict(list)
    rows = Accreditation.objects.filter(
        organisation_id__in=set(institution_ids), kind=AccreditationKind.DESIGNATION
    ).values_list("organisation_id", "valid_from", "valid_to")
    for institution_id, valid_from, valid_to in rows:
        spans[institution_id].append((valid_from, valid_to))
    return spans


def subsidised_person_keys(person_keys: Iterable[str]) -> set[str]:
    """Those of the persons who have been granted the training subsidy already, whoever registered them.

    For the calculation only: shown before filing, it would tell one institution about another.
    """
    return set(
        AwardLine.objects.filter(
            programme=ProgrammeCode.TRAINING, person_key__in=set(person_keys), reversed_at__isnull=True
        ).values_list("person_key", flat=True)
    )


def own_awards(institution_ids: Iterable[int], person_keys: Iterable[str]) -> dict[str, str]:
    """Persons for whom these institutions themselves were granted the subsidy: the person's key to the enrolment."""
    return dict(
        AwardLine.objects.filter(
            award__case__organisation_id__in=set(institution_ids),
            programme=ProgrammeCode.TRAINING,
            payee=Payee.TRAINEE,
            person_key__in=set(person_keys),
            reversed_at__isnull=True,
        ).values_list("person_key", "reference")
    )


@dataclass(frozen=True)
class Light:
    """What the rules say of an enrolment as it stands; RMB to the fen."""

    state: Eligibility
    reasons: tuple[Reason, ...] = ()
    steps: tuple[Step, ...] = ()
    trainee_rmb: Decimal = ZERO
    institution_rmb: Decimal = ZERO
    policy: str = ""

    @property
    def label(self) -> str:
        return str(self.state.label)

    @property
    def tone(self) -> str:
        if self.state in (Eligibility.ELIGIBLE, Eligibility.GRANTED):
            return "good"
        return "bad" if self.state is Eligibility.NOT_ELIGIBLE else "warn"

    @property
    def amount_rmb(self) -> Decimal:
        return self.trainee_rmb + self.institution_rmb


def lights_of(enrolments: Sequence[Enrolment]) -> dict[int, Light]:
    """The light of each enrolment (loaded `with_evidence`), by its id; four queries for any number of them."""
    institutions = {enrolment.trainee.institution_id for enrolment in enrolments}
    spans = designation_spans(institutions)
    awards = own_awards(institutions, [enrolment.trainee.identity_key for enrolment in enrolments])
    terms = published_terms(ProgrammeCode.TRAINING)
    return {
        enrolment.pk: _light(
            frozen_line(enrolment, spans[enrolment.trainee.institution_id]),
            terms,
            awards.get(enrolment.trainee.identity_key, ""),
        )
        for enrolment in enrolments
    }


def _light(line: Mapping[str, Any], terms: Sequence[TrainingTerms], awarded: str) -> Light:
    """`awarded` names the enrolment for which this person received the subsidy, if any."""
    if line["contract"] is None:
        return Light(Eligibility.NO_CONTRACT)
    granted = awarded == str(line["enrolment"])
    try:
        result, version = assess_line(line, terms, already_subsidised=bool(awarded) and not granted)
    except (VersionError, PeriodError):
        return Light(Eligibility.NO_POLICY)
    if granted:
        state = Eligibility.GRANTED
    elif result.eligible:
        state = Eligibility.ELIGIBLE
    else:
        state = Eligibility.BOUNDARY if result.boundary else Eligibility.NOT_ELIGIBLE
    return Light(
        state, result.reasons, result.steps, result.trainee_rmb, result.institution_rmb, version.code
    )


def claim_of(case: Case) -> TrainingClaim:
    return TrainingClaim.objects.get(case=case)


def lines_of(case: Case) -> QuerySet[ClaimLine]:
    """The chosen trainees of a claim with everything that a submission freezes, in the order of choosing."""
    return (
        ClaimLine.objects.filter(claim__case=case)
        .select_related(*(f"enrolment__{path}" for path in _EVIDENCE))
        .order_by("id")
    )


def claimable(case: Case) -> QuerySet[Enrolment]:
    """The institution's enrolments that this claim may choose: those that no other claim holds."""
    held = ClaimLine.objects.filter(released=False).exclude(claim__case=case)
    return with_evidence(
        Enrolment.objects.filter(
            trainee__institution_id=case.organisation_id, trainee__erased_at__isnull=True
        ).exclude(pk__in=held.values("enrolment_id"))
    )


def cases_holding(enrolment_ids: Iterable[int]) -> dict[int, Case]:
    """The claim that holds each enrolment, if any."""
    lines = ClaimLine.objects.filter(enrolment_id__in=set(enrolment_ids), released=False)
    return {line.enrolment_id: line.claim.case for line in lines.select_related("claim__case")}


@dataclass(frozen=True)
class Preview:
    """What a draft would come to if it were filed now, as far as its own institution may know."""

    lines: list[dict[str, Any]]
    details: dict[str, Any]
    amount_rmb: Decimal
    policy: str
    not_eligible: int


def preview(case: Case) -> Preview:
    """Assess the chosen trainees of a draft. A subsidy that another institution obtained is not looked at."""
    spans = designation_spans([case.organisation_id])[case.organisation_id]
    lines = [frozen_line(line.enrolment, spans) for line in lines_of(case)]
    taken = set(own_awards([case.organisation_id], [line["person_key"] for line in lines]))
    terms = published_terms(ProgrammeCode.TRAINING)
    people: list[dict[str, Any]] = []
    for line in lines:
        person = _previewed(line, terms, already_subsidised=line["person_key"] in taken)
        if person["eligible"]:
            taken.add(line["person_key"])
        line["result"] = person
        people.append(person)
    details = totals_of(people)
    return Preview(
        lines=lines,
        details=details,
        amount_rmb=Decimal(details["trainees_rmb"]) + Decimal(details["institution_rmb"]),
        policy="+".join(sorted({person["policy"] for person in people if person["policy"]})),
        not_eligible=len(people) - details["eligible"],
    )


def _previewed(
    line: Mapping[str, Any], terms: Sequence[TrainingTerms], *, already_subsidised: bool
) -> dict[str, Any]:
    if line["contract"] is not None:
        try:
            result, version = assess_line(line, terms, already_subsidised=already_subsidised)
        except (VersionError, PeriodError):
            pass
        else:
            return person_of(line, result, version.code)
    return {
        "enrolment": line["enrolment"],
        "eligible": False,
        "trainee_rmb": str(ZERO),
        "institution_rmb": str(ZERO),
        "policy": "",
        "reasons": [],
        "steps": [],
    }


@dataclass(frozen=True)
class KnownEmployer:
    """What the portal knows of a credit code: an employer, an organisation, or only the code's own division."""

    credit_code: str
    name: str
    division: str
    is_known: bool

    @property
    def place(self) -> str:
        return "local" if is_nanchang(self.division) else "elsewhere"

    @property
    def division_label(self) -> str:
        return division_name(self.division)


def employer_by_code(credit_code: str) -> KnownEmployer:
    """Look up a valid Unified Social Credit Code; an unknown one has no name and the division of its digits 3 to 8."""
    for model in (Employer, Organisation):
        found = model.objects.filter(credit_code=credit_code).first()
        if found is not None:
            return KnownEmployer(credit_code, found.name, found.division, is_known=True)
    return KnownEmployer(credit_code, "", division_of_credit_code(credit_code), is_known=False)
