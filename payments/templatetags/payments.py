"""The way of the money on a claim's page."""

from django import template

from accounts.permissions import may_file_for
from casework.models import Case
from payments.enums import CheckState, Finding
from payments.progress import progress

register = template.Library()


@register.inclusion_tag("payments/_progress.html")
def payment_progress(case: Case, user) -> dict:
    """Stations of a claim's money and, for who files, the task to enter accounts."""
    found = progress(case)
    return {
        "case": case,
        "progress": found,
        "may_file": bool(found and may_file_for(user, case.organisation)),
        "looked_at": bool(found)
        and case.checks.filter(finding=Finding.IRREGULAR).exclude(state=CheckState.OPEN).exists(),
    }
