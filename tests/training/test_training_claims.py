"""The claim: start, choose with lights and reasons, the undertaking, and everything that is refused on the way."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from casework.enums import Outcome, Stage, Status
from casework.models import Case
from casework.services.filing import Incomplete, withdraw
from casework.transitions import Refused
from tests import factories
from tests.training.conftest import words
from training.claim_models import ClaimLine, TrainingClaim
from training.models import LabourContract
from training.services.claims import choose_trainees, give_undertaking_and_submit, start_claim

AUTOSAVE = {"HTTP_X_REQUESTED_WITH": "XMLHttpRequest"}


def chosen(case: Case) -> set[int]:
    return set(ClaimLine.objects.filter(claim__case=case).values_list("enrolment_id", flat=True))


def choice(case: Case, *, shown=(), ticked=(), version: int | None = None, **more) -> dict:
    case.refresh_from_db()
    return {
        "version": case.version if version is None else version,
        "shown": [enrolment.pk for enrolment in (*shown, *ticked)],
        "chosen": [enrolment.pk for enrolment in ticked],
    } | more


def test_a_claim_is_started_for_this_year_and_opened_again(school):
    assert f"The claim is one of {timezone.localdate().year}." in words(school.get("claim_new"))
    first = school.post("claim_new", data={"go": "1"})
    case = Case.objects.get()
    assert first.url == reverse("training:claim", args=[case.number])
    assert (case.year, case.programme, case.status) == (timezone.localdate().year, "training", Status.DRAFT)
    assert school.post("claim_new", data={"go": "1"}).url == first.url
    assert Case.objects.count() == 1 == TrainingClaim.objects.count()


def test_someone_with_two_institutions_chooses_one(school, rival):
    factories.Membership.objects.create(user=school.clerk, organisation=rival.institution, role="clerk")
    response = school.post("claim_new", data={"go": "1"})
    assert "institution" in response.context["form"].errors and not Case.objects.exists()
    school.post("claim_new", data={"institution": rival.institution.pk})
    assert Case.objects.get().organisation == rival.institution


def test_only_clerks_of_an_institution_start_claims(school, db, client):
    enterprise = factories.OrganisationFactory()
    clerk = factories.clerk_of(enterprise)
    client.force_login(clerk)
    assert "Only clerks and owners" in words(client.post(reverse("training:claim_new"), {"go": "1"}))
    with pytest.raises(Refused) as refused:
        start_claim(user=clerk, institution=school.institution)
    assert refused.value.code == "permission"
    with pytest.raises(Refused) as refused:
        start_claim(user=clerk, institution=enterprise)
    assert refused.value.code == "kind"
    assert not Case.objects.exists()


def test_the_page_shows_lights_exact_reasons_and_amounts(school):
    school.hired(name="Right")
    school.hired(name="Shenzhen", employer=factories.EmployerFactory(division="440305"))
    school.hired(name="Equal", contract={"ends_on": "2016-06-30"})
    school.hired(name="Wrong", certified=False)
    school.hired(name="Old", contract={"signed_on": "2012-07-01"})
    school.hired(name="Poor")
    LabourContract.objects.filter(enrolment__trainee__name="Poor").delete()
    page = words(school.get("claim", school.draft().number))
    for expected in (
        "Eligible",
        "2,000.00",
        "1,500.00",
        "1,000.00",
        "500.00",
        "Boundary case: an official decides",
        "The labour contract is exactly 12 months, one day short of more than 12 months",
        "Not eligible",
        "The trainee has no certificate of the institution's examination",
        "No policy for the day of signing",
        "No labour contract yet",
        "Choose all 2 eligible trainees",
    ):
        assert expected in page, expected


def test_ticks_are_saved_and_the_total_follows(school):
    one, two = school.hired(), school.hired(certified=False)
    case = school.draft()
    response = school.post("claim", case.number, data=choice(case, ticked=[one, two], next="1"))
    assert response.url == reverse("training:submit", args=[case.number])
    assert chosen(case) == {one.pk, two.pk}
    page = words(school.get("claim", case.number))
    assert "3,500.00" in page and "1 of 2 trainees are eligible." in page
    assert "1 chosen trainee is not eligible by the rules and counts 0.00 RMB." in page


def test_the_browser_saves_by_itself_and_gets_the_new_total_back(school):
    one = school.hired()
    case = school.draft()
    url = reverse("training:claim", args=[case.number])
    response = school.client.post(url, choice(case, ticked=[one]), **AUTOSAVE)
    assert response.status_code == 200 and chosen(case) == {one.pk}
    page = response.content.decode()
    case.refresh_from_db()
    assert "<html" not in page and "3,500.00" in words(response)
    assert f'name="version" value="{case.version}"' in " ".join(page.split())
    for part in ("save-state", "estimate", "claim-version", "claim-total"):
        assert f'id="{part}"' in page


def test_rows_that_were_not_shown_stay_chosen(school):
    one, two = school.hired(), school.hired()
    case = school.draft(one)
    school.post("claim", case.number, data=choice(case, ticked=[two]))
    assert chosen(case) == {one.pk, two.pk}
    school.post("claim", case.number, data=choice(case, shown=[one]))
    assert chosen(case) == {two.pk}


def test_all_eligible_are_chosen_at_once_beside_the_ticked(school):
    right, wrong, other = school.hired(), school.hired(certified=False), school.hired()
    case = school.draft()
    response = school.post("choose_eligible", case.number, data=choice(case, ticked=[wrong]), follow=True)
    assert "Every eligible trainee is chosen: 2." in words(response)
    assert chosen(case) == {right.pk, wrong.pk, other.pk}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"show": "chosen"}, {"Right"}),
        ({"show": "eligible"}, {"Right"}),
        ({"show": "other"}, {"Wrong"}),
        ({"q": "wro"}, {"Wrong"}),
        ({"show": "nonsense"}, {"Right", "Wrong"}),
    ],
)
def test_the_filters_stay_in_the_address(school, query, names):
    right = school.hired(name="Right")
    school.hired(name="Wrong", certified=False)
    page = school.get("claim", school.draft(right).number, **query)
    assert {row["enrolment"].trainee.name for row in page.context["rows"]} == names


def test_what_another_claim_holds_is_no_choice(school):
    taken, free = school.hired(name="Taken"), school.hired(name="Free")
    school.filed(taken)
    case = school.draft()
    assert "Taken" not in words(school.get("claim", case.number))
    response = school.post("claim", case.number, data=choice(case, ticked=[taken, free]))
    assert "another claim holds them" in words(response)
    assert chosen(case) == set()
    with pytest.raises(IntegrityError, match="claim_line_enrolment_once"), transaction.atomic():
        ClaimLine.objects.create(claim=case.training_claim, enrolment=taken)


def test_a_withdrawn_claim_frees_its_trainees(school):
    enrolment = school.hired()
    first = school.filed(enrolment)
    withdraw(case_id=first.pk, user=school.clerk)
    assert chosen(school.draft(enrolment)) == {enrolment.pk}


def test_foreign_trainees_are_refused_by_page_service_and_database(school, rival):
    foreign = rival.hired(name="Secret Person")
    case = school.draft()
    response = school.post("claim", case.number, data=choice(case, ticked=[foreign]))
    assert "Some of these trainees are not yours" in words(response) and "Secret Person" not in words(
        response
    )
    with pytest.raises(ValidationError):
        choose_trainees(user=school.clerk, case_id=case.pk, enrolment_ids=[foreign.pk])
    with pytest.raises(IntegrityError, match="claim_line_own_enrolment"), transaction.atomic():
        ClaimLine.objects.create(claim=case.training_claim, enrolment=foreign)
    assert chosen(case) == set()


def test_a_stale_choice_is_refused_and_the_ticks_stay(school):
    one, two = school.hired(name="One"), school.hired(name="Two")
    case = school.draft()
    stale = case.version
    other = school.colleague(display_name="Chen Li")
    other.post("claim", case.number, data=choice(case, ticked=[one], shown=[two]))

    data = choice(case, ticked=[two], shown=[one], version=stale)
    response = school.post("claim", case.number, data=data)
    page = words(response)
    assert (
        "Chen Li changed this claim at" in page
        and "saved as chosen" in page
        and "saved as not chosen" in page
    )
    assert [row["chosen"] for row in response.context["rows"]] == [False, True]
    by_itself = school.client.post(reverse("training:claim", args=[case.number]), data, **AUTOSAVE)
    assert by_itself.status_code == 409 and "Chen Li changed this claim at" in words(by_itself)
    assert 'name="version"' not in by_itself.content.decode(), "the old page must not pass as a new one"
    assert chosen(case) == {one.pk}


def test_a_mangled_choice_is_refused(school):
    case = school.draft(school.hired())
    for data in ({}, {"version": "x"}, {"version": 1, "chosen": ["1; DROP"]}):
        response = school.post("claim", case.number, data=data | {"save": "1"})
        assert "This page was not sent in full. Load it again." in words(response)
    assert len(chosen(case)) == 1


def test_a_claim_is_filed_with_the_undertaking(school):
    case = school.draft(school.hired(name="Zhang San"))
    page = words(school.get("submit", case.number))
    assert "Zhang San" in page and "3,500.00" in page and "may not file for 3 years" in page
    response = school.submit(case, note="Please look at the dates.")
    case.refresh_from_db()
    assert response.url == case.get_absolute_url() and case.status == Status.INITIAL_REVIEW
    snapshot = case.submissions.get().snapshot
    assert snapshot["undertaking_by"] == "Wang Wei" and snapshot["note"] == "Please look at the dates."
    page = words(school.client.get(case.get_absolute_url()))
    assert "is filed. It is being calculated" in page and "Undertaking given by Wang Wei" in page


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ({"undertaking": ""}, "Accept the undertaking: without it the claim cannot be filed."),
        ({"signed_by": " "}, "Write the name of the person who gives the undertaking."),
    ],
)
def test_no_claim_is_filed_without_the_undertaking(school, missing, message):
    case = school.draft(school.hired())
    response = school.submit(case, note="Typed before", **missing)
    (field,) = missing
    assert message in response.context["form"].errors[field][0]
    assert "Typed before" in response.content.decode()
    case.refresh_from_db()
    assert case.status == Status.DRAFT and case.training_claim.undertaking_at is None
    assert not case.submissions.exists()


def test_an_incomplete_claim_shows_every_problem_with_its_place_and_keeps_no_undertaking(school):
    poor, old = school.hired(name="Poor"), school.hired(name="Old", contract={"signed_on": "2012-07-01"})
    LabourContract.objects.filter(enrolment=poor).delete()
    case = school.draft(poor, old)
    response = school.submit(case)
    page = words(response)
    assert "Poor has no labour contract yet." in page
    assert "Old: no policy version applies to a contract signed on 1 Jul 2012." in page
    for enrolment, field in ((poor, "employer_code"), (old, "signed_on")):
        assert f'href="{enrolment.get_absolute_url()}#id_{field}"' in response.content.decode()
    assert 'value="Wang Wei"' in response.content.decode()
    claim = TrainingClaim.objects.get(case=case)
    assert claim.undertaking_at is None and claim.undertaking_by == ""
    with pytest.raises(Incomplete) as caught:
        give_undertaking_and_submit(user=school.clerk, case_id=case.pk, signed_by="Wang Wei")
    assert [problem.code for problem in caught.value.problems] == ["no_contract", "no_policy"]
    case.refresh_from_db()
    assert case.status == Status.DRAFT


def test_an_empty_claim_is_not_filed(school):
    case = school.draft()
    assert "Choose at least one trainee." in words(school.submit(case))
    with pytest.raises(ValidationError):
        give_undertaking_and_submit(user=school.clerk, case_id=case.pk, signed_by="  ")
    case.refresh_from_db()
    assert case.status == Status.DRAFT


def test_a_double_submit_ends_on_the_case_and_files_once(school):
    case = school.draft(school.hired())
    data = {"version": case.version, "undertaking": "on", "signed_by": "Wang Wei", "note": ""}
    first = school.post("submit", case.number, data=data)
    second = school.post("submit", case.number, data=data, follow=True)
    assert first.url == case.get_absolute_url()
    assert "This claim has been filed already; nothing was sent twice." in words(second)
    assert case.submissions.count() == 1
    with pytest.raises(Refused):
        give_undertaking_and_submit(user=school.clerk, case_id=case.pk, signed_by="Wang Wei")


def test_a_stale_submit_is_refused_and_can_be_repeated_knowingly(school):
    one, two = school.hired(), school.hired()
    case = school.draft(one)
    stale = case.version
    school.colleague(display_name="Chen Li").post("claim", case.number, data=choice(case, ticked=[one, two]))
    response = school.submit(case, version=stale)
    assert "Chen Li changed this claim at" in words(response)
    assert 'value="Wang Wei"' in response.content.decode()
    case.refresh_from_db()
    assert case.status == Status.DRAFT
    factories.supply(case)
    assert school.submit(case, version=response.context["form"]["version"].value()).status_code == 302


def test_a_filed_claim_cannot_be_changed(school):
    enrolment = school.hired()
    case = school.filed(enrolment)
    for name in ("claim", "submit"):
        page = words(school.client.get(reverse(f"training:{name}", args=[case.number]), follow=True))
        assert "This claim was filed; it can be changed only when an official returns it." in page
    for name in ("claim", "choose_eligible"):
        response = school.post(name, case.number, data=choice(case, shown=[enrolment]), follow=True)
        assert "nothing was sent twice" in words(response)
    with pytest.raises(Refused):
        choose_trainees(user=school.clerk, case_id=case.pk, enrolment_ids=[])
    assert chosen(case) == {enrolment.pk}


def test_a_returned_claim_shows_why_and_is_filed_again(school, officials):
    wrong = school.hired(certified=False)
    case = school.filed(wrong)
    factories.decide(case, officials[0], Stage.INITIAL, Outcome.RETURN, reason="The certificate is missing.")
    for name in ("claim", "submit"):
        assert "The certificate is missing." in words(school.get(name, case.number))
    assert school.submit(case).status_code == 302
    case.refresh_from_db()
    assert case.status == Status.INITIAL_REVIEW and case.submissions.count() == 2


def test_foreign_claims_and_other_programmes_are_not_found(school, rival, officials):
    foreign = rival.draft(rival.hired())
    enterprise = factories.OrganisationFactory()
    factories.Membership.objects.create(user=school.clerk, organisation=enterprise, role="clerk")
    offshore = factories.offshore_draft(enterprise, school.clerk, "250000")
    for number in (foreign.number, offshore.number, "TR-2026-999999"):
        for name in ("claim", "submit"):
            assert school.get(name, number).status_code == 404
            assert school.post(name, number, data={"version": 1}).status_code == 404
        assert school.post("choose_eligible", number, data={"version": 1}).status_code == 404
    with pytest.raises(Refused) as refused:
        choose_trainees(user=school.clerk, case_id=foreign.pk, enrolment_ids=[])
    assert refused.value.code == "permission"
    with pytest.raises(Refused) as refused:
        choose_trainees(user=school.clerk, case_id=offshore.pk, enrolment_ids=[])
    assert refused.value.code == "programme"


def test_an_undertaking_has_a_name(school):
    claim = school.draft().training_claim
    with pytest.raises(IntegrityError, match="training_undertaking_has_name"), transaction.atomic():
        TrainingClaim.objects.filter(pk=claim.pk).update(undertaking_at=timezone.now())


def test_nobody_eligible_offers_no_button_to_choose_them(school):
    school.hired(certified=False)
    case = school.draft()
    button = reverse("training:choose_eligible", args=[case.number])
    assert button not in school.get("claim", case.number).content.decode()
    school.hired()
    assert "Choose the 1 eligible trainee" in words(school.get("claim", case.number))


def test_a_name_that_nobody_sees_signs_nothing(school):
    case = school.draft(school.hired())
    response = school.submit(case, signed_by="\u200b")
    assert response.status_code == 200 and "signed_by" in response.context["form"].errors
