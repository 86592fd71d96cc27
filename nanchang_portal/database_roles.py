"""The database's second user: web, worker and beat own nothing, and can neither rewrite nor empty what is append-only.

Who migrates owns the tables. What the other may do is derived from the models: every table may be read; rows may be
added, changed and deleted unless a trigger of the model says that nobody may. It runs after every `migrate`, so a new
table or trigger needs no line here. See docs/decisions/0020-database-roles.md; for whose rows it sees, row_security.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pgtrigger
from django.apps import apps
from django.db import connections, transaction
from psycopg import sql

from accounts.scope import wide as wide_of
from nanchang_portal import row_security

READ_ONLY = {
    # Written by migrations alone. Whoever could add a row here could take a case from any status to any other.
    "casework_edge",
    # Written by `rotate_keys` alone.
    "accounts_hashversion",
    "django_migrations",
    "django_content_type",
    "auth_permission",
}
# `pgtrigger.ignore` is for the owner. Anybody can set it, so the function that asks for it must know who asks.
# (It is also faster than pgtrigger's own, which opens a subtransaction for each row.)
SHOULD_IGNORE = """
CREATE OR REPLACE FUNCTION public._pgtrigger_should_ignore(trigger_name NAME) RETURNS BOOLEAN AS $$
BEGIN
    -- Almost always: answered without a look at the catalogue.
    IF coalesce(current_setting('pgtrigger.ignore', true), '') IN ('', '{}') THEN
        RETURN FALSE;
    END IF;
    RETURN coalesce(
        trigger_name = ANY(current_setting('pgtrigger.ignore')::text[])
        AND pg_has_role(
            current_user, (SELECT datdba FROM pg_catalog.pg_database WHERE datname = current_database()), 'MEMBER'
        ),
        FALSE
    );
END;
$$ LANGUAGE plpgsql STABLE;
"""


@dataclass(frozen=True)
class Grant:
    """What the role may do with one table."""

    table: str
    may: tuple[str, ...]
    #: Not to the role, only to its wide companion.
    is_apart: bool = False


def _refused() -> dict[str, set[str]]:
    """What triggers of the models refuse altogether, by table: UPDATE, DELETE."""
    found: dict[str, set[str]] = {}
    for model, trigger in pgtrigger.registered():
        if type(trigger) is pgtrigger.Protect and trigger.condition is None:
            found.setdefault(model._meta.db_table, set()).update(str(trigger.operation).split(" OR "))
    return found


def append_only_tables() -> list[str]:
    """The tables whose rows nobody may change or delete."""
    return sorted(table for table, refused in _refused().items() if {"UPDATE", "DELETE"} <= refused)


def grants() -> Iterator[Grant]:
    """What the role may do, for every table of the models."""
    refused = _refused()
    tables = {
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
    }
    apart = {apps.get_model(label)._meta.db_table for label in row_security.APART}
    for table in sorted(tables | READ_ONLY):
        if table in READ_ONLY:
            yield Grant(table, ("SELECT",))
        else:
            kept = [what for what in ("UPDATE", "DELETE") if what not in refused.get(table, ())]
            yield Grant(table, ("SELECT", "INSERT", *kept), table in apart)


class CannotMakeRole(Exception):
    """The connected user may not make roles, and the role is not there: one sentence."""


def make_users(*, role: str, password: str = "", using: str = "default") -> None:
    """The two users by name, with rights to nothing: a dump's policies name them, so they are made before a restore."""
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        _make_users(cursor, role, password)


def _make_users(cursor, role: str, password: str) -> None:
    _make_role(cursor, role, login=True, password=password)
    _make_role(cursor, wide_of(role), login=False)
    _make_companion(cursor, role, wide_of(role))
    _let_see_everything(cursor, wide_of(role))


def set_up(*, role: str, password: str = "", using: str = "default") -> list[Grant]:
    """Makes the role if need be and gives it exactly `grants()`; may be repeated at any time, by the owner."""
    connection = connections[using]
    found, wide = list(grants()), wide_of(role)
    by_rights: dict[tuple[bool, tuple[str, ...]], list[str]] = {}
    with transaction.atomic(using=using), connection.cursor() as cursor:
        present = set(connection.introspection.table_names(cursor))
        for grant in found:
            if grant.table in present:
                by_rights.setdefault((grant.is_apart, grant.may), []).append(grant.table)
        names = {
            "role": sql.Identifier(role),
            "wide": sql.Identifier(wide),
            "both": sql.SQL("{}, {}").format(sql.Identifier(role), sql.Identifier(wide)),
            "database": sql.Identifier(connection.settings_dict["NAME"]),
        }

        def run(text: str, **more: sql.Composable) -> None:
            cursor.execute(sql.SQL(text).format(**names, **more).as_string(cursor.connection))

        _make_users(cursor, role, password)
        cursor.execute(SHOULD_IGNORE)
        run("REVOKE CREATE ON SCHEMA public FROM PUBLIC, {both}")
        run("REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC")
        run("GRANT TEMPORARY ON DATABASE {database} TO {both}")  # a workbook is compared in one
        for function in _functions_to_pin(cursor):
            run("ALTER FUNCTION {function} SET search_path = public, pg_temp", function=sql.SQL(function))
        run("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, {both}")
        run("REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM PUBLIC, {both}")
        run("GRANT CONNECT ON DATABASE {database} TO {both}")
        run("GRANT USAGE ON SCHEMA public TO {both}")
        # The next number, of a case say, and not to set it back.
        run("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {both}")
        for (is_apart, may), tables in by_rights.items():
            run(
                "GRANT {rights} ON {tables} TO {wide}"
                if is_apart
                else "GRANT {rights} ON {tables} TO {both}",
                rights=sql.SQL(", ".join(may)),
                tables=sql.SQL(", ").join(map(sql.Identifier, tables)),
            )
        row_security.install(cursor, role=role, wide=wide)
    return found


