"""What the pages of this room share."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Organisation
from accounts.permissions import may_file_for
from training.models import Enrolment
from training.selectors import Light, cases_holding, lights_of

PAGE_SIZE = 50


def page_of(request: HttpRequest, rows: QuerySet | Sequence[Any]) -> Page:
    return Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))


def refusal(request: HttpRequest, institution: Organisation, back: str) -> HttpResponse | None:
    """The way back, with the reason, for a person who may only read; None for everybody else."""
    answer = may_file_for(request.user, institution)
    if answer:
        return None
    messages.error(request, answer.reason)
    return redirect(back)


def roster(enrolments: Sequence[Enrolment]) -> list[dict[str, Any]]:
    """Enrolments (loaded `with_evidence`) with their lights and the claims that hold them; five queries."""
    lights, cases = lights_of(enrolments), cases_holding(enrolment.pk for enrolment in enrolments)
    return [
        {"enrolment": enrolment, "light": lights[enrolment.pk], "case": cases.get(enrolment.pk)}
        for enrolment in enrolments
    ]


def light_sheet(light: Light, *, with_steps: bool) -> dict[str, Any] | None:
    """Context of `_partials/sheet.html` for one trainee beside the light; None while there is nothing to calculate."""
    if not light.steps:
        return None
    return {
        "title": _("What the rules say"),
        "amount": light.amount_rmb,
        "note": _("Estimate. The office decides."),
        "policy": light.policy,
        "lines": [
            {"label": _("To the trainee"), "amount": light.trainee_rmb},
            {"label": _("To the institution"), "amount": light.institution_rmb},
        ],
        "steps": light.steps if with_steps else (),
    }


def crumb(label: object, name: str, *args: object) -> dict[str, str]:
    return {"label": str(label), "url": reverse(name, args=args)}
