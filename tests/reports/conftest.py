"""Visitors and programs: they have no account; the pages speak English here."""

import pytest
from django.utils import translation

from accounts.enums import OfficialRole
from casework.models import Award
from notices.models import Notice
from notices.services import publishing
from tests import factories


@pytest.fixture(autouse=True)
def english(settings):
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


@pytest.fixture
def award(db) -> Award:
    """50,000.00 RMB of 2015 that no notice names yet."""
    enterprise = factories.OrganisationFactory(name="南昌示例外包公司", contact_phone="0791-7777777")
    factories.recognise(enterprise)
    case = factories.filed_offshore(enterprise, factories.clerk_of(enterprise), "250000")
    initial = factories.official(OfficialRole.INITIAL_REVIEWER)
    return factories.approve(case, initial, factories.official(OfficialRole.FINAL_REVIEWER)).award


@pytest.fixture
def notice(award) -> Notice:
    """A notice of that award, published today."""
    made = publishing.make_notice(
        user=factories.official(OfficialRole.INITIAL_REVIEWER), programme="offshore", year=2015
    )
    return publishing.publish_notice(
        user=factories.official(OfficialRole.FINAL_REVIEWER), notice_id=made.pk, version=made.version
    )
