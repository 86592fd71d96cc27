"""One person's data: show the number, hand everything out, erase. Each is written to the audit chain first.

What a filed claim froze is never changed: see docs/decisions/ on erasure.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from accounts.models import Organisation, User
from audit import services as audit
from audit.models import Record
from casework.enums import CLOSED
from casework.models import AwardLine, Case, Submission
from casework.transitions import Refused
from documents import storage
from documents.enums import SubjectKind
from documents.models import NO_NAME, Document
from policy.enums import ProgrammeCode
from policy.practice import practice
from training.claim_models import ClaimLine
from training.models import ERASED, Certificate, Enrolment, Erasure, LabourContract, Trainee
from training.permissions import is_reviewer_of, may_erase, may_export, may_reveal
from training.selectors import with_evidence
from training.services.common import note

DISCLOSURES = ("trainee.identity_revealed", "trainee.data_exported")


@sensitive_variables("number")
@transaction.atomic
def reveal_identity(*, user: User, trainee: Trainee, reason: str) -> str:
    """The whole identity number, once its disclosure is written down. Raises Refused."""
    _refuse_unless(may_reveal(user, trainee))
    note(
        user,
        "trainee.identity_revealed",
        trainee,
        trainee.institution_id,
        {
            "identity": trainee.identity_masked,
            "reason": reason,
            "as": "official" if is_reviewer_of(user, trainee) else "member",
        },
    )
    return trainee.reveal_identity()


@transaction.atomic
def export_data(*, user: User, trainee: Trainee, requested_on: date, reason: str) -> dict[str, Any]:
    """Everything that the portal holds of one person of one institution, the number in full. Raises Refused."""
    _refuse_unless(may_export(user, trainee))
    note(
        user,
        "trainee.data_exported",
        trainee,
        trainee.institution_id,
        {
            "identity": trainee.identity_masked,
            "requested_on": requested_on,
            "reason": reason,
            "as": "member",
        },
    )
    data = data_of(trainee)
    if trainee.erased_at is None:
        data["person"]["identity_number"] = trainee.reveal_identity()
    return data


def data_of(trainee: Trainee) -> dict[str, Any]:
    """Everything that is held of one person of one institution, the number masked. JSON-ready but for dates."""
    enrolments = list(with_evidence(Enrolment.objects.filter(trainee=trainee)))
    ids = [enrolment.pk for enrolment in enrolments]
    return {
        "institution": {
            "name": trainee.institution.name,
            "credit_code": trainee.institution.credit_code,
        },
        "person": {
            "name": trainee.name,
            "identity_kind": trainee.identity_kind,
            "identity_masked": trainee.identity_masked,
            "education": trainee.education,
            "school": trainee.school,
            "student_number": trainee.student_number,
            "consent_on": trainee.consent_on,
            "erased_at": trainee.erased_at,
        },
        "enrolments": [_enrolment(enrolment) for enrolment in enrolments],
        "claims": _claims(ids),
        "awards": _awards(trainee, ids),
        "files": _files(trainee, ids),
        "records": [
            {"at": record.at, "action": record.action, "data": record.data} for record in records_of(trainee)
        ],
    }


def records_of(trainee: Trainee) -> Sequence[Record]:
    """What the audit chain says of a trainee, the newest first."""
    found = Record.objects.filter(object_type="training.trainee", object_id=str(trainee.pk))
    return found.select_related("actor").order_by("-id")


def disclosures_of(trainee: Trainee) -> list[Record]:
    """Who read the number or handed the data out."""
    return list(records_of(trainee).filter(action__in=DISCLOSURES))


def _enrolment(enrolment: Enrolment) -> dict[str, Any]:
    certificate = getattr(enrolment, "certificate", None)
    contract = getattr(enrolment, "labour_contract", None)
    return {
        "enrolment": enrolment.pk,
        "class": str(enrolment.training_class),
        "starts_on": enrolment.starts_on,
        "ends_on": enrolment.ends_on,
        "certificate": certificate and {"number": certificate.number, "issued_on": certificate.issued_on},
        "labour_contract": contract
        and {
            "employer": contract.employer.name,
            "employer_code": contract.employer.credit_code,
            "signed_on": contract.signed_on,
            "starts_on": contract.starts_on,
            "ends_on": contract.ends_on,
            "position": contract.position,
        },
    }


def _claims(enrolment_ids: Sequence[int]) -> list[dict[str, Any]]:
    """Each claim that holds or held the person, with what its submissions froze of them."""
    lines = ClaimLine.objects.filter(enrolment_id__in=enrolment_ids).select_related("claim__case")
    found = []
    for line in lines.order_by("pk"):
        case = line.claim.case
        frozen = [
            {"submission": submission.number, "submitted_at": submission.submitted_at, "line": frozen_line}
            for submission in Submission.objects.filter(case=case).order_by("number")
            for frozen_line in submission.snapshot["lines"]
            if frozen_line["enrolment"] == line.enrolment_id
        ]
        found.append(
            {
                "number": case.number,
                "status": case.status,
                "enrolment": line.enrolment_id,
                "released": line.released,
                "filed": frozen,
            }
        )
    return found


def _award_lines(trainee: Trainee, enrolment_ids: Sequence[int]):
    """The institution's own awards for this person: another institution's never show here."""
    references = [
        reference
        for pk in enrolment_ids
        for reference in (str(pk), f"{trainee.institution.credit_code}:{pk}"[:40])
    ]
    return AwardLine.objects.filter(
        programme=ProgrammeCode.TRAINING,
        award__case__organisation_id=trainee.institution_id,
        reference__in=references,
    ).select_related("award__case")


def _awards(trainee: Trainee, enrolment_ids: Sequence[int]) -> list[dict[str, Any]]:
    return [
        {
            "case": line.award.case.number,
            "payee": line.payee,
            "amount_rmb": line.amount_rmb,
            "awarded_at": line.award.awarded_at,
            "reversed_at": line.reversed_at,
        }
        for line in _award_lines(trainee, enrolment_ids).order_by("pk")
    ]


def _documents(trainee: Trainee, enrolment_ids: Sequence[int]):
    own = Document.objects.filter(organisation_id=trainee.institution_id)
    return own.filter(subject_kind=SubjectKind.TRAINEE, subject_id=trainee.pk) | own.filter(
        subject_kind=SubjectKind.ENROLMENT, subject_id__in=enrolment_ids
    )


def _files(trainee: Trainee, enrolment_ids: Sequence[int]) -> list[dict[str, Any]]:
    return [
        {
            "name": document.name,
            "paper": document.item,
            "version": document.version,
            "uploaded": document.created_at,
            "sha256": document.sha256,
            "in_use": document.is_current,
        }
        for document in _documents(trainee, enrolment_ids).order_by("pk")
    ]


@transaction.atomic
def erase(*, user: User, trainee: Trainee, requested_on: date, reason: str) -> Erasure:
    """Blank a person's data and destroy the number; what money was paid on stays. Cannot be undone. Raises Refused.

    The keyed hash remains only where a subsidy was granted, in the award's line: nobody is subsidised twice.
    """
    Organisation.objects.select_for_update(of=("self",), no_key=True).get(pk=trainee.institution_id)
    current = Trainee.objects.select_for_update(of=("self",)).select_related("institution").get(pk=trainee.pk)
    _refuse_unless(may_erase(user, current))
    _refuse_open_claims(current)
    ids = list(Enrolment.objects.filter(trainee=current).values_list("pk", flat=True))
    award_kept = _award_lines(current, ids).exists()
    files = _blank(current, ids, award_kept=award_kept, by=user)
    decision = Erasure.objects.create(
        trainee=current,
        requested_on=requested_on,
        reason=reason,
        decided_by=user,
        award_kept=award_kept,
        files_erased=files,
    )
    note(
        user,
        "trainee.erased",
        current,
        current.institution_id,
        {"requested_on": requested_on, "reason": reason, "award_kept": award_kept, "files": files},
    )
    return decision


def forget_unclaimed(*, limit: int = 200) -> int:
    """Erase trainees who stand in no claim and whose data nobody changed for as long as the practice keeps them."""
    today = timezone.localdate()
    until = timezone.now() - timedelta(days=practice("keep_unclaimed_trainees_days", today))
    due = (
        Trainee.objects.filter(erased_at__isnull=True, changed_at__lt=until)
        .exclude(enrolments__changed_at__gte=until)
        .exclude(enrolments__claim_lines__isnull=False)
        .order_by("pk")
    )
    found = list(due.values_list("pk", "institution_id")[:limit])
    return sum(_forget(pk, institution_id) for pk, institution_id in found)


@transaction.atomic
def _forget(pk: int, institution_id: int) -> bool:
    Organisation.objects.select_for_update(of=("self",), no_key=True).get(pk=institution_id)
    current = Trainee.objects.select_for_update(of=("self",)).get(pk=pk)
    ids = list(Enrolment.objects.filter(trainee=current).values_list("pk", flat=True))
    if current.erased_at or ClaimLine.objects.filter(enrolment_id__in=ids).exists():
        return False  # claimed, or erased, since it was looked for
    files = _blank(current, ids, award_kept=False, by=None)
    audit.record(
        actor="retention",
        action="trainee.retention_ended",
        obj=current,
        stream=f"accounts.organisation:{institution_id}",
        data={"files": files},
    )
    return True


def _blank(current: Trainee, ids: Sequence[int], *, award_kept: bool, by: User | None) -> int:
    """What erasure destroys; how many files were among it."""
    files = _drop_files(current, ids)
    if award_kept:
        LabourContract.objects.filter(enrolment_id__in=ids).update(position="")
    else:
        Certificate.objects.filter(enrolment_id__in=ids).delete()
        LabourContract.objects.filter(enrolment_id__in=ids).delete()
    now = timezone.now()
    Trainee.objects.filter(pk=current.pk).update(
        name=ERASED,
        identity_encrypted=b"",
        identity_masked=ERASED,
        identity_key=f"erased:{current.pk}",
        education="",
        school="",
        student_number="",
        version=current.version + 1,
        changed_by=by,
        changed_at=now,
        erased_at=now,
    )
    return files


def _refuse_unless(answer) -> None:
    if not answer:
        raise Refused("permission", answer.reason)


def _refuse_open_claims(trainee: Trainee) -> None:
    open_cases = Case.objects.filter(
        training_claim__lines__enrolment__trainee=trainee, training_claim__lines__released=False
    ).exclude(status__in=CLOSED)
    numbers = sorted(set(open_cases.values_list("number", flat=True)))
    if numbers:
        raise Refused(
            "open_claim",
            _(
                "A claim that is not decided holds this trainee: %(numbers)s. "
                "Take the trainee out of it, or wait for its decision."
            )
            % {"numbers": ", ".join(numbers)},
        )


def _drop_files(trainee: Trainee, enrolment_ids: Sequence[int]) -> int:
    """Destroy content and name of the person's files that were never filed; filed ones are evidence of a decision."""
    unfiled = _documents(trainee, enrolment_ids).filter(filings__isnull=True)
    keys = dict(unfiled.values_list("pk", "storage_key"))
    Document.objects.filter(pk__in=keys).update(is_current=False, name=NO_NAME)
    transaction.on_commit(lambda: [storage.drop(key) for key in keys.values()])
    return len(keys)
