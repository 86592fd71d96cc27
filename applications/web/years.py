"""The year of an enterprise on one page."""

import re

from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.enums import OrganisationKind
from accounts.selectors import organisations_of
from applications.selectors import claim_years
from applications.years import year_of

_YEAR = re.compile(r"(19|20)[0-9]{2}")


@login_required
@require_GET
def year(request, pk: int):
    """What counts in a year of an enterprise (`?year=`, else the newest): claims, threshold, award, allowance."""
    enterprises = organisations_of(request.user).filter(kind=OrganisationKind.ENTERPRISE)
    enterprise = get_object_or_404(enterprises, pk=pk)
    years = claim_years()
    wanted = request.GET.get("year", "")
    if _YEAR.fullmatch(wanted):
        years = sorted({*years, int(wanted)}, reverse=True)
    chosen = int(wanted) if _YEAR.fullmatch(wanted) else (years or [timezone.localdate().year])[0]
    found = year_of(enterprise, chosen)
    context = {
        "found": found,
        "sheet": found.sheet(),
        "years": years,
        "crumbs": [{"label": _("My claims"), "url": reverse("dashboard")}],
    }
    return render(request, "applications/year.html", context)
