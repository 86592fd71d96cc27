"""Trainees: the identity number, the second registration, search and filters."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from audit.models import Record
from tests import factories
from tests.training.conftest import words
from training.models import Enrolment, Trainee
from training.services.trainees import AlreadyRegistered, register_trainee


def wrong_check_digit(number: str) -> str:
    return number[:17] + ("0" if number[17] != "0" else "1")


def test_a_person_is_registered_encrypted_hashed_and_masked(school, trainee_form):
    number = trainee_form["identity"]
    response = school.post("trainee_new", data=trainee_form, follow=True)
    trainee = Trainee.objects.get(institution=school.institution)
    assert trainee.identity_masked == f"{number[:6]}********{number[14:]}"
    assert trainee.reveal_identity() == number
    page = response.content.decode()
    assert trainee.identity_masked in page and number not in page


def test_the_number_stands_nowhere_in_clear(school, trainee_form, caplog):
    number = trainee_form["identity"]
    school.post("trainee_new", data=trainee_form)
    school.post("trainee_new", data=trainee_form | {"identity": wrong_check_digit(number)})
    trainee = Trainee.objects.get()
    for name in ("trainees", "trainee_new"):
        assert number not in school.get(name).content.decode()
    for name in ("trainee", "trainee_edit"):
        assert number not in school.get(name, trainee.pk).content.decode()
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(t)::text FROM training_trainee t")
        (row,) = cursor.fetchone()
        cursor.execute("SELECT string_agg(to_jsonb(r)::text, ' ') FROM audit_record r")
        (records,) = cursor.fetchone()
    assert number not in row and number.encode().hex() not in row
    assert "training.trainee_registered" in records and number not in records
    assert number not in caplog.text and wrong_check_digit(number) not in caplog.text


def test_the_database_refuses_an_unmasked_number(school):
    trainee = factories.TraineeFactory(institution=school.institution)
    with pytest.raises(IntegrityError, match="trainee_identity_is_masked"), transaction.atomic():
        Trainee.objects.filter(pk=trainee.pk).update(identity_masked=trainee.reveal_identity())


@pytest.mark.parametrize(
    ("kind", "number", "message"),
    [
        ("resident", "36010219930215001", "A resident identity number has 17 digits and a last digit or X"),
        (
            "resident",
            factories.identity_number(5, born="19930230"),
            "The birth date inside this identity number",
        ),
        (
            "resident",
            wrong_check_digit(factories.identity_number(5)),
            "The check digit of this identity number is wrong.",
        ),
        ("resident", "٣٦٠١٠٢١٩٩٣٠٢١٥٠٠١X", "A resident identity number has 17 digits and a last digit or X"),
        ("hk_macao_permit", "X12345678", "the letter H or M and 8 digits"),
        ("taiwan_permit", "1234", "A permit of Taiwan residents has 8 digits"),
        ("passport", "AB", "A passport number has 6 to 9 letters and digits"),
        ("passport", "ABCDEF", "A passport number has 6 to 9 letters and digits"),
        ("passport", "123456789012", "A passport number has 6 to 9 letters and digits"),
        ("passport", "000000000", "A passport number has 6 to 9 letters and digits"),
    ],
)
def test_a_wrong_number_is_told_at_the_field_and_comes_back_as_typed(
    school, trainee_form, kind, number, message
):
    response = school.post("trainee_new", data=trainee_form | {"identity_kind": kind, "identity": number})
    (error,) = response.context["form"].errors["identity"]
    assert message in error and number not in error
    assert f'value="{number}"' in response.content.decode(), "what was typed is not lost"
    assert 'value="Zhang San"' in response.content.decode()
    assert not Trainee.objects.exists()


@pytest.mark.parametrize(
    ("kind", "number", "masked"),
    [
        ("hk_macao_permit", "h 1234 5678", "H*******8"),
        ("taiwan_permit", "12345678", "1******8"),
        ("passport", "Ｅ１２３４５６７８", "E*******8"),
    ],
)
def test_other_documents_are_read_as_people_type_them(school, trainee_form, kind, number, masked):
    assert (
        school.post(
            "trainee_new", data=trainee_form | {"identity_kind": kind, "identity": number}
        ).status_code
        == 302
    )
    assert Trainee.objects.get().identity_masked == masked


def test_consent_cannot_lie_in_the_future(school, trainee_form):
    tomorrow = (timezone.localdate() + timedelta(days=1)).isoformat()
    response = school.post("trainee_new", data=trainee_form | {"consent_on": tomorrow})
    assert response.context["form"].errors["consent_on"] == [
        "This day is in the future. Write the day of the signature."
    ]
    assert f'value="{tomorrow}"' in response.content.decode()


def test_the_second_registration_in_one_institution_leads_to_the_first(school, trainee_form):
    school.post("trainee_new", data=trainee_form)
    first = Trainee.objects.get()
    lower = trainee_form["identity"].lower()
    response = school.post(
        "trainee_new", data=trainee_form | {"identity": f" {lower} ", "name": "Zhang Shan"}
    )
    assert response.context["form"].errors["identity"] == ["You have registered this person already."]
    page = response.content.decode()
    assert f'href="{reverse("training:trainee", args=[first.pk])}"' in page
    assert 'value="Zhang Shan"' in page
    assert Trainee.objects.count() == 1
    with pytest.raises(AlreadyRegistered) as caught:
        register_trainee(
            user=school.clerk,
            trainee=Trainee(
                institution=school.institution,
                name="Again",
                education="bachelor",
                school="U",
                consent_on=first.consent_on,
            ),
            identity=trainee_form["identity"],
        )
    assert caught.value.trainee == first


def test_the_database_holds_a_person_once_per_institution(school, trainee_form):
    school.post("trainee_new", data=trainee_form)
    with pytest.raises(IntegrityError, match="trainee_once_per_institution"), transaction.atomic():
        factories.TraineeFactory(institution=school.institution, identity=trainee_form["identity"])


def test_with_a_class_the_person_is_enrolled_at_once(school, trainee_form):
    page = school.get("trainee_new", **{"class": school.training_class.pk})
    assert f'<option value="{school.training_class.pk}" selected>' in page.content.decode()
    response = school.post("trainee_new", data=trainee_form | {"training_class": school.training_class.pk})
    assert response.url == reverse("training:class", args=[school.training_class.pk])
    assert Enrolment.objects.get().trainee.name == "Zhang San"


def test_a_foreign_class_is_no_choice(school, rival, trainee_form):
    response = school.post("trainee_new", data=trainee_form | {"training_class": rival.training_class.pk})
    assert response.context["form"].errors["training_class"] == ["Choose one of your own classes."]
    assert rival.training_class.name not in [
        str(c) for c in response.context["form"].fields["training_class"].queryset
    ]
    assert not Trainee.objects.exists()


def test_an_empty_number_leaves_the_number_as_it_is(school, trainee_form):
    school.post("trainee_new", data=trainee_form)
    trainee = Trainee.objects.get()
    key = trainee.identity_key
    data = trainee_form | {"identity": "", "name": "Zhang Wu", "version": trainee.version}
    assert school.post("trainee_edit", trainee.pk, data=data).status_code == 302
    trainee.refresh_from_db()
    assert trainee.name == "Zhang Wu" and trainee.identity_key == key and trainee.version == 2
    assert Record.objects.get(action="training.trainee_changed").data["name"] == "Z*******"


def test_another_document_needs_its_number(school, trainee_form):
    school.post("trainee_new", data=trainee_form)
    trainee = Trainee.objects.get()
    data = trainee_form | {"identity": "", "identity_kind": "passport", "version": 1}
    response = school.post("trainee_edit", trainee.pk, data=data)
    assert response.context["form"].errors["identity"] == ["Write the number of the other document too."]
    assert school.post("trainee_edit", trainee.pk, data=data | {"identity": "E12345678"}).status_code == 302
    trainee.refresh_from_db()
    assert trainee.reveal_identity() == "E12345678"


def test_a_change_into_a_person_who_is_there_already_is_refused(school, trainee_form):
    school.post("trainee_new", data=trainee_form)
    other = factories.TraineeFactory(institution=school.institution, name="Li Si")
    response = school.post("trainee_edit", other.pk, data=trainee_form | {"version": 1})
    assert response.context["form"].errors["identity"] == ["You have registered this person already."]
    other.refresh_from_db()
    assert other.name == "Li Si"


def test_a_stale_trainee_form_is_refused(school, trainee_form):
    school.post("trainee_new", data=trainee_form)
    trainee = Trainee.objects.get()
    data = trainee_form | {"identity": "", "version": 1}
    other = school.colleague(display_name="Chen Li")
    assert (
        other.post("trainee_edit", trainee.pk, data=data | {"school": "Saved University"}).status_code == 302
    )
    response = school.post("trainee_edit", trainee.pk, data=data | {"school": "Typed University"})
    page = words(response)
    assert "Chen Li changed this at" in page and "Saved University" in page
    assert 'value="Typed University"' in response.content.decode()
    trainee.refresh_from_db()
    assert trainee.school == "Saved University"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, {"Fit Person", "Unfit Person", "Poor Person", "Idle Person"}),
        ({"q": "fit"}, {"Fit Person", "Unfit Person"}),
        ({"show": "eligible"}, {"Fit Person"}),
        ({"show": "not_eligible"}, {"Unfit Person"}),
        ({"show": "no_contract"}, {"Poor Person"}),
        ({"show": "eligible", "q": "poor"}, set()),
        ({"show": "nonsense"}, {"Fit Person", "Unfit Person", "Poor Person", "Idle Person"}),
    ],
)
def test_the_list_searches_by_name_and_filters_by_the_rules(school, enrolled, query, names):
    school.hired(name="Fit Person")
    school.hired(name="Unfit Person", certified=False)
    Trainee.objects.filter(pk=enrolled.trainee_id).update(name="Poor Person")
    factories.TraineeFactory(institution=school.institution, name="Idle Person")
    page = school.get("trainees", **query)
    assert {row["trainee"].name for row in page.context["rows"]} == names


def test_a_trainee_can_be_enrolled_from_the_own_page(school):
    trainee = factories.TraineeFactory(institution=school.institution)
    response = school.post("trainee_enrol", trainee.pk, data={"training_class": school.training_class.pk})
    assert response.url == reverse("training:enrolment", args=[Enrolment.objects.get().pk])
    again = school.post(
        "trainee_enrol", trainee.pk, data={"training_class": school.training_class.pk}, follow=True
    )
    assert "Choose a class of yours in which this trainee is not enrolled yet." in words(again)


@pytest.mark.parametrize("name", ["trainee", "trainee_edit", "trainee_enrol"])
def test_foreign_trainees_are_not_found(school, rival, name):
    foreign = factories.TraineeFactory(institution=rival.institution)
    assert school.post(name, foreign.pk, data={}).status_code in (404, 405)
    assert school.get(name, foreign.pk).status_code in (404, 405)


@pytest.mark.parametrize(
    ("kind", "first", "renewed"),
    [
        ("hk_macao_permit", "H12345678", "H1234567801"),
        ("hk_macao_permit", "H1234567801", "H1234567802"),
        ("taiwan_permit", "12345678", "1234567801"),
    ],
)
def test_a_renewed_permit_is_the_same_person(school, trainee_form, kind, first, renewed):
    trainee_form |= {"identity_kind": kind, "identity": first}
    assert school.post("trainee_new", data=trainee_form).status_code == 302
    response = school.post("trainee_new", data=trainee_form | {"identity": renewed})
    assert response.status_code == 200 and Trainee.objects.count() == 1
    assert "registered this person already" in words(response)


def test_equal_numbers_on_different_documents_are_two_people(school, trainee_form):
    for kind in ("taiwan_permit", "passport"):
        trainee_form |= {"identity_kind": kind, "identity": "12345678"}
        assert school.post("trainee_new", data=trainee_form).status_code == 302


def test_a_form_without_its_version_is_stale(school, trainee_form):
    trainee = school.hired(name="One").trainee
    form = trainee_form | {"name": "Blind", "identity": ""}
    response = school.post("trainee_edit", trainee.pk, data=form)
    assert response.status_code == 200 and "Compare with the present state below" in words(response)
    trainee.refresh_from_db()
    assert trainee.name == "One"
