"""Queries that every page asks, whose SQL Django works out once for a process instead of once for a request.

Between one person and the next only their number changes; building the same statement again costs more than PostgreSQL
takes to answer it.
"""

from collections.abc import Callable

from django.db import connection
from django.db.models import QuerySet

from accounts.models import User

_ANYBODY = -(2**40)


class OfPerson:
    """`build(user)` makes a queryset of tuples that depends on the person's number alone."""

    def __init__(self, build: Callable[[User], QuerySet]) -> None:
        self._build = build
        self._known: tuple[str, tuple] | None = None

    def rows(self, user: User) -> list[tuple]:
        if self._known is None:
            sql, params = self._build(User(pk=_ANYBODY)).query.sql_with_params()
            if _ANYBODY not in params:
                raise ValueError("The statement does not name its person.")
            self._known = sql, params
        sql, params = self._known
        with connection.cursor() as cursor:
            cursor.execute(sql, [user.pk if value == _ANYBODY else value for value in params])
            return cursor.fetchall()
