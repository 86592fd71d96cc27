"""Whose rows the database itself shows: the second wall, behind `visible_to`.

Web processes come as DATABASE_APP_ROLE, to whom the policies (nanchang_portal/row_security.py) show the rows of the
organisations in which `portal.person` is a member, and nothing while nobody is named. Its companion, `wide()`, sees
every row: workers and commands come as it, requests of officials and public pages change to it. See decision 38.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from psycopg.pq import TransactionStatus

from accounts.models import User


def wide(role: str) -> str:
    """The companion of the database user `role` that sees the rows of every organisation."""
    return f"{role}_all"


@dataclass(frozen=True)
class Scope:
    role: str
    person: str = ""


#: As the connection came: in a web process nobody's rows, in a worker everybody's.
NONE = Scope("none")


def everything() -> Scope:
    return Scope(wide(settings.DATABASE_APP_ROLE))


def of(user: User) -> Scope:
    return Scope(settings.DATABASE_APP_ROLE, str(user.pk))


def current() -> Scope:
    return getattr(connection, "portal_scope", NONE)


def enter(scope: Scope) -> None:
    """The connection shows these rows from now on; whoever enters leaves."""
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    _tell(scope)
    connection.portal_scope = scope


def leave() -> None:
    """The connection shows what it showed when it was made; one that cannot be told so is closed."""
    if current() == NONE:
        return
    connection.portal_scope = NONE
    if connection.connection is None:
        return
    if connection.in_atomic_block and _failed():
        return  # whoever opened the transaction rolls it back, and this with it
    try:
        _tell(NONE)
    except Exception:  # whatever it was: the next request must not have this connection
        connection.close()


@contextlib.contextmanager
def across(why: str) -> Iterator[None]:
    """A question whose answer depends on everybody's rows, `why` says which; no row of others may leave the block."""
    before = current()
    if before in (NONE, everything()):  # a worker or command, or an official
        yield
        return
    enter(everything())
    try:
        yield
    finally:
        # A failed transaction goes back to a point before `enter`, and the database with it to what it showed then.
        if not _failed():
            _tell(before)
        connection.portal_scope = before


def _failed() -> bool:
    return connection.connection.info.transaction_status == TransactionStatus.INERROR


def _tell(scope: Scope) -> None:
    """Beside Django's cursors: neither counted nor logged as a query of the page."""
    connection.connection.execute(
        "SELECT set_config('role', %s, false), set_config('portal.person', %s, false)",
        [scope.role, scope.person],
    )
