"""An enterprise, officials in every role, and a browserless client for each of them."""

from types import SimpleNamespace

import pytest
from django.urls import reverse

from accounts.enums import OfficialRole
from casework.models import Award, Case, Review
from ledger.models import Entry
from tests import factories
from tests.clients import Client


@pytest.fixture
def desk(db):
    enterprise = factories.OrganisationFactory(name="Blue Harbour Software")
    factories.recognise(enterprise)
    return SimpleNamespace(
        enterprise=enterprise,
        clerk=factories.clerk_of(enterprise),
        initial=factories.official(OfficialRole.INITIAL_REVIEWER),
        both=factories.official(OfficialRole.INITIAL_REVIEWER, OfficialRole.FINAL_REVIEWER),
        final=factories.official(OfficialRole.FINAL_REVIEWER),
        auditor=factories.official(OfficialRole.AUDITOR),
        finance=factories.official(OfficialRole.FINANCE),
        policy_editor=factories.official(OfficialRole.POLICY_EDITOR),
        superuser=factories.UserFactory(is_staff=True, is_superuser=True),
    )


@pytest.fixture
def case(desk) -> Case:
    """A filed and calculated claim of 250,000 USD: 50,000.00 RMB."""
    return factories.filed_offshore(desk.enterprise, desk.clerk, "250000")


@pytest.fixture
def as_user():
    def signed_in(user, language: str = "en") -> Client:
        client = Client()
        client.force_login(user)
        client.cookies["language"] = language
        return client

    return signed_in


@pytest.fixture
def queue_url() -> str:
    return reverse("admin:casework_case_changelist")


def state_of(case: Case) -> tuple:
    """Everything that a decision would change."""
    case.refresh_from_db()
    return (
        case.status,
        case.version,
        case.initial_reviewer_id,
        case.final_reviewer_id,
        Review.objects.count(),
        Award.objects.count(),
        Entry.objects.count(),
    )


@pytest.fixture
def unchanged():
    """`with unchanged(case):` - whatever happens inside must leave the case as it was."""
    from contextlib import contextmanager

    @contextmanager
    def watch(case: Case):
        before = state_of(case)
        yield
        assert state_of(case) == before

    return watch
