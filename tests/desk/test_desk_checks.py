"""Automatic checks: each finds what a tired eye misses, and leads to its evidence."""

from datetime import date

from django.urls import reverse

from casework.enums import Status
from casework.models import Case
from casework.programmes import programme_of
from casework.services import filing
from tests import factories


def found(case: Case) -> dict[str, list]:
    """The findings of a filed case by their code."""
    flags: dict[str, list] = {}
    for flag in programme_of(case).flags(case, case.submissions.last().snapshot):
        flags.setdefault(flag.code, []).append(flag)
    return flags


def offshore(organisation, reference: str) -> Case:
    clerk = organisation.memberships.get().user if organisation.memberships.exists() else None
    clerk = clerk or factories.clerk_of(organisation)
    case = factories.offshore_draft(organisation, clerk, "250000")
    case.offshore_claim.receipts.update(bank_reference=reference)
    filing.submit(case_id=case.pk, user=clerk)
    return factories.calculate(case)


def test_a_receipt_used_by_two_enterprises_in_two_spellings_leads_to_the_other_case(desk, as_user):
    one, two = factories.OrganisationFactory.create_batch(2)
    first, second = offshore(one, "FN-2015/0520"), offshore(two, "fn 20150520")
    third = offshore(factories.OrganisationFactory(), "FN-2015/0521")
    (flag,) = found(second)["receipt_reused"]
    assert first.number in flag.evidence and one.name in flag.evidence
    assert flag.url == reverse("admin:casework_case_change", args=[first.pk])
    assert "receipt_reused" not in found(third) and "receipt_reused" in second.warnings
    page = as_user(desk.initial).get(reverse("admin:casework_case_change", args=[second.pk])).content.decode()
    assert f'href="{flag.url}"' in page
    applicant = as_user(two.memberships.get().user).get(second.get_absolute_url()).content.decode()
    assert one.name not in applicant and first.number not in applicant


def test_one_claim_with_a_slip_twice_is_found_and_a_claim_filed_anew_is_not(desk):
    case = factories.offshore_draft(desk.enterprise, desk.clerk, "150000", "100000")
    for receipt, reference in zip(
        case.offshore_claim.receipts.order_by("pk"), ("AB 12-34", "AB1234"), strict=True
    ):
        type(receipt).objects.filter(pk=receipt.pk).update(bank_reference=reference)
    filing.submit(case_id=case.pk, user=desk.clerk)
    factories.calculate(case)
    assert len(found(case)["receipt_reused"]) == 1
    filing.withdraw(case_id=case.pk, user=desk.clerk)
    again = offshore(desk.enterprise, "AB1234")
    assert "receipt_reused" not in found(again)


def test_domestic_client_related_party_early_money_and_recognition(desk):
    organisation = factories.OrganisationFactory()
    factories.ContractFactory(
        organisation=organisation, client_country="CN", is_related_party=True, signed_on=date(2015, 6, 1)
    )
    flags = found(offshore(organisation, "X-1234"))
    assert {"onshore", "related_party", "before_contract", "recognition"} <= set(flags)
    assert flags["recognition"][0].url == reverse(
        "admin:accounts_organisation_change", args=[organisation.pk]
    )
    key = flags["onshore"][0].line
    assert key and flags["related_party"][0].line == flags["before_contract"][0].line == key
    factories.recognise(organisation, end=date(2015, 6, 30))
    assert "recognition" in found(Case.objects.get(organisation=organisation)), "it lapsed within the year"


def test_a_jump_against_last_year(desk):
    before = factories.filed_offshore(desk.enterprise, desk.clerk, "300000", year=2014)
    factories.approve(before, desk.initial, desk.final)
    assert "jump" not in found(factories.filed_offshore(desk.enterprise, desk.clerk, "900000"))
    more = factories.filed_offshore(desk.enterprise, desk.clerk, "900000.01")
    assert [flag.url for flag in found(more)["jump"]] == ["#previous-years"]


def test_a_jump_against_last_years_trainees(desk):
    school = factories.OrganisationFactory(institution=True)
    factories.recognise(school)
    clerk, training_class = factories.clerk_of(school), factories.TrainingClassFactory(institution=school)
    people = [factories.hired_trainee(training_class) for _ in range(8)]
    before = factories.training_draft(school, clerk, people[0], year=2015)
    filing.submit(case_id=before.pk, user=clerk)
    factories.approve(factories.calculate(before), desk.initial, desk.final)
    assert "jump" not in found(factories.filed_training(school, clerk, *people[1:4]))
    (flag,) = found(factories.filed_training(school, clerk, *people[4:]))["jump"]
    assert (flag.evidence, flag.url) == ("2015: 1, 2016: 4", "#previous-years")


def test_trainees_two_institutions_early_contract_unknown_employer(desk):
    school, rival = (factories.OrganisationFactory(institution=True) for _ in range(2))
    classes = [factories.TrainingClassFactory(institution=place) for place in (school, rival)]
    for place in (school, rival):
        factories.recognise(place)
    known = factories.OrganisationFactory(name="Known Employer")
    factories.recognise(known)
    employer = factories.EmployerFactory(credit_code=known.credit_code, name=known.name)
    number = factories.identity_number(77)
    theirs = factories.hired_trainee(classes[1], identity=number, employer=employer)
    ours = [
        factories.hired_trainee(classes[0], identity=number, employer=employer),
        factories.hired_trainee(classes[0], contract={"signed_on": date(2015, 6, 19)}),
    ]
    flags = found(factories.filed_training(school, factories.clerk_of(school), *ours))
    (two,) = flags["two_institutions"]
    assert two.url == reverse("admin:training_trainee_change", args=[theirs.trainee.pk])
    assert rival.name in two.evidence and two.line == str(ours[0].pk)
    for code in ("employer_unknown", "before_certificate"):
        assert [flag.line for flag in flags[code]] == [str(ours[1].pk)], code


def test_checks_cost_the_same_for_any_number_of_trainees(desk, django_assert_num_queries):
    school = factories.OrganisationFactory(institution=True)
    factories.recognise(school)
    training_class = factories.TrainingClassFactory(institution=school)
    people = [factories.hired_trainee(training_class) for _ in range(6)]
    case = factories.filed_training(school, factories.clerk_of(school), *people)
    assert case.status == Status.INITIAL_REVIEW
    snapshot = case.submissions.last().snapshot
    with django_assert_num_queries(3):
        assert len(programme_of(case).flags(case, snapshot)) >= 6
