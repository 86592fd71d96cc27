"""Hidden values of a posted form: the version it was made from, and until when typing had been seen."""

from collections.abc import Mapping
from datetime import datetime

from django.utils import timezone
from django.utils.dateparse import parse_datetime


def version_in(data: Mapping[str, str]) -> int:
    """The version in the form; 0, which no object has, when it is missing or unreadable: the form is then stale."""
    text = data.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def typed_seen_in(data: Mapping[str, str]) -> datetime | None:
    try:
        seen = parse_datetime(data.get("typed_seen", ""))
    except ValueError:
        return None
    return seen if seen and timezone.is_aware(seen) else None
