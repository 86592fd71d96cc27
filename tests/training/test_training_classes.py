"""Classes: the form, the roster, enrolling, and who may."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.enums import MembershipRole
from audit.models import Record
from casework.transitions import Refused
from tests import factories
from tests.training.conftest import words
from training.models import Enrolment, TrainingClass
from training.services.classes import enrol, save_class

FORM = {
    "code": "JAVA-1",
    "name": "Java",
    "sector": "software",
    "starts_on": "2015-03-01",
    "ends_on": "2015-06-01",
    "hours": "480",
    "customised_for": "",
}


def test_a_new_class_is_registered_and_audited(school):
    response = school.post(
        "class_new", data=FORM | {"starts_on": "2015年3月1日", "customised_for": "Example Ltd."}
    )
    created = TrainingClass.objects.get(code="JAVA-1")
    assert response.url == reverse("training:class", args=[created.pk])
    assert created.institution == school.institution and created.starts_on == date(2015, 3, 1)
    record = Record.objects.get(action="training.class_created")
    assert record.stream.key == f"accounts.organisation:{school.institution.pk}"
    assert record.data["customised_for"] == "Example Ltd." and record.actor == school.clerk


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"ends_on": "2015-02-28"}, "ends_on", "The last day cannot be before the first day."),
        (
            {"starts_on": "2015-02-30"},
            "starts_on",
            "The calendar has no such day. Compare it with the document.",
        ),
        ({"starts_on": "in spring"}, "starts_on", "Write the day as year-month-day, such as 2015-07-01."),
        (
            {"starts_on": "0215-03-01"},
            "starts_on",
            "This year cannot be right. Compare the day with the document.",
        ),
        ({"name": ""}, "name", "This field is required."),
    ],
)
def test_a_wrong_class_is_told_at_its_field_and_keeps_what_was_typed(school, change, field, message):
    before = TrainingClass.objects.count()
    response = school.post("class_new", data=FORM | change)
    assert response.context["form"].errors[field] == [message]
    page = response.content.decode()
    assert message in page and 'value="JAVA-1"' in page
    if value := change[field]:
        assert f'value="{value}"' in page
    assert TrainingClass.objects.count() == before


def test_a_code_is_used_once_in_an_institution_and_again_in_another(school, rival):
    code = school.training_class.code
    response = school.post("class_new", data=FORM | {"code": code})
    assert response.context["form"].errors["code"] == ["You have a class with this code already."]
    assert rival.post("class_new", data=FORM | {"code": code}).status_code == 302
    with pytest.raises(IntegrityError, match="class_code_once"), transaction.atomic():
        factories.TrainingClassFactory(institution=school.institution, code=code)


def test_the_database_refuses_a_class_that_ends_before_it_starts(school):
    with pytest.raises(IntegrityError, match="class_ends_after_start"), transaction.atomic():
        factories.TrainingClassFactory(institution=school.institution, ends_on=date(2015, 2, 1))


def test_a_stale_form_shows_what_was_saved_meanwhile_and_keeps_the_typing(school):
    pk = school.training_class.pk
    data = FORM | {"version": school.training_class.version}
    other = school.colleague(display_name="Chen Li")
    assert other.post("class_edit", pk, data=data | {"name": "Saved by Chen"}).status_code == 302

    response = school.post("class_edit", pk, data=data | {"name": "Typed by me"})
    page = words(response)
    assert "Chen Li changed this at" in page and "Saved by Chen" in page
    assert 'value="Typed by me"' in response.content.decode()
    school.training_class.refresh_from_db()
    assert school.training_class.name == "Saved by Chen"

    # The page knows the present state now: saving again is a decision, not an accident.
    version = response.context["form"]["version"].value()
    assert (
        school.post("class_edit", pk, data=data | {"name": "Typed by me", "version": version}).status_code
        == 302
    )
    school.training_class.refresh_from_db()
    assert school.training_class.name == "Typed by me" and school.training_class.version == 3


def test_the_list_counts_and_shows_only_ones_own_classes(school, rival):
    school.hired(name="Hired")
    factories.hired_trainee(school.training_class, certified=False)
    page = school.get("classes")
    row = page.context["rows"][0]
    assert (row["class"].enrolled, row["class"].certified, row["class"].hired) == (2, 1, 2)
    assert row["designated"] is True
    assert rival.training_class.code not in words(page)


def test_the_roster_shows_days_certificate_contract_and_light(school):
    school.hired(name="Right One")
    school.hired(name="Wrong One", certified=False)
    page = words(school.get("class", school.training_class.pk))
    for expected in ("Right One", "1 Mar 2015", "CERT-", "1 Jul 2016", "Eligible", "Not eligible"):
        assert expected in page
    assert "The trainee has no certificate of the institution's examination" in page


def test_enrolling_takes_the_days_of_the_class(school):
    trainees = [factories.TraineeFactory(institution=school.institution) for _ in range(2)]
    chosen = [trainee.pk for trainee in trainees]
    response = school.post("enrol", school.training_class.pk, data={"trainees": chosen}, follow=True)
    assert "Enrolled: 2." in words(response)
    for enrolment in Enrolment.objects.filter(training_class=school.training_class):
        assert (enrolment.starts_on, enrolment.ends_on) == (date(2015, 3, 1), date(2015, 6, 1))
    record = Record.objects.get(action="training.enrolled")
    assert sorted(record.data["trainees"]) == sorted(trainee.identity_masked for trainee in trainees)


def test_nobody_is_enrolled_twice_or_from_another_institution(school, rival, enrolled):
    foreign = factories.TraineeFactory(institution=rival.institution, name="Secret Person")
    for pk, message in (
        (foreign.pk, "Choose from the trainees of your institution."),
        (enrolled.trainee_id, "Already in this class: Li Si."),
        ("x", "Choose from the trainees of your institution."),
    ):
        response = school.post("enrol", school.training_class.pk, data={"trainees": [pk]})
        assert response.context["form"].errors["trainees"] == [message]
        assert "Secret Person" not in words(response)
    response = school.post("enrol", school.training_class.pk, data={})
    assert "Choose at least one trainee." in words(response)
    assert Enrolment.objects.count() == 1


def test_the_service_refuses_a_foreign_trainee_and_so_does_the_database(school, rival):
    foreign = factories.TraineeFactory(institution=rival.institution)
    with pytest.raises(Refused) as refused:
        enrol(user=school.clerk, training_class=school.training_class, trainees=[foreign])
    assert refused.value.code == "foreign"
    with pytest.raises(ValidationError):
        enrol(user=school.clerk, training_class=school.training_class, trainees=[])
    with pytest.raises(IntegrityError, match="enrolment_one_institution"), transaction.atomic():
        Enrolment.objects.create(
            training_class=school.training_class,
            trainee=foreign,
            starts_on=date(2015, 3, 1),
            ends_on=date(2015, 6, 1),
        )
    own = school.hired()
    other = factories.TrainingClassFactory(institution=rival.institution)
    for moved in ({"trainee": foreign}, {"training_class": other}):
        with pytest.raises(IntegrityError, match="enrolment_one_institution"), transaction.atomic():
            Enrolment.objects.filter(pk=own.pk).update(**moved)


def test_a_reader_sees_the_pages_and_changes_nothing(school):
    reader = school.colleague()
    reader.clerk.memberships.update(role=MembershipRole.READER)
    page = words(reader.get("class", school.training_class.pk))
    assert "Roster" in page and "Enrol trainees" not in page
    response = reader.post("class_edit", school.training_class.pk, data=FORM, follow=True)
    assert "Your role in this organisation is read-only." in words(response)
    response = reader.post("class_new", data=FORM, follow=True)
    assert "Only the clerks and owners of a training institution register classes." in words(response)
    assert TrainingClass.objects.count() == 1
    with pytest.raises(Refused) as refused:
        save_class(user=reader.clerk, training_class=school.training_class)
    assert refused.value.code == "permission"


def test_an_enterprise_has_no_classes(db, client):
    enterprise = factories.OrganisationFactory()
    clerk = factories.clerk_of(enterprise)
    with pytest.raises(Refused) as refused:
        save_class(user=clerk, training_class=factories.TrainingClassFactory.build(institution=enterprise))
    assert refused.value.code == "kind"
    client.force_login(clerk)
    assert client.get(reverse("training:class_new")).status_code == 302


def test_someone_with_two_institutions_says_for_which(school, rival):
    factories.Membership.objects.create(
        user=school.clerk, organisation=rival.institution, role=MembershipRole.OWNER
    )
    response = school.post("class_new", data=FORM)
    assert "institution" in response.context["form"].errors
    assert school.post("class_new", data=FORM | {"institution": rival.institution.pk}).status_code == 302
    assert TrainingClass.objects.get(code="JAVA-1").institution == rival.institution


@pytest.mark.parametrize("name", ["class", "class_edit", "enrol"])
def test_foreign_classes_are_not_found(school, rival, name):
    assert school.get(name, rival.training_class.pk).status_code == 404
    assert school.post(name, rival.training_class.pk, data=FORM).status_code in (404, 405)


def test_visitors_are_asked_to_sign_in(db, client):
    for name in ("classes", "trainees", "class_new", "trainee_new", "claim_new"):
        assert client.get(reverse(f"training:{name}")).status_code == 302
