"""Golden amounts and boundary days through the pages and the real calculation."""

from datetime import date
from decimal import Decimal

import pytest

from accounts.models import Accreditation
from casework.enums import Payee, Status
from casework.models import AwardLine
from tests import factories
from tests.training.conftest import words
from training.models import Enrolment
from training.selectors import preview

PLACES = {"local": ("360102", "2000.00", "1500.00"), "elsewhere": ("440305", "1000.00", "500.00")}


@pytest.mark.parametrize("place", PLACES)
def test_the_amounts_of_the_policy_reach_the_award(school, officials, place):
    division, to_trainee, to_institution = PLACES[place]
    enrolment = school.hired(employer=factories.EmployerFactory(division=division))
    case = factories.approve(school.filed(enrolment), *officials)
    assert case.status == Status.APPROVED
    assert case.amount_rmb == Decimal(to_trainee) + Decimal(to_institution)
    lines = dict(AwardLine.objects.filter(award__case=case).values_list("payee", "amount_rmb"))
    assert lines == {Payee.TRAINEE: Decimal(to_trainee), Payee.INSTITUTION: Decimal(to_institution)}
    page = words(school.client.get(case.get_absolute_url()))
    assert f"{Decimal(to_trainee):,}" in page and f"{Decimal(to_institution):,}" in page
    assert "Subsidy granted" in words(school.get("enrolment", enrolment.pk))


@pytest.mark.parametrize(
    ("training", "contract", "reason"),
    [
        (("2015-03-01", "2015-05-31"), ("2015-07-01", "2016-07-01"), "training.period_equal"),
        (("2015-03-01", "2015-05-30"), ("2015-07-01", "2016-07-01"), "training.period_short"),
        (("2015-03-01", "2015-06-01"), ("2015-07-01", "2016-07-01"), None),
        (("2014-11-30", "2015-02-27"), ("2015-07-01", "2016-07-01"), "training.period_equal"),
        (("2014-11-30", "2015-02-28"), ("2015-07-01", "2016-07-01"), None),
        (("2014-11-01", "2015-02-01"), ("2015-03-01", "2016-02-28"), "training.contract_short"),
        (("2014-11-01", "2015-02-01"), ("2015-03-01", "2016-02-29"), "training.contract_equal"),
        (("2014-11-01", "2015-02-01"), ("2015-03-01", "2016-03-01"), None),
        (("2014-11-01", "2015-02-01"), ("2015-03-01", None), None),
    ],
)
def test_one_day_decides_and_the_reason_is_exact(school, training, contract, reason):
    start, end = contract
    enrolment = school.hired(contract={"signed_on": start, "starts_on": start, "ends_on": end})
    Enrolment.objects.filter(pk=enrolment.pk).update(starts_on=training[0], ends_on=training[1])
    case = school.draft(enrolment)
    estimate = preview(case)
    assert school.submit(case).status_code == 302
    case = factories.calculate(case)
    (person,) = case.current_assessment.result["details"]["people"]
    assert [found["code"] for found in person["reasons"]] == ([reason] if reason else [])
    assert case.amount_rmb == (0 if reason else Decimal("3500.00"))
    assert ("boundary" in case.warnings) == bool(reason and reason.endswith("equal"))
    assert estimate.amount_rmb == case.amount_rmb
    assert estimate.details == case.current_assessment.result["details"], "the draft showed the same trace"


def test_a_mixed_claim_adds_up_and_says_who_is_out_and_why(school, officials):
    case = school.filed(
        school.hired(name="Local"),
        school.hired(name="Far", employer=factories.EmployerFactory(division="440305")),
        school.hired(name="Uncertified", certified=False),
        school.hired(name="Pupil", education="secondary"),
    )
    assert case.amount_rmb == Decimal("5000.00")
    page = words(school.client.get(case.get_absolute_url()))
    for expected in (
        "Total: 2 of 4 eligible",
        "3,000.00",
        "2,000.00",
        "The trainee's education is secondary",
    ):
        assert expected in page
    factories.approve(case, *officials)
    assert AwardLine.objects.filter(award__case=case).count() == 4


def test_the_designation_covers_the_whole_training_or_nothing_is_paid(school):
    Accreditation.objects.filter(organisation=school.institution).update(valid_to=date(2015, 5, 31))
    case = school.filed(school.hired())
    (person,) = case.current_assessment.result["details"]["people"]
    assert [found["code"] for found in person["reasons"]] == ["training.not_designated"]
    assert "does not cover the whole training" in words(school.get("class", school.training_class.pk))


def test_one_person_in_two_classes_of_a_claim_counts_once(school, officials):
    first = school.hired(name="Twice")
    again = factories.hired_trainee(
        factories.TrainingClassFactory(institution=school.institution), trainee=first.trainee
    )
    case = school.draft(first, again)
    assert preview(case).amount_rmb == Decimal("3500.00")
    school.submit(case)
    case = factories.calculate(case)
    assert case.amount_rmb == Decimal("3500.00")
    people = case.current_assessment.result["details"]["people"]
    assert [[found["code"] for found in person["reasons"]] for person in people] == [
        [],
        ["training.already_subsidised"],
    ]
    assert factories.approve(case, *officials).status == Status.APPROVED
