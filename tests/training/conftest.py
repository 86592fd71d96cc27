"""Two institutions, each with a clerk and a browser; forms as a browser would post them."""

import html
import re
from dataclasses import dataclass
from datetime import date

import pytest
from django.urls import reverse
from django.utils import translation

from accounts.enums import OfficialRole
from accounts.models import Organisation, User
from casework.models import Case
from tests import factories
from tests.clients import Client
from training.models import Enrolment, TrainingClass
from training.services.claims import choose_trainees, start_claim


@pytest.fixture(autouse=True)
def _english(settings):
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


def words(response) -> str:
    """The words of a page without its tags."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode())))


@dataclass
class School:
    """An institution, designated since 2013, with a class, a clerk and the clerk's browser."""

    institution: Organisation
    clerk: User
    client: Client
    training_class: TrainingClass

    def get(self, name: str, *args, **query):
        return self.client.get(reverse(f"training:{name}", args=args), query)

    def post(self, name: str, *args, data: dict, follow: bool = False):
        return self.client.post(reverse(f"training:{name}", args=args), data, follow=follow)

    def hired(self, **fields) -> Enrolment:
        return factories.hired_trainee(self.training_class, **fields)

    def colleague(self, **fields) -> "School":
        """The same institution in another person's browser."""
        user = factories.clerk_of(self.institution, **fields)
        client = Client()
        client.force_login(user)
        return School(self.institution, user, client, self.training_class)

    def draft(self, *enrolments: Enrolment) -> Case:
        case = start_claim(user=self.clerk, institution=self.institution)
        case = choose_trainees(
            user=self.clerk, case_id=case.pk, enrolment_ids=[enrolment.pk for enrolment in enrolments]
        )
        return factories.supply(case)

    def submit(self, case: Case, **more):
        case.refresh_from_db()
        data = {"version": case.version, "undertaking": "on", "signed_by": "Wang Wei", "note": ""} | more
        return self.post("submit", case.number, data=data)

    def filed(self, *enrolments: Enrolment) -> Case:
        """Filed through the page and calculated as a worker would."""
        case = self.draft(*enrolments)
        response = self.submit(case)
        assert response.status_code == 302, response.context["form"].errors
        return factories.calculate(case)


def open_school(**fields) -> School:
    institution = factories.OrganisationFactory(institution=True, **fields)
    factories.recognise(institution)
    clerk = factories.clerk_of(institution)
    client = Client()
    client.force_login(clerk)
    return School(institution, clerk, client, factories.TrainingClassFactory(institution=institution))


@pytest.fixture
def school(db) -> School:
    return open_school()


@pytest.fixture
def rival(db) -> School:
    """Another institution, whose data must never show."""
    return open_school(name="Rival institute")


@pytest.fixture
def officials(db) -> tuple[User, User]:
    return (
        factories.official(OfficialRole.INITIAL_REVIEWER),
        factories.official(OfficialRole.FINAL_REVIEWER),
    )


@pytest.fixture
def trainee_form(school) -> dict:
    """What a clerk types to register somebody; `identity` is a right resident identity number."""
    return {
        "name": "Zhang San",
        "identity_kind": "resident",
        "identity": factories.identity_number(777),
        "education": "bachelor",
        "school": "Example University",
        "student_number": "",
        "consent_on": "2015-03-01",
        "training_class": "",
    }


def enrolment_form(enrolment: Enrolment, **more) -> dict:
    """What the page of an enrolment posts for a certified trainee with a new employer in Nanchang."""
    return {
        "version": enrolment.version,
        "starts_on": "2015-03-01",
        "ends_on": "2015-06-01",
        "certificate_number": "C-100",
        "certificate_issued_on": "2015-06-20",
        "employer_code": factories.credit_code(900001),
        "employer_name": "New Employer Ltd.",
        "employer_division": "",
        "signed_on": "2015-07-01",
        "contract_starts_on": "2015-07-01",
        "contract_ends_on": "2016-07-01",
        "position": "",
    } | more


@pytest.fixture
def enrolled(school) -> Enrolment:
    """A trainee in the class, without certificate and contract."""
    return Enrolment.objects.create(
        training_class=school.training_class,
        trainee=factories.TraineeFactory(institution=school.institution, name="Li Si"),
        starts_on=date(2015, 3, 1),
        ends_on=date(2015, 6, 1),
    )
