"""One enrolment: the days of training, the certificate, the labour contract and its employer."""

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.identifiers import division_name, normalise, validate_credit_code
from accounts.models import User
from training.evidence import CertificateData, ContractData, contradictions
from training.models import Certificate, Employer, Enrolment, LabourContract
from training.selectors import employer_by_code
from training.services.common import lock_current, lock_institution, note, refuse_erased, stamp
from training.services.reopening import refuse_unasked, returned_case_of, state_of


@transaction.atomic
def save_enrolment(
    *,
    user: User,
    enrolment: Enrolment,
    starts_on: date,
    ends_on: date,
    certificate: CertificateData | None,
    contract: ContractData | None,
    expected_version: int | None = None,
) -> Enrolment:
    """Keep what is known of a trainee's training and work; None removes a certificate or contract.

    A claim that was filed with this enrolment keeps what it froze. Raises ValidationError with the fields named as in
    the form, or Refused.
    """
    institution = lock_institution(user, enrolment.trainee.institution_id)
    row = lock_current(Enrolment, enrolment.pk, expected_version)
    refuse_erased(row.trainee)
    _check(starts_on, ends_on, certificate, contract)
    case = returned_case_of(row.pk)
    before = state_of(row.pk) if case else {}
    row.starts_on, row.ends_on = starts_on, ends_on
    stamp(row, user, is_new=False)
    row.save()
    _save_certificate(row, institution.pk, certificate)
    employer = _save_contract(row, user, institution.pk, contract)
    if case:
        refuse_unasked(case, before, state_of(row.pk))
    note(
        user,
        "training.enrolment_changed",
        row,
        institution.pk,
        {
            "starts_on": starts_on,
            "ends_on": ends_on,
            "certificate": certificate and vars(certificate),
            "contract": contract
            and {
                "employer": employer.credit_code,
                "signed_on": contract.signed_on,
                "starts_on": contract.starts_on,
                "ends_on": contract.ends_on,
                "position": contract.position,
            },
        },
    )
    return row


def _check(
    starts_on: date, ends_on: date, certificate: CertificateData | None, contract: ContractData | None
) -> None:
    found: dict[str, Any] = {}
    days = contradictions(
        starts_on=starts_on,
        ends_on=ends_on,
        certificate_issued_on=certificate.issued_on if certificate else None,
        signed_on=contract.signed_on if contract else None,
        contract_starts_on=contract.starts_on if contract else None,
        contract_ends_on=contract.ends_on if contract else None,
        today=timezone.localdate(),
    )
    for name, message in days:
        found.setdefault(name, []).append(message)
    if found:
        raise ValidationError(found)


def _save_certificate(enrolment: Enrolment, institution_id: int, data: CertificateData | None) -> None:
    if data is None:
        Certificate.objects.filter(enrolment=enrolment).delete()
        return
    taken = ValidationError(
        {
            "certificate_number": ValidationError(
                _("You have issued a certificate with this number already."), code="certificate_number_once"
            )
        }
    )
    others = Certificate.objects.filter(institution_id=institution_id, number=data.number)
    if others.exclude(enrolment=enrolment).exists():
        raise taken
    try:
        with transaction.atomic():
            Certificate.objects.update_or_create(
                enrolment=enrolment,
                defaults={
                    "number": data.number,
                    "issued_on": data.issued_on,
                    "institution_id": institution_id,
                },
            )
    except IntegrityError as error:
        if "certificate_number_once" in str(error):
            raise taken from error
        raise


def _save_contract(
    enrolment: Enrolment, user: User, institution_id: int, data: ContractData | None
) -> Employer | None:
    if data is None:
        LabourContract.objects.filter(enrolment=enrolment).delete()
        return None
    employer = _employer(user, institution_id, data)
    LabourContract.objects.update_or_create(
        enrolment=enrolment,
        defaults={
            "employer": employer,
            "signed_on": data.signed_on,
            "starts_on": data.starts_on,
            "ends_on": data.ends_on,
            "position": data.position,
        },
    )
    return employer


def _employer(user: User, institution_id: int, data: ContractData) -> Employer:
    """The employer of a credit code as the portal knows it, else a new one. What is known is never overwritten."""
    code = normalise(data.employer_code)
    try:
        validate_credit_code(code)
    except ValidationError as error:
        raise ValidationError({"employer_code": error}) from error
    known = employer_by_code(code)
    name = known.name or data.employer_name.strip()
    division = known.division if known.is_known else (data.employer_division or known.division)
    if not name:
        raise ValidationError(
            {"employer_name": _("This employer is not known yet: write its name as on the business licence.")}
        )
    check_division(division)
    employer, created = Employer.objects.get_or_create(
        credit_code=code, defaults={"name": name, "division": division}
    )
    if created:
        note(
            user,
            "training.employer_added",
            employer,
            institution_id,
            {"credit_code": code, "name": name, "division": division},
        )
    return employer


def check_division(division: str) -> None:
    """Refuse a division code that GB/T 2260 does not know. Raises ValidationError at `employer_division`."""
    is_code = len(division) == 6 and division.isascii() and division.isdigit()
    if not is_code or division_name(division) == division:
        raise ValidationError(
            {
                "employer_division": ValidationError(
                    _(
                        "There is no division with this code. Write the six digits of the place of registration."
                    ),
                    code="division",
                )
            }
        )