def _functions_to_pin(cursor) -> list[str]:
    """Our own functions that look tables up as the caller would.

    A caller's temporary table stands before everything else, the catalogue too, unless the path names it last: with a
    temporary `casework_edge` a case would go from any status to any other.
    """
    cursor.execute(
        """
        SELECT p.oid::regprocedure::text
        FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
        WHERE p.pronamespace = 'public'::regnamespace AND l.lanname IN ('plpgsql', 'sql')
            AND p.proname <> '_pgtrigger_should_ignore'  -- names its one table in full
            AND p.proconfig IS DISTINCT FROM ARRAY['search_path=public, pg_temp']
            AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
        """
    )
    return [row[0] for row in cursor.fetchall()]


def _make_role(cursor, role: str, *, login: bool, password: str = "") -> None:
    name, may_log_in = sql.Identifier(role), sql.SQL("LOGIN" if login else "NOLOGIN")
    if not _is_role(cursor, role):
        if not _may_make_roles(cursor):
            raise CannotMakeRole(
                f"The role {role} is not there and this user may not make it: let an administrator run "
                f"CREATE ROLE {role} {'LOGIN PASSWORD ...' if login else 'NOLOGIN'}, then run `setup_roles`."
            )
        # Another process may be making it for another database at this moment.
        make = sql.SQL(
            "DO $do$ BEGIN CREATE ROLE {} {} NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS; "
            "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $do$"
        )
        cursor.execute(make.format(name, may_log_in).as_string(cursor.connection))
    if password and _may_make_roles(cursor):
        change = sql.SQL("ALTER ROLE {} PASSWORD {}").format(name, sql.Literal(password))
        cursor.execute(change.as_string(cursor.connection))


def _make_companion(cursor, role: str, wide: str) -> None:
    """`role` may become `wide` by saying so, and has nothing of it before."""
    grant = sql.SQL("GRANT {} TO {} WITH INHERIT FALSE, SET TRUE").format(
        sql.Identifier(wide), sql.Identifier(role)
    )
    cursor.execute(
        "SELECT 1 FROM pg_auth_members WHERE roleid = %s::regrole AND member = %s::regrole "
        "AND set_option AND NOT inherit_option",
        [wide, role],
    )
    if cursor.fetchone():
        return
    if not _may_make_roles(cursor):
        raise CannotMakeRole(
            f"{role} may not become {wide}: let an administrator run "
            f"{grant.as_string(cursor.connection)}, then run `setup_roles`."
        )
    cursor.execute(grant.as_string(cursor.connection))


def _let_see_everything(cursor, wide: str) -> None:
    """No policy is asked for `wide`, where the owner may say so: even `true` hides the statistics of a table.

    Behind any policy PostgreSQL estimates what an operator finds without looking at what the table holds, unless the
    operator is leakproof; of amounts and words that made pages of a million cases twenty times as slow. Without this
    the policy `portal_all` shows the same rows.
    """
    cursor.execute(
        "SELECT (SELECT rolbypassrls FROM pg_roles WHERE rolname = %s), "
        "(SELECT rolsuper OR rolcreaterole AND rolbypassrls FROM pg_roles WHERE rolname = current_user)",
        [wide],
    )
    has_it, may_give_it = cursor.fetchone()
    if may_give_it and not has_it:
        cursor.execute(
            sql.SQL("ALTER ROLE {} BYPASSRLS").format(sql.Identifier(wide)).as_string(cursor.connection)
        )


def _is_role(cursor, role: str) -> bool:
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
    return cursor.fetchone() is not None


def _may_make_roles(cursor) -> bool:
    cursor.execute("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user")
    return cursor.fetchone()[0]


def owns_tables(using: str = "default") -> bool:
    """Whether the connected user could switch the audit's triggers off: its table's owner, or a superuser."""
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT pg_has_role(current_user, relowner, 'MEMBER') FROM pg_class WHERE oid = 'audit_record'::regclass"
        )
        return cursor.fetchone()[0]
