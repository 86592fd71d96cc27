"""Tells the people of an organisation early that it lacks the bureau's recognition or designation."""

from collections.abc import Iterable
from typing import Any

from django import template

from accounts.models import Organisation
from accounts.selectors import unaccredited

register = template.Library()


@register.inclusion_tag("_partials/accreditation_notice.html")
def accreditation_notice(organisations: Organisation | Iterable[Organisation]) -> dict[str, Any]:
    """A notice for each organisation without one, with what to do; nothing for the others."""
    if isinstance(organisations, Organisation):
        organisations = [organisations]
    return {"unaccredited": unaccredited(organisations)}
