"""The page of an enrolment: every wrong day and code at its field, the employer shared by all, filed data frozen."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from audit.models import Record
from casework.transitions import Refused
from tests import factories
from tests.training.conftest import enrolment_form, words
from training.evidence import CertificateData, ContractData
from training.models import Certificate, Employer, Enrolment, LabourContract
from training.services.enrolments import save_enrolment

TOMORROW = timezone.localdate() + timedelta(days=1)


def saved(enrolment: Enrolment) -> Enrolment:
    return Enrolment.objects.select_related("certificate", "labour_contract__employer").get(pk=enrolment.pk)


def test_days_certificate_contract_and_a_new_employer_are_kept(school, enrolled):
    response = school.post("enrolment", enrolled.pk, data=enrolment_form(enrolled, ends_on="2015-06-05"))
    assert response.url == reverse("training:enrolment", args=[enrolled.pk])
    row = saved(enrolled)
    assert (row.ends_on, row.version) == (date(2015, 6, 5), 2)
    assert (row.certificate.number, row.certificate.issued_on) == ("C-100", date(2015, 6, 20))
    employer = row.labour_contract.employer
    assert (employer.name, employer.division, employer.place) == ("New Employer Ltd.", "360102", "local")
    page = words(school.get("enrolment", enrolled.pk))
    assert "Eligible" in page and "3,500.00" in page
    assert Record.objects.filter(action="training.employer_added").exists()
    record = Record.objects.get(action="training.enrolment_changed")
    assert record.data["contract"]["employer"] == factories.credit_code(900001)


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"starts_on": ""}, "starts_on", "This field is required."),
        ({"ends_on": "2015-02-28"}, "ends_on", "The last day cannot be before the first day."),
        ({"ends_on": TOMORROW.isoformat()}, "ends_on", "The training has not ended yet"),
        (
            {"certificate_issued_on": "2015-05-31"},
            "certificate_issued_on",
            "cannot be older than the end of the training",
        ),
        (
            {"certificate_issued_on": TOMORROW.isoformat()},
            "certificate_issued_on",
            "This day is in the future.",
        ),
        ({"certificate_issued_on": ""}, "certificate_issued_on", "Write the day of issue too"),
        ({"certificate_number": ""}, "certificate_number", "Write the number of the certificate too"),
        ({"signed_on": TOMORROW.isoformat()}, "signed_on", "This day is in the future."),
        ({"signed_on": ""}, "signed_on", "Write the day of the signature"),
        ({"signed_on": "2015-13-01"}, "signed_on", "The calendar has no such day"),
        ({"contract_starts_on": ""}, "contract_starts_on", "Write the first day of the contract"),
        ({"contract_ends_on": "2015-06-30"}, "contract_ends_on", "The contract cannot end before it starts."),
        (
            {"contract_ends_on": ""},
            "contract_ends_on",
            "Write the last day of the contract, or tick “open-ended”.",
        ),
        ({"open_ended": "on"}, "contract_ends_on", "it cannot be both"),
        ({"contract_ends_on": "9999-12-31"}, "contract_ends_on", "This year cannot be right."),
        ({"employer_code": ""}, "employer_code", "Write the employer's credit code"),
        ({"employer_code": "91360102"}, "employer_code", "has 18 characters; this one has 8"),
        (
            {"employer_code": "913601020000000010"},
            "employer_code",
            "The check digit of this Unified Social Credit Code",
        ),
        ({"employer_name": ""}, "employer_name", "This employer is not known yet"),
        ({"employer_division": "999999"}, "employer_division", "There is no division with this code."),
        ({"employer_division": "36"}, "employer_division", "There is no division with this code."),
    ],
)
def test_what_cannot_be_true_is_told_at_its_field_and_nothing_typed_is_lost(
    school, enrolled, change, field, message
):
    data = enrolment_form(enrolled, position="Tester") | change
    response = school.post("enrolment", enrolled.pk, data=data)
    assert response.status_code == 200
    assert message in response.context["form"].errors[field][0]
    page = response.content.decode()
    for name, value in data.items():
        if value and name != "open_ended":
            assert f'value="{value}"' in page, name
    assert not Certificate.objects.exists() and not LabourContract.objects.exists()
    assert not Employer.objects.exists() and saved(enrolled).version == 1


def test_several_errors_are_told_at_once(school, enrolled):
    data = enrolment_form(enrolled, ends_on="2015-02-01", signed_on=TOMORROW.isoformat(), employer_name="")
    errors = school.post("enrolment", enrolled.pk, data=data).context["form"].errors
    assert set(errors) == {"ends_on", "signed_on", "employer_name"}


def test_the_service_holds_the_same_rules(school, enrolled):
    with pytest.raises(ValidationError) as caught:
        save_enrolment(
            user=school.clerk,
            enrolment=enrolled,
            starts_on=date(2015, 3, 1),
            ends_on=date(2015, 6, 1),
            certificate=CertificateData("C-1", date(2015, 5, 1)),
            contract=ContractData("913601020000000010", TOMORROW, date(2015, 7, 1), date(2015, 6, 1)),
        )
    assert set(caught.value.message_dict) == {"certificate_issued_on", "signed_on", "contract_ends_on"}
    with pytest.raises(ValidationError) as caught:
        save_enrolment(
            user=school.clerk,
            enrolment=enrolled,
            starts_on=date(2015, 3, 1),
            ends_on=date(2015, 6, 1),
            certificate=None,
            contract=ContractData("913601020000000010", date(2015, 7, 1), date(2015, 7, 1)),
        )
    assert set(caught.value.message_dict) == {"employer_code"}
    assert saved(enrolled).version == 1


def test_the_database_holds_the_order_of_the_days(school, enrolled):
    with pytest.raises(IntegrityError, match="enrolment_ends_after_start"), transaction.atomic():
        Enrolment.objects.filter(pk=enrolled.pk).update(ends_on=date(2015, 1, 1))
    hired = school.hired()
    with pytest.raises(IntegrityError, match="labour_contract_ends_after_start"), transaction.atomic():
        LabourContract.objects.filter(enrolment=hired).update(ends_on=date(2015, 1, 1))


def test_a_certificate_number_is_used_once_in_an_institution(school, enrolled):
    other = school.hired()
    Certificate.objects.filter(enrolment=other).update(number="C-100")
    response = school.post("enrolment", enrolled.pk, data=enrolment_form(enrolled))
    assert response.context["form"].errors["certificate_number"] == [
        "You have issued a certificate with this number already."
    ]
    assert not LabourContract.objects.filter(enrolment=enrolled).exists()
    with pytest.raises(IntegrityError, match="certificate_number_once"), transaction.atomic():
        Certificate.objects.create(
            enrolment=enrolled, institution=school.institution, number="C-100", issued_on=date(2015, 6, 20)
        )


def test_an_open_ended_contract_has_no_last_day(school, enrolled):
    school.post("enrolment", enrolled.pk, data=enrolment_form(enrolled, contract_ends_on="", open_ended="on"))
    assert saved(enrolled).labour_contract.ends_on is None
    assert "without an end" in words(school.get("enrolment", enrolled.pk))


def test_certificate_and_contract_can_be_taken_out_again(school, enrolled):
    school.post("enrolment", enrolled.pk, data=enrolment_form(enrolled))
    emptied = dict.fromkeys(enrolment_form(enrolled), "") | {
        "version": 2,
        "starts_on": "2015-03-01",
        "ends_on": "2015-06-01",
    }
    assert school.post("enrolment", enrolled.pk, data=emptied).status_code == 302
    assert not Certificate.objects.exists() and not LabourContract.objects.exists()
    assert "No labour contract yet" in words(school.get("enrolment", enrolled.pk))


def test_training_that_is_still_going_on_needs_no_certificate(school, enrolled):
    data = {"version": 1, "starts_on": "2015-03-01", "ends_on": TOMORROW.isoformat()}
    assert school.post("enrolment", enrolled.pk, data=data).status_code == 302


@pytest.mark.parametrize(
    ("typed", "division", "place"),
    [
        ({}, "440305", "elsewhere"),
        ({"employer_division": "360102"}, "360102", "local"),
        ({"employer_division": "３６０１０２"}, "360102", "local"),
    ],
)
def test_the_place_comes_from_the_code_unless_another_division_is_written(
    school, enrolled, typed, division, place
):
    data = enrolment_form(enrolled, employer_code=factories.credit_code(7, "440305")) | typed
    assert school.post("enrolment", enrolled.pk, data=data).status_code == 302
    employer = Employer.objects.get()
    assert (employer.division, employer.place) == (division, place)


def test_a_known_employer_is_shown_and_never_overwritten(school, rival, enrolled):
    employer = factories.EmployerFactory(name="Known Ltd.", division="440305")
    data = enrolment_form(
        enrolled, employer_code=employer.credit_code, employer_name="Another name", employer_division="360102"
    )
    assert school.post("enrolment", enrolled.pk, data=data).status_code == 302
    employer.refresh_from_db()
    assert (employer.name, employer.division) == ("Known Ltd.", "440305")
    response = school.get("enrolment", enrolled.pk)
    page = words(response)
    assert "Known Ltd." in page and "only an official can change it" in page and "elsewhere" in page
    assert 'name="employer_name"' not in response.content.decode()


def test_an_organisation_of_the_portal_lends_its_name_and_division(school, enrolled):
    enterprise = factories.OrganisationFactory(name="Registered Enterprise", division="360111")
    data = enrolment_form(enrolled, employer_code=enterprise.credit_code, employer_name="")
    assert school.post("enrolment", enrolled.pk, data=data).status_code == 302
    employer = Employer.objects.get()
    assert (employer.name, employer.division) == ("Registered Enterprise", "360111")


def test_the_form_asks_for_what_the_portal_knows_of_a_code(school, db):
    employer = factories.EmployerFactory(name="Known Ltd.")
    known = words(school.get("employer", employer_code=employer.credit_code.lower()))
    assert "Known Ltd." in known and "local" in known
    unknown = school.get(
        "employer", employer_code=factories.credit_code(3, "440305"), employer_name="Typed Ltd."
    )
    assert "does not know this employer yet" in words(unknown) and "elsewhere" in words(unknown)
    assert 'value="Typed Ltd."' in unknown.content.decode()
    assert "does not know this employer" not in words(school.get("employer", employer_code="123"))
    outsider = factories.clerk_of(factories.OrganisationFactory())
    school.client.force_login(outsider)
    refused = school.get("employer", employer_code=employer.credit_code)
    assert refused.status_code == 403 and "Known Ltd." not in words(refused)


def test_a_stale_enrolment_form_is_refused_and_shows_the_present_state(school, enrolled):
    other = school.colleague(display_name="Chen Li")
    assert (
        other.post("enrolment", enrolled.pk, data=enrolment_form(enrolled, position="Saved")).status_code
        == 302
    )
    response = school.post("enrolment", enrolled.pk, data=enrolment_form(enrolled, position="Typed"))
    page = words(response)
    assert "Chen Li changed this at" in page and "Saved meanwhile" in page
    assert 'value="Typed"' in response.content.decode()
    assert saved(enrolled).labour_contract.position == "Saved"
    with pytest.raises(Refused) as refused:
        save_enrolment(
            user=school.clerk,
            enrolment=enrolled,
            starts_on=enrolled.starts_on,
            ends_on=enrolled.ends_on,
            certificate=None,
            contract=None,
            expected_version=1,
        )
    assert refused.value.code == "stale"


def test_a_filed_claim_keeps_what_it_was_filed_with(school):
    enrolment = school.hired(name="Zhang San")
    case = school.filed(enrolment)
    page = words(school.get("enrolment", enrolment.pk))
    assert f"Claim {case.number} was filed with this trainee and keeps the data" in page
    data = enrolment_form(enrolment, certificate_number="", certificate_issued_on="")
    assert school.post("enrolment", enrolment.pk, data=data).status_code == 302
    case.refresh_from_db()
    assert case.submissions.last().snapshot["lines"][0]["certificate"]["number"].startswith("CERT-")
    assert str(case.amount_rmb) == "3500.00"


def test_foreign_enrolments_are_not_found(school, rival):
    foreign = rival.hired()
    assert school.get("enrolment", foreign.pk).status_code == 404
    assert school.post("enrolment", foreign.pk, data=enrolment_form(foreign)).status_code == 404
    assert saved(foreign).version == 1
    with pytest.raises(Refused) as refused:
        save_enrolment(
            user=school.clerk,
            enrolment=foreign,
            starts_on=foreign.starts_on,
            ends_on=foreign.ends_on,
            certificate=None,
            contract=None,
        )
    assert refused.value.code == "permission"


def test_a_division_that_is_not_the_codes_is_flagged_for_officials(school, enrolled):
    data = enrolment_form(
        enrolled, employer_code=factories.credit_code(7, "440305"), employer_division="360102"
    )
    school.post("enrolment", enrolled.pk, data=data)
    assert school.filed(enrolled).warnings == ["division_differs", "employer_unknown"]


def test_what_an_official_should_look_at_is_flagged(school):
    early = school.hired(contract={"signed_on": date(2015, 6, 10)})
    late = school.hired(contract={"starts_on": date(2016, 6, 2), "ends_on": None})
    permit = factories.TraineeFactory(
        institution=school.institution, identity="H12345678", identity_kind="hk_macao_permit"
    )
    other = factories.hired_trainee(school.training_class, trainee=permit)
    assert school.filed(early, late, other).warnings == [
        "before_certificate",
        "employer_unknown",
        "late_contract",
        "identity_kind",
    ]
