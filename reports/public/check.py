"""The public checker: what a year or a trainee would earn, by the decision's own rules. Nothing is stored."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from policy.estimates import offshore_estimate, training_estimate
from policy.rules.money import add
from policy.rules.versions import VersionError
from policy.selectors import offshore_terms_for, training_terms_on
from reports.limits import limited_page
from reports.public.check_forms import OffshoreCheckForm, TrainingCheckForm


@require_safe
@limited_page
@gzip_page
def check_offshore(request: HttpRequest) -> HttpResponse:
    """`?year=2015&claim1=150000&claim2=100000`: the award of each claim and of the year."""
    form = OffshoreCheckForm(_asked(request))
    context = {
        "title": _("Check an offshore year"),
        "description": _("What the claims of one enterprise and calendar year would earn, step by step."),
        "form": form,
    }
    if form.is_valid():
        try:
            context["sheet"] = _offshore_sheet(form.cleaned_data["year"], form.claims)
        except VersionError:
            form.add_error("year", _("No published policy version covers this year."))
    return _page(request, "public/check_offshore.html", context)


@require_safe
@limited_page
@gzip_page
def check_training(request: HttpRequest) -> HttpResponse:
    """`?training_start=...&training_end=...&contract_start=...`: what one trainee would earn."""
    form = TrainingCheckForm(_asked(request))
    context = {
        "title": _("Check a trainee"),
        "description": _(
            "Whether one trainee meets the conditions, and what trainee and institution would receive."
        ),
        "form": form,
    }
    if form.is_valid():
        facts = form.facts
        try:
            terms = training_terms_on(facts.contract_signed)
        except VersionError:
            name = "signed" if form.cleaned_data["signed"] else "contract_start"
            form.add_error(name, _("No published policy version was in force on this day."))
        else:
            context["sheet"] = _training_sheet(training_estimate(terms, facts))
    return _page(request, "public/check_training.html", context)


def _asked(request: HttpRequest) -> QueryDict | None:
    """What the address asks; None when there is nothing but a language."""
    asked = request.GET.copy()
    asked.pop("lang", None)
    return asked or None


def _page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    wrong = context["form"].is_bound and not context["form"].is_valid()
    context["link"] = settings.PORTAL_URL + request.get_full_path() if "sheet" in context else ""
    return render(request, template, context, status=422 if wrong else 200)


def _offshore_sheet(year: int, claims: tuple[Decimal, ...]) -> dict[str, Any]:
    """Context of `_partials/sheet.html` from the one estimate that the command prints."""
    terms = offshore_terms_for(year)
    estimate = offshore_estimate(terms, claims)
    total = add(*claims)
    return {
        "title": _("The year %(year)d") % {"year": year},
        "amount": Decimal(estimate["year_total_rmb"]),
        "note": _("Estimate; the office decides."),
        "policy": estimate["policy"],
        "lines": [
            {"label": _("Claim %(number)d") % {"number": number}, "amount": Decimal(claim["award_rmb"])}
            for number, claim in enumerate(estimate["claims"], start=1)
        ],
        "bar": {
            "value": total,
            "threshold": terms.threshold_usd,
            "op": str(terms.threshold_op),
            "cap": terms.cap_rmb / terms.rate_rmb_per_usd,
            "cap_amount": terms.cap_rmb,
            "unit": "USD",
        }
        if total >= 0
        else None,
        "reasons": estimate["claims"][-1]["reasons"],
        "steps": estimate["steps"],
    }


def _training_sheet(estimate: dict[str, Any]) -> dict[str, Any]:
    trainee, institution = Decimal(estimate["trainee_rmb"]), Decimal(estimate["institution_rmb"])
    return {
        "title": _("Eligible") if estimate["eligible"] else _("Not eligible"),
        "amount": add(trainee, institution),
        "note": _("Estimate; the office decides."),
        "policy": estimate["policy"],
        "lines": [
            {"label": _("To the trainee"), "amount": trainee},
            {"label": _("To the institution"), "amount": institution},
        ],
        "reasons": estimate["reasons"],
        "steps": estimate["steps"],
    }
