from types import SimpleNamespace

import pytest

from accounts.enums import OfficialRole
from casework.models import Case
from notices.models import Notice
from notices.services import publishing
from policy.enums import ProgrammeCode
from tests import factories


@pytest.fixture
def initial(db):
    return factories.official(OfficialRole.INITIAL_REVIEWER)


@pytest.fixture
def final(db):
    return factories.official(OfficialRole.FINAL_REVIEWER)


@pytest.fixture
def second(db):
    """Another final reviewer than the one who approved."""
    return factories.official(OfficialRole.FINAL_REVIEWER)


@pytest.fixture
def enterprise(db):
    return factories.OrganisationFactory()


@pytest.fixture
def clerk(enterprise):
    return factories.clerk_of(enterprise)


@pytest.fixture
def approved(enterprise, clerk, initial, final) -> Case:
    """An approved offshore claim of 2015 with 50,000.00 RMB."""
    return factories.approve(factories.filed_offshore(enterprise, clerk, "250000"), initial, final)


@pytest.fixture
def school_case(initial, final) -> Case:
    """An approved training claim of 2016: two eligible trainees."""
    school = factories.OrganisationFactory(institution=True)
    factories.recognise(school)
    training_class = factories.TrainingClassFactory(institution=school)
    people = [factories.hired_trainee(training_class, name=name) for name in ("张三丰", "李四")]
    return factories.approve(
        factories.filed_training(school, factories.clerk_of(school), *people), initial, final
    )


@pytest.fixture
def publish(initial, final):
    """Make and publish the notice of a case's programme and year; `now` moves its publication."""

    def published(case: Case, now=None) -> Notice:
        draft = publishing.make_notice(user=initial, programme=case.programme, year=case.year)
        return publishing.publish_notice(user=final, notice_id=draft.pk, version=draft.version, now=now)

    return published


OFFSHORE_2015 = SimpleNamespace(programme=ProgrammeCode.OFFSHORE, year=2015)
