"""The interface attacked from its own description by schemathesis, in this process, against the real database.

`API_ATTACK_EXAMPLES=2000 python -m pytest tests/reports/test_api_attack.py` asks longer.
"""

import os

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from accounts.enums import MembershipRole
from reports.api.models import Scope
from reports.api.tokens import make_token
from tests import factories

EXAMPLES = int(os.environ.get("API_ATTACK_EXAMPLES", "25"))
#: Each text has the documented form, yet the days contradict each other: a sentence, no estimate.
CONTRADICTIONS = "/estimate/training"


@pytest.fixture
def interface(award, notice, settings):
    """The description as the interface gives it; enough rows behind it, and no limit of requests."""
    settings.API_REQUESTS_PER_MINUTE = 10**9
    enterprise = award.case.organisation
    factories.accepted_return(enterprise, factories.clerk_of(enterprise), ("US", "250000"), ("CN", "1"))
    # As Django's own test client does: a request ends here, the test's transaction does not.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield schemathesis.openapi.from_wsgi("/api/v1/openapi.json", WSGIHandler())
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def token(award) -> str:
    """A token of the organisation that the award belongs to."""
    owner = factories.clerk_of(award.case.organisation, MembershipRole.OWNER)
    return make_token(user=owner, organisation=award.case.organisation, name="attack", scopes=Scope.values)[1]


schema = schemathesis.pytest.from_fixture("interface")


@pytest.mark.django_db
@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    database=None,
)
def test_schemathesis_finds_nothing(case, token):
    own = case.path.startswith("/api/v1/claims")
    response = case.call(headers={"Authorization": f"Bearer {token}"} if own else {})
    assert response.status_code < 500
    # It cannot know that our token is a good one; wrong ones are refused in test_api_tokens.
    excluded = [ignored_auth] if own else []
    if case.path.endswith(CONTRADICTIONS):
        excluded.append(positive_data_acceptance)
    case.validate_response(response, excluded_checks=excluded)
