"""Web, worker and beat are a database user that owns nothing: the triggers are not its to go around."""

from contextlib import contextmanager

import pgtrigger
import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from psycopg import errors, sql

from accounts import scope
from nanchang_portal import database_roles, embedded, row_security
from tests import factories
from tests.access import world

CLOSED = database_roles.append_only_tables()


NARROW, WIDE = settings.DATABASE_APP_ROLE, scope.wide(settings.DATABASE_APP_ROLE)


@contextmanager
def run_as(role):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"SET LOCAL ROLE {role}")
        yield cursor
        cursor.execute("RESET ROLE")


@pytest.fixture(params=[NARROW, WIDE])
def as_app(db, request):
    """The rest of the test's statements as a web process runs them, for a person and for an official or worker."""
    with run_as(request.param) as cursor:
        yield cursor


@pytest.fixture
def as_wide(db):
    with run_as(WIDE) as cursor:
        yield cursor


def refused(cursor, statement: str, reason: type[Exception] = errors.InsufficientPrivilege) -> None:
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        cursor.execute(statement)
    assert isinstance(caught.value.__cause__, reason), caught.value


def test_every_table_with_the_append_only_trigger_is_known():
    by_trigger = {
        model._meta.db_table for model, trigger in pgtrigger.registered() if trigger.name == "append_only"
    }
    assert set(CLOSED) == by_trigger
    assert {"audit_record", "audit_seal", "ledger_entry", "casework_submission"} <= by_trigger


@pytest.mark.parametrize("table", CLOSED)
def test_an_append_only_table_takes_new_rows_and_nothing_else(as_app, table):
    model = next(model for model in apps.get_models() if model._meta.db_table == table)
    column = next(field.column for field in model._meta.concrete_fields if field.column)
    refused(as_app, f"UPDATE {table} SET {column} = {column}")
    refused(as_app, f"DELETE FROM {table}")
    refused(as_app, f"TRUNCATE {table}")
    refused(as_app, f"TRUNCATE {table} CASCADE")
    refused(as_app, f"SELECT 1 FROM {table} FOR UPDATE")
    # Nor with the triggers out of the way.
    with transaction.atomic():
        as_app.execute("SET LOCAL pgtrigger.ignore = '{append_only,no_truncate}'")
        refused(as_app, f"UPDATE {table} SET {column} = {column}")
        refused(as_app, f"DELETE FROM {table}")
    refused(as_app, f"ALTER TABLE {table} DISABLE TRIGGER ALL")
    refused(as_app, f"DROP TABLE {table} CASCADE")
    as_app.execute(
        "SELECT has_table_privilege(%s, 'SELECT'), has_table_privilege(%s, 'INSERT')", [table, table]
    )
    # What stands apart is its wide companion's alone.
    may = model._meta.label not in row_security.APART or current_role() == WIDE
    assert as_app.fetchone() == (may, may)


def current_role() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        return cursor.fetchone()[0]


def test_no_table_may_be_emptied_owned_or_changed_in_its_form(as_app):
    as_app.execute(
        """
        SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND (
            pg_has_role(current_user, relowner, 'MEMBER') OR has_table_privilege(oid, 'TRUNCATE')
            OR has_table_privilege(oid, 'TRIGGER') OR has_table_privilege(oid, 'REFERENCES'))
        """
    )
    assert as_app.fetchall() == []


def test_every_table_of_a_model_can_be_read(as_app):
    as_app.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' "
        "AND NOT has_table_privilege(oid, 'SELECT')"
    )
    apart = {apps.get_model(label)._meta.db_table for label in row_security.APART}
    assert {name for (name,) in as_app.fetchall()} == (apart if current_role() == NARROW else set())


@pytest.mark.parametrize(
    "statement",
    [
        "SET session_replication_role = replica",
        "SET LOCAL session_replication_role = replica",
        "CREATE TABLE mine (id int)",
        "CREATE SCHEMA mine",
        "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE OR REPLACE FUNCTION public._pgtrigger_should_ignore(trigger_name name) RETURNS boolean "
        "LANGUAGE sql AS 'SELECT true'",
        "INSERT INTO casework_edge (from_status, to_status, actor, reason_required) "
        "VALUES ('draft', 'approved', 'applicant', false)",
        "UPDATE django_migrations SET name = name",
        "SELECT setval('casework_case_number', 1)",
        "ALTER ROLE CURRENT_USER SUPERUSER",
        "CREATE ROLE another",
        "COPY audit_record TO PROGRAM 'true'",
    ],
)
def test_the_walls_around_it(as_app, statement):
    refused(as_app, statement)


@pytest.fixture
def draft(db):
    """A case to be taken straight from draft to approved: no privilege refuses that, only a trigger."""
    enterprise = factories.OrganisationFactory()
    return factories.offshore_draft(enterprise, factories.clerk_of(enterprise))


def approve_at_once(cursor, case) -> None:
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        cursor.execute(f"UPDATE casework_case SET status = 'approved' WHERE id = {case.pk}")
    assert isinstance(caught.value.__cause__, errors.CheckViolation), caught.value
    assert "case_status_edge" in str(caught.value)  # not one of the constraints behind it
    cursor.execute("RESET ROLE")
    case.refresh_from_db()
    assert case.status == "draft"


