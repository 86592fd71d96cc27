"""Fixtures of the casework tests: people, an enterprise, and a database of their own for races."""

import uuid
from contextlib import closing
from types import SimpleNamespace

import psycopg
import pytest
from django.db import connection, connections

from accounts.enums import OfficialRole
from tests import factories


@pytest.fixture
def people(db):
    """An enterprise with its clerk, and officials of both stages."""
    enterprise = factories.OrganisationFactory()
    return SimpleNamespace(
        enterprise=enterprise,
        clerk=factories.clerk_of(enterprise),
        initial=factories.official(OfficialRole.INITIAL_REVIEWER, OfficialRole.FINAL_REVIEWER),
        final=factories.official(OfficialRole.FINAL_REVIEWER),
        final2=factories.official(OfficialRole.FINAL_REVIEWER),
    )


@pytest.fixture
def fresh_database(django_db_setup, django_db_blocker):
    """A copy of the migrated test database, so that threads may commit; dropped afterwards."""
    settings = connections["default"].settings_dict
    original, name = settings["NAME"], f"race_{uuid.uuid4().hex[:12]}"
    with django_db_blocker.unblock():
        connections.close_all()
        parameters = connection.get_connection_params()
        place = {key: parameters[key] for key in ("host", "port", "user", "password") if parameters.get(key)}
        with closing(psycopg.connect(dbname="postgres", autocommit=True, **place)) as server:
            # A thread of an earlier test may have left a session behind; PostgreSQL copies only a database at rest.
            server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [original]
            )
            server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{original}"')
            settings["NAME"] = name
            try:
                yield name
            finally:
                connections.close_all()
                settings["NAME"] = original
                server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
