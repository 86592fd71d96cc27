"""Enterprises below, on and above every limit, an institution with trainees on both limits, and who may ask."""

from datetime import date
from types import SimpleNamespace

import pytest

from accounts.enums import OfficialRole
from policy.models import PolicyVersion
from simulations.models import Simulation
from simulations.services import asking, freezing, running
from tests import factories


@pytest.fixture
def editor(db):
    return factories.official(OfficialRole.POLICY_EDITOR)


@pytest.fixture
def reviewers(db):
    return (
        factories.official(OfficialRole.INITIAL_REVIEWER),
        factories.official(OfficialRole.FINAL_REVIEWER),
    )


def enterprise(name: str, *claims: tuple[str, ...], reviewers=None, division: str = "360102"):
    """An enterprise with its claims of 2015; approved where there are reviewers."""
    organisation = factories.OrganisationFactory(name=name, division=division)
    factories.recognise(organisation)
    clerk = factories.clerk_of(organisation)
    cases = []
    for amounts in claims:
        case = factories.filed_offshore(organisation, clerk, *amounts)
        cases.append(factories.approve(case, *reviewers) if reviewers else case)
    return SimpleNamespace(organisation=organisation, clerk=clerk, cases=cases)


@pytest.fixture
def city(reviewers):
    """Five enterprises' years: short, exactly the threshold, passed by a second claim, plain, and beyond the cap."""
    return SimpleNamespace(
        short=enterprise("Short", ("150000",)),
        equal=enterprise("Equal", ("200000",), division="360103"),
        split=enterprise("Split", ("150000",), ("100000",), reviewers=reviewers),
        plain=enterprise("Plain", ("250000",), reviewers=reviewers),
        large=enterprise("Large", ("2000000", "700000")),
    )


@pytest.fixture
def institution(db):
    """One claim: a plain trainee, one whose training and one whose contract is exactly the minimum."""
    school = factories.OrganisationFactory(institution=True, name="School")
    factories.recognise(school)
    teacher = factories.clerk_of(school)
    long = factories.TrainingClassFactory(institution=school, code="LONG")
    exact = factories.TrainingClassFactory(
        institution=school, code="EXACT", starts_on=date(2015, 3, 1), ends_on=date(2015, 5, 31)
    )
    exactly_a_year = {"ends_on": date(2016, 6, 30)}
    enrolments = [
        factories.hired_trainee(long),
        factories.hired_trainee(exact),
        factories.hired_trainee(long, contract=exactly_a_year),
    ]
    return SimpleNamespace(
        school=school, teacher=teacher, case=factories.filed_training(school, teacher, *enrolments)
    )


def version(programme: str, code: str) -> PolicyVersion:
    return PolicyVersion.objects.get(programme=programme, code=code)


def ask(editor, *versions: PolicyVersion, years=(2015, 2016), chunk_cases=200) -> Simulation:
    return asking.ask(
        user=editor,
        programme=versions[0].programme,
        versions=versions,
        first_year=years[0],
        last_year=years[1],
        question="What if?",
        chunk_cases=chunk_cases,
    )


def work(simulation: Simulation) -> Simulation:
    """What workers do: freeze, then every chunk."""
    freezing.freeze(simulation.pk)
    for chunk in simulation.chunks.all():
        running.run_chunk(chunk.pk)
    simulation.refresh_from_db()
    return simulation
