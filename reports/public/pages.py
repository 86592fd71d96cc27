"""The pages that explain: guides, questions, how to reach the bureau, what it does with data. All read-only."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from policy.checklists import OPTIONAL, load
from policy.enums import ProgrammeCode
from policy.practice import FRAUD_EXCLUSION_YEARS, practice
from policy.rules.versions import VersionError
from policy.selectors import offshore_terms_for, training_terms_on

#: What can be read: the address under /guide/ or /, the template, the title, one sentence for search engines.
GUIDES = {
    "enterprises": (
        _("Guide for enterprises"),
        _("Who may file for the offshore incentive, with what, and how."),
    ),
    "institutions": (
        _("Guide for training institutions"),
        _("Who may file for the training subsidy, for which trainees, and how."),
    ),
    "students": (
        _("Guide for students and graduates"),
        _("What a trainee receives, under which conditions, and what happens to the data."),
    ),
}
PAGES = {
    "questions": (_("Questions and answers"), _("What applicants ask most often, answered with the clause.")),
    "accessibility": (
        _("Accessibility statement"),
        _("How the portal can be used by everyone, what was checked, and whom to tell."),
    ),
    "privacy": (
        _("Privacy notice"),
        _("Which personal data the portal keeps, why, and what anyone can ask for."),
    ),
    "contact": (_("Contact"), _("How to reach the service outsourcing desk.")),
}


def published_terms_today() -> dict:
    """`offshore_terms` and `training_terms` in force today; None where no published version applies, never a guess."""
    today = timezone.localdate()
    terms = {"offshore_terms": None, "training_terms": None}
    try:
        terms["offshore_terms"] = offshore_terms_for(today.year)
    except VersionError:
        pass
    try:
        terms["training_terms"] = training_terms_on(today)
    except VersionError:
        pass
    return terms


def contact() -> dict:
    """How to reach the bureau, as the deployment says."""
    return {
        "phone": settings.CONTACT_PHONE,
        "email": settings.CONTACT_EMAIL,
        "address": settings.CONTACT_ADDRESS,
        "hours": settings.CONTACT_HOURS,
        "fictional": settings.SAMPLE_DATA,
    }


@require_safe
@gzip_page
def guide(request: HttpRequest, name: str) -> HttpResponse:
    """One guide; every figure comes from the published version or the bureau's practice."""
    if name not in GUIDES:
        raise Http404
    title, description = GUIDES[name]
    programme = ProgrammeCode.OFFSHORE if name == "enterprises" else ProgrammeCode.TRAINING
    context = {
        "title": title,
        "description": description,
        "papers": [item for item in load() if item.programme == programme and item.need != OPTIONAL],
        "correction_days": practice("correction_days", timezone.localdate()),
        "exclusion_years": FRAUD_EXCLUSION_YEARS,
        "return_days": practice("annual_return_days", timezone.localdate()),
        "guides": [(other, heading) for other, (heading, _words) in GUIDES.items() if other != name],
        **published_terms_today(),
    }
    return render(request, f"public/guide_{name}.html", context)


@require_safe
@gzip_page
def page(request: HttpRequest, name: str) -> HttpResponse:
    """Questions, accessibility, privacy, contact."""
    title, description = PAGES[name]
    context = {
        "title": title,
        "description": description,
        "contact": contact(),
        "correction_days": practice("correction_days", timezone.localdate()),
        "exclusion_years": FRAUD_EXCLUSION_YEARS,
        "smallest_count": practice("smallest_count", timezone.localdate()),
        **published_terms_today(),
    }
    return render(request, f"public/{name}.html", context)
