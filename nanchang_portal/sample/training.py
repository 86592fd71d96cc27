"""Write the institutions' classes, trainees and claims."""

from accounts.models import Organisation, User
from casework.enums import Stage
from casework.models import Case
from nanchang_portal.sample import papers
from nanchang_portal.sample.classes import CLASSES, EMPLOYERS_ELSEWHERE, POSITIONS, SCHOOLS
from nanchang_portal.sample.codes import credit_code, identity_number
from nanchang_portal.sample.journeys import walk
from nanchang_portal.sample.organisations import OWNERS
from nanchang_portal.sample.tables import Row
from nanchang_portal.sample.trainees import TRAINEES
from nanchang_portal.sample.training_claims import CLAIMS, REASONS
from training.enums import IdentityKind
from training.evidence import CertificateData, ContractData
from training.identities import validate_identity
from training.models import Enrolment, Trainee, TrainingClass
from training.services import claims
from training.services.classes import save_class
from training.services.enrolments import save_enrolment
from training.services.trainees import register_trainee

REASON = {row["claim"]: row["reason"] for row in REASONS}


def create(users: dict[str, User], organisations: dict[str, Organisation]) -> dict[str, Case]:
    """Every training claim by key."""
    clerks = {key: users[login] for key, login in OWNERS.items()}
    enrolments = _enrolments(clerks, organisations)
    return {
        row["key"]: _claim(
            row, users, clerks[row["institution"]], organisations[row["institution"]], enrolments
        )
        for row in CLAIMS
    }


def _enrolments(
    clerks: dict[str, User], organisations: dict[str, Organisation]
) -> dict[tuple[str, str], Enrolment]:
    """Every enrolment by its class and person number."""
    employers = _employers(organisations)
    classes, created = {}, {}
    for row in CLASSES:
        institution = organisations[row["institution"]]
        classes[row["key"]] = _class(row, clerks[row["institution"]], institution, organisations)
    for row in TRAINEES:
        training_class = classes[row["class"]]
        clerk = next(clerks[key] for key in clerks if organisations[key] == training_class.institution)
        created[row["class"], row["person"]] = _enrolment(row, clerk, training_class, employers)
    return created


def _employers(organisations: dict[str, Organisation]) -> dict[str, dict[str, str]]:
    """What a labour contract says of each employer, by key."""
    known = {
        key: {"employer_code": it.credit_code, "employer_name": it.name, "employer_division": it.division}
        for key, it in organisations.items()
    }
    return known | {
        row["key"]: {
            "employer_code": credit_code(int(row["number"]), row["division"]),
            "employer_name": row["name"],
            "employer_division": row["division"],
        }
        for row in EMPLOYERS_ELSEWHERE
    }


def _class(
    row: Row, clerk: User, institution: Organisation, organisations: dict[str, Organisation]
) -> TrainingClass:
    ordered_by = organisations[row["customised"]].name if row["customised"] else ""
    return save_class(
        user=clerk,
        training_class=TrainingClass(
            institution=institution,
            code=row["key"],
            name=row["name"],
            sector=row["sector"],
            starts_on=row.day("starts"),
            ends_on=row.day("ends"),
            hours=int(row["hours"]),
            customised_for=ordered_by,
        ),
    )


def _enrolment(
    row: Row, clerk: User, training_class: TrainingClass, employers: dict[str, dict[str, str]]
) -> Enrolment:
    kind = IdentityKind(row["document"] or IdentityKind.RESIDENT)
    number = int(row["person"])
    trainee = register_trainee(
        user=clerk,
        trainee=Trainee(
            institution=training_class.institution,
            name=row["name"],
            identity_kind=kind,
            education=row["education"],
            school=SCHOOLS[row["education"]],
            student_number=f"SAMPLE{number:03d}",
            consent_on=training_class.starts_on,
        ),
        identity=validate_identity(kind, _document_number(kind, number)),
        training_class=training_class,
    )
    enrolment = trainee.enrolments.get()
    certificate = contract = None
    if row["certificate"]:
        certificate = CertificateData(f"SAMPLE-{training_class.code}-{number:03d}", row.day("certificate"))
    if row["employer"]:
        contract = ContractData(
            signed_on=row.day("signed"),
            starts_on=row.day("starts"),
            ends_on=row.day("ends"),
            position=POSITIONS[training_class.sector],
            **employers[row["employer"]],
        )
    return save_enrolment(
        user=clerk,
        enrolment=enrolment,
        starts_on=training_class.starts_on,
        ends_on=row.day("until") or training_class.ends_on,
        certificate=certificate,
        contract=contract,
    )


def _document_number(kind: IdentityKind, person: int) -> str:
    return {
        IdentityKind.RESIDENT: identity_number(person),
        IdentityKind.HK_MACAO_PERMIT: f"H{person:08d}",
        IdentityKind.TAIWAN_PERMIT: f"{person:08d}",
        IdentityKind.PASSPORT: f"E{person:08d}",
    }[kind]


def _claim(
    row: Row,
    users: dict[str, User],
    clerk: User,
    institution: Organisation,
    enrolments: dict[tuple[str, str], Enrolment],
) -> Case:
    case = claims.start_claim(user=clerk, institution=institution)
    chosen = [enrolments[row["class"], person].pk for person in row["persons"].split()]
    claims.choose_trainees(user=clerk, case_id=case.pk, enrolment_ids=chosen)
    papers.attach(case, row["key"], clerk)
    return walk(
        case,
        row["path"],
        clerk=clerk,
        officials={Stage.INITIAL: users["initial"], Stage.FINAL: users["final2"]},
        file=lambda case: claims.give_undertaking_and_submit(
            user=clerk, case_id=case.pk, signed_by=clerk.display_name, note=row["note"]
        ),
        reason=REASON.get(row["key"], ""),
    )
