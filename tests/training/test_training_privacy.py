"""One person registered by two institutions: neither learns of the other, officials do, and one subsidy is paid."""

import pytest
from django.urls import reverse

from accounts.enums import OfficialRole
from casework.enums import Stage, Status
from casework.models import AwardLine
from casework.programmes import programme_of
from casework.transitions import Refused
from tests import factories
from tests.training.conftest import enrolment_form, words
from training.models import Employer, Enrolment, Trainee


@pytest.fixture
def twins(school, rival, trainee_form):
    """The same person, registered and hired at both institutions through the pages; returns both enrolments."""
    found = []
    for place, name in ((rival, "Rival's Zhang"), (school, "Zhang San")):
        form = trainee_form | {"name": name, "training_class": place.training_class.pk}
        response = place.post("trainee_new", data=form, follow=True)
        assert f"{name} 360102********" in words(response) and "is registered." in words(response)
        enrolment = Enrolment.objects.get(trainee__institution=place.institution)
        data = enrolment_form(enrolment, employer_code=factories.credit_code(900002))
        assert place.post("enrolment", enrolment.pk, data=data).status_code == 302
        found.append(enrolment)
    return found


def pages_of(place, enrolment) -> str:
    """Every page of an institution that could tell something, as raw HTML."""
    answers = [
        place.get("classes"),
        place.get("class", place.training_class.pk),
        place.get("enrol", place.training_class.pk),
        place.get("trainees"),
        place.get("trainees", q="zhang", show="eligible"),
        place.get("trainee", enrolment.trainee_id),
        place.get("trainee_edit", enrolment.trainee_id),
        place.get("trainee_new"),
        place.get("enrolment", enrolment.pk),
        place.client.get(reverse("dashboard")),
    ]
    return " ".join(answer.content.decode() for answer in answers)


def test_the_second_registration_is_accepted_without_a_trace_of_the_first(school, rival, twins):
    theirs, ours = twins
    assert Trainee.objects.count() == 2
    assert theirs.trainee.identity_key == ours.trainee.identity_key
    html = pages_of(school, ours)
    for secret in (
        "Rival",
        theirs.trainee.identity_key,
        rival.institution.credit_code,
        "Another institution",
    ):
        assert secret not in html
    html = pages_of(rival, theirs)
    for secret in ("Zhang San", school.institution.name, ours.trainee.identity_key, "Another institution"):
        assert secret not in html


def test_both_claims_are_flagged_for_officials_and_for_nobody_else(school, rival, twins):
    theirs, ours = twins
    for place, enrolment in ((rival, theirs), (school, ours)):
        case = place.filed(enrolment)
        flags = programme_of(case).flags(case, case.submissions.last().snapshot)
        assert [flag.code for flag in flags] == ["two_institutions", "employer_unknown"]
        assert "two_institutions" in case.warnings
        page = words(place.client.get(case.get_absolute_url()))
        assert "two_institutions" not in page and "nother institution" not in page
    official = factories.official(OfficialRole.INITIAL_REVIEWER)
    school.client.force_login(official)
    page = words(school.client.get(reverse("admin:training_trainee_change", args=[ours.trainee_id])))
    assert "Registered twice" in page


def test_a_subsidy_obtained_elsewhere_shows_in_no_light_before_filing(school, rival, twins, officials):
    theirs, ours = twins
    factories.approve(rival.filed(theirs), *officials)
    case = school.draft(ours)
    html = (
        pages_of(school, ours)
        + words(school.get("claim", case.number))
        + words(school.get("submit", case.number))
    )
    assert "already been given" not in html and "3,500.00" in html


def test_the_person_is_subsidised_once(school, rival, twins, officials):
    theirs, ours = twins
    first, second = rival.filed(theirs), school.filed(ours)
    for case in (first, second):
        factories.decide(case, officials[0], Stage.INITIAL)
    assert factories.decide(first, officials[1], Stage.FINAL).status == Status.APPROVED

    # The approval has asked for a new calculation of the other claim; before it is done nobody approves.
    with pytest.raises(Refused) as refused:
        factories.decide(second, officials[1], Stage.FINAL)
    assert refused.value.code == "calculating"
    second = factories.calculate(second)
    assert second.status == Status.INITIAL_REVIEW and second.amount_rmb == 0
    (person,) = second.current_assessment.result["details"]["people"]
    assert [reason["code"] for reason in person["reasons"]] == ["training.already_subsidised"]
    assert AwardLine.objects.filter(person_key=ours.trainee.identity_key, payee="trainee").count() == 1
    page = words(school.client.get(second.get_absolute_url()))
    assert "A training subsidy has already been given for this person" in page and "Rival" not in page


def test_a_second_approval_that_slipped_through_is_refused(school, rival, twins, officials):
    theirs, ours = twins
    first, second = rival.filed(theirs), school.filed(ours)
    factories.approve(first, *officials)
    second.runs.filter(state="queued").update(state="superseded")
    factories.decide(second, officials[0], Stage.INITIAL)
    with pytest.raises(Refused) as refused:
        factories.decide(second, officials[1], Stage.FINAL)
    assert refused.value.code == "basis_changed"
    second.refresh_from_db()
    assert second.status == Status.FINAL_REVIEW and second.award is None


def test_a_shared_employer_tells_nothing_of_who_hired_there(school, rival, twins):
    assert Employer.objects.count() == 1
    page = school.get("employer", employer_code=factories.credit_code(900002)).content.decode()
    assert "New Employer Ltd." in page and "Rival" not in page


def test_search_and_choices_end_at_the_own_institution(school, rival):
    rival.hired(name="Secret Person")
    case = school.draft()
    for response in (
        school.get("trainees", q="Secret"),
        school.get("trainees", show="eligible"),
        school.get("enrol", school.training_class.pk, q="Secret"),
        school.get("claim", case.number, q="Secret"),
        school.get("trainee_new"),
    ):
        assert "Secret Person" not in words(response)
        assert rival.training_class.code not in words(response)
