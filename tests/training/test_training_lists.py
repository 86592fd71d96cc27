"""Query counts of every list, with one row and with many; the officials' registers."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.enums import OfficialRole
from casework.programmes import programme_of
from tests import factories
from tests.training.conftest import School, words
from training.models import Certificate, Employer, Enrolment, LabourContract, Trainee, TrainingClass

# Person and navigation take two, then come the page's own.
QUERIES = {
    "classes": 7,
    "class": 17,
    "trainees": 11,
    "trainees?show=eligible": 10,
    "trainee": 17,
    "enrol": 7,
    "claim": 24,
    "submit": 19,
}


def fill(school: School, count: int) -> list[Enrolment]:
    found = [school.hired(employer=factories.EmployerFactory()) for _ in range(count)]
    factories.TrainingClassFactory.create_batch(count, institution=school.institution)
    factories.TraineeFactory.create_batch(count, institution=school.institution)
    return found


@pytest.mark.parametrize("count", [1, 12])
@pytest.mark.parametrize("which", QUERIES)
def test_a_list_reads_as_much_for_one_row_as_for_many(school, django_assert_num_queries, which, count):
    enrolments = fill(school, count)
    case = school.draft(*enrolments)
    urls = {
        "class": reverse("training:class", args=[school.training_class.pk]),
        "trainee": reverse("training:trainee", args=[enrolments[0].trainee_id]),
        "enrol": reverse("training:enrol", args=[school.training_class.pk]),
        "claim": reverse("training:claim", args=[case.number]),
        "submit": reverse("training:submit", args=[case.number]),
    }
    name, _mark, query = which.partition("?")
    url = urls.get(which) or f"{reverse(f'training:{name}')}?{query}"
    school.client.get(url)
    with django_assert_num_queries(QUERIES[which]):
        assert school.client.get(url).status_code == 200


@pytest.mark.parametrize("count", [1, 12])
def test_a_calculation_reads_as_much_for_one_trainee_as_for_many(school, django_assert_num_queries, count):
    case = school.draft(*fill(school, count))
    school.submit(case)
    filed = case.submissions.get().snapshot
    with django_assert_num_queries(2):
        result = programme_of(case).assess(filed, {"subsidised": []})
    assert len(result.details["people"]) == count


def test_empty_pages_say_what_to_do_next(school):
    TrainingClass.objects.all().delete()
    assert "No class yet" in words(school.get("classes"))
    assert "No trainee yet" in words(school.get("trainees"))
    assert "No trainee fits this filter" in words(school.get("trainees", q="x"))
    assert "No trainee to choose" in words(school.get("claim", school.draft().number))


def test_long_lists_come_in_pages(school):
    factories.TraineeFactory.create_batch(51, institution=school.institution)
    first = school.get("trainees")
    assert len(first.context["rows"]) == 50 and "Page 1 of 2 (51 entries)" in words(first)
    assert len(school.get("trainees", page="2").context["rows"]) == 1


@pytest.mark.parametrize("model", [TrainingClass, Trainee, Enrolment, Certificate, Employer, LabourContract])
def test_the_registers_are_read_only_masked_and_constant(school, client, model):
    fill(school, 1)
    official = factories.official(OfficialRole.AUDITOR)
    client.force_login(official)
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    url = reverse(f"{name}_changelist")
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        assert client.get(url).status_code == 200
    fill(school, 6)
    with CaptureQueriesContext(connection) as many:
        page = client.get(url).content.decode()
    assert len(few) == len(many)
    row = model.objects.first()
    page += client.get(reverse(f"{name}_change", args=[row.pk])).content.decode()
    for trainee in Trainee.objects.all():
        assert trainee.reveal_identity() not in page and trainee.identity_key not in page
    assert client.get(reverse(f"{name}_add")).status_code == 403
    assert client.post(reverse(f"{name}_change", args=[row.pk]), {}).status_code == 403
    assert client.post(reverse(f"{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403


def test_the_register_of_trainees_shows_who_is_registered_twice(school, rival, client):
    one = factories.TraineeFactory(institution=school.institution)
    factories.TraineeFactory(institution=rival.institution, identity=one.reveal_identity())
    factories.TraineeFactory(institution=school.institution)
    client.force_login(factories.official(OfficialRole.INITIAL_REVIEWER))
    page = client.get(reverse("admin:training_trainee_changelist")).content.decode()
    assert page.count("icon-yes.svg") == 2 and page.count("icon-no.svg") == 1
