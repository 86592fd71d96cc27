"""Numbers of notices, objections and letters: letters, year in Nanchang, a running number without gaps in meaning."""

from django.db import connection
from django.utils import timezone

#: 公示, 异议 and 决定 by their initials.
_PREFIXES = {"notice": "GS", "objection": "YY", "letter": "JD"}


def next_number(what: str) -> str:
    """`GS-2026-000012`; a number is never given twice."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT nextval('notices_{what}_number')")
        return f"{_PREFIXES[what]}-{timezone.localdate().year}-{cursor.fetchone()[0]:06d}"