def ignore_every_trigger(cursor) -> None:
    cursor.execute("SELECT tgname FROM pg_trigger WHERE tgrelid = 'casework_case'::regclass")
    names = ",".join(row[0] for row in cursor.fetchall() if row[0].startswith("pgtrigger_"))
    cursor.execute(f"SET LOCAL pgtrigger.ignore = '{{{names}}}'")


def test_a_trigger_that_is_asked_to_be_ignored_is_not(draft, as_wide):
    ignore_every_trigger(as_wide)
    approve_at_once(as_wide, draft)


def test_a_temporary_table_does_not_stand_before_the_portals_own(draft, as_wide):
    as_wide.execute("CREATE TEMPORARY TABLE casework_edge AS SELECT * FROM public.casework_edge")
    as_wide.execute("UPDATE pg_temp.casework_edge SET from_status = 'draft', to_status = 'approved'")
    as_wide.execute(
        "CREATE TEMPORARY TABLE pg_database AS "
        "SELECT datname, current_user::regrole::oid AS datdba FROM pg_catalog.pg_database"
    )
    ignore_every_trigger(as_wide)
    approve_at_once(as_wide, draft)


def test_every_function_of_ours_looks_temporary_tables_up_last(db):
    with connection.cursor() as cursor:
        assert database_roles._functions_to_pin(cursor) == []


def test_the_rights_follow_the_models_and_no_list(db):
    """What somebody grants by hand is gone after the next `migrate`."""
    with connection.cursor() as cursor:
        role = sql.Identifier(settings.DATABASE_APP_ROLE).as_string(cursor.connection)
        cursor.execute(f"GRANT ALL ON audit_record TO {role}")
        database_roles.set_up(role=settings.DATABASE_APP_ROLE)
        cursor.execute(
            "SELECT privilege_type FROM information_schema.role_table_grants "
            "WHERE grantee = %s AND table_name = 'audit_record' ORDER BY 1",
            [settings.DATABASE_APP_ROLE],
        )
        assert [row[0] for row in cursor.fetchall()] == ["INSERT", "SELECT"]


def test_an_owner_may_not_make_roles_and_says_so(db):
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute("CREATE ROLE plain_owner NOSUPERUSER")
        cursor.execute("SET LOCAL ROLE plain_owner")
        with pytest.raises(database_roles.CannotMakeRole, match="CREATE ROLE nobody_made_it"):
            database_roles.set_up(role="nobody_made_it")
        cursor.execute("RESET ROLE")


def test_the_running_portal_is_that_user(portal):
    """Every connection of web, worker and beat; only `migrate` and the sample data came as the owner."""
    assert portal.answers()
    with portal.database() as owner:
        users = owner.execute(
            "SELECT DISTINCT usename FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid() "
            "AND backend_type = 'client backend'",
            [embedded.NAME],
        ).fetchall()
        assert users == [(embedded.APP_ROLE,)]
    place = {"host": str(portal.data_dir / "pg"), "dbname": embedded.NAME, "user": embedded.APP_ROLE}
    with psycopg.connect(**place, autocommit=True) as app:
        for statement in (
            "UPDATE audit_record SET action = 'x'",
            "SET session_replication_role = replica",
            f"SET ROLE {embedded.NAME}",
            f"SET SESSION AUTHORIZATION {embedded.NAME}",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                app.execute(statement)
        assert app.execute("SELECT count(*) > 0 FROM audit_record").fetchone() == (True,)


def test_every_kind_of_row_is_made_by_that_user(db):
    """What the access tests look at, from registering to filing, deciding and paying; an administrator is there."""
    factories.UserFactory(is_staff=True, is_superuser=True)
    with run_as(WIDE) as cursor:
        assert world.build().approved.status == "approved"
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (WIDE,)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE policy_policyparameter SET value = '1' WHERE version_id = {id}",
        "UPDATE policy_policyversion SET title_en = 'x' WHERE id = {id}",
        "UPDATE policy_policyversion SET status = 'draft' WHERE id = {id}",
        "DELETE FROM policy_policyparameter WHERE version_id = {id}",
        "INSERT INTO policy_policyparameter (version_id, name, value, unit, clause, quotation)"
        " VALUES ({id}, 'bonus', '1', 'RMB', 'x', '')",
    ],
)
def test_a_published_policy_version_is_final_for_the_web_role_too(as_app, statement):
    as_app.execute(
        "SELECT id FROM policy_policyversion WHERE programme = 'offshore' AND status = 'published'"
    )
    statement = statement.format(id=as_app.fetchone()[0])
    as_app.execute("SAVEPOINT before")
    with pytest.raises(DatabaseError, match="published_is_final"):
        as_app.execute(statement)
    as_app.execute("ROLLBACK TO before")
    # Nor with the triggers out of the way, nor switched off.
    as_app.execute("SET LOCAL pgtrigger.ignore = '{published_is_final}'")
    with pytest.raises(DatabaseError, match="published_is_final"):
        as_app.execute(statement)
    as_app.execute("ROLLBACK TO before")
    for table in ("policy_policyversion", "policy_policyparameter"):
        refused(as_app, f"ALTER TABLE {table} DISABLE TRIGGER ALL")
