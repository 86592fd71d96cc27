"""Why somebody is not eligible: told in the list, filtered by it; an institution without designation is told early."""

from datetime import date

import pytest
from django.urls import reverse

from accounts.models import Accreditation
from tests.training.conftest import words


@pytest.fixture
def people(school):
    contract = {"signed_on": date(2015, 7, 1), "starts_on": date(2015, 7, 1)}
    school.hired(name="Eligible")
    school.hired(name="Day short", contract=contract | {"ends_on": date(2016, 6, 30)})
    school.hired(name="Month short", contract=contract | {"ends_on": date(2016, 5, 31)})
    school.hired(name="No certificate", certified=False)
    school.hired(name="Secondary", education="secondary")
    return school


@pytest.mark.parametrize(
    ("show", "names", "reason"),
    [
        ("one_day_short", ["Day short"], "one day short of more than 12 months"),
        ("contract_short", ["Day short", "Month short"], "short of more than 12 months"),
        ("no_certificate", ["No certificate"], "has no certificate"),
        ("education", ["Secondary"], "education is secondary"),
        ("period_short", [], ""),
        ("not_designated", [], ""),
        ("already_subsidised", [], ""),
    ],
)
def test_the_list_is_filtered_by_the_reason_and_says_it_exactly(people, show, names, reason):
    answer = people.get("trainees", show=show)
    assert sorted(row["trainee"].name for row in answer.context["rows"]) == names
    assert reason in words(answer)


@pytest.mark.parametrize("where", ["dashboard", "new", "claim"])
def test_an_institution_without_designation_is_told_what_to_do(school, where):
    case = school.draft()
    urls = {
        "dashboard": reverse("dashboard"),
        "new": reverse("training:claim_new"),
        "claim": reverse("training:claim", args=[case.number]),
    }
    assert "data-unaccredited" not in school.client.get(urls[where]).content.decode()
    Accreditation.objects.filter(organisation=school.institution).delete()
    page = words(school.client.get(urls[where]))
    assert f"{school.institution.name} is not recorded as a designated training institution yet." in page


def test_a_draft_says_what_it_lacks(school):
    hired = school.hired(name="Without contract")
    hired.labour_contract.delete()
    case = school.draft(hired)
    page = words(school.client.get(reverse("training:claim", args=[case.number])))
    assert "1 thing missing before you can submit Without contract has no labour contract yet." in page
    assert "1 thing missing" in words(school.client.get(reverse("dashboard")))


def test_nobody_is_not_counted(school):
    case = school.draft()
    assert "0 of 0" not in words(school.client.get(reverse("training:claim", args=[case.number])))
