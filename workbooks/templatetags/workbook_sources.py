"""Where a record came from, on pages of other rooms."""

from django import template

from accounts.models import User
from workbooks.selectors import sources_of

register = template.Library()


@register.inclusion_tag("workbooks/_sources.html")
def record_sources(label: str, ids: int | list[int], user: User) -> dict:
    """The workbook rows behind one record, or behind several that belong together."""
    wanted = [ids] if isinstance(ids, int) else ids
    found = sources_of(label, wanted, user) if wanted else {}
    return {"sources": [source for pk in wanted for source in found.get(pk, ())]}
