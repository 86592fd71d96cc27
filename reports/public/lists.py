"""Public lists: recognised enterprises and designated institutions, and the awards. Searched, paged, as CSV."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from accounts.enums import AccreditationKind
from policy.enums import ProgrammeCode
from policy.practice import FIRST_YEAR
from reports import selectors
from reports.csv_files import csv_response
from reports.limits import limited_page

PAGE_SIZE = 50
MOST = 2**63 - 1


class _ListForm(forms.Form):
    """What narrows a list: it stands in the address, and what cannot be read is said at its field."""

    q = forms.CharField(
        label=gettext_lazy("Search"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    before = forms.IntegerField(min_value=1, max_value=MOST, required=False, widget=forms.HiddenInput)


class RegisterForm(_ListForm):
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        choices=[
            ("", gettext_lazy("All")),
            (AccreditationKind.RECOGNITION, gettext_lazy("Recognised enterprises")),
            (AccreditationKind.DESIGNATION, gettext_lazy("Designated institutions")),
        ],
        required=False,
    )
    state = forms.ChoiceField(
        label=gettext_lazy("Validity"),
        choices=[("", gettext_lazy("In force today")), ("all", gettext_lazy("Also ended and future ones"))],
        required=False,
    )
    field_order = ["q", "kind", "state", "before"]


class AwardForm(_ListForm):
    programme = forms.ChoiceField(
        label=gettext_lazy("Programme"),
        choices=[("", gettext_lazy("All")), *ProgrammeCode.choices],
        required=False,
    )
    year = forms.TypedChoiceField(label=gettext_lazy("Year"), coerce=int, empty_value=None, required=False)
    notice = forms.CharField(max_length=24, required=False, widget=forms.HiddenInput)
    field_order = ["q", "programme", "year", "notice", "before"]

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        years = range(timezone.localdate().year, FIRST_YEAR - 1, -1)
        self.fields["year"].choices = [("", _("All")), *((year, str(year)) for year in years)]


def _register(form: RegisterForm):
    data = form.cleaned_data
    today = timezone.localdate()
    return selectors.register(
        kind=data.get("kind", ""),
        query=data.get("q", ""),
        current_on=None if data.get("state") == "all" else today,
    )


def _awards(form: AwardForm):
    data = form.cleaned_data
    return selectors.awards(
        programme=data.get("programme", ""),
        year=data.get("year"),
        query=data.get("q", ""),
        notice=data.get("notice", ""),
    )


@require_safe
@limited_page
@gzip_page
def organisations(request: HttpRequest) -> HttpResponse:
    """The register: which organisations may file, by which document, for how long."""
    form = RegisterForm(request.GET)
    form.is_valid()
    today = timezone.localdate()
    context = _page(form, _register(form))
    rows = [selectors.registered(row) for row in context.pop("found")]
    context |= {
        "title": _("Register of organisations"),
        "description": _("Recognised service outsourcing enterprises and designated training institutions."),
        "rows": [(row, AccreditationKind(row.kind).label, row.in_force(today)) for row in rows],
    }
    return render(request, "public/organisations.html", context, status=422 if form.errors else 200)


@require_safe
@limited_page
@gzip_page
def awards(request: HttpRequest) -> HttpResponse:
    """Who was granted what."""
    form = AwardForm(request.GET)
    form.is_valid()
    context = _page(form, _awards(form))
    rows = [selectors.awarded(row) for row in context.pop("found")]
    context |= {
        "title": _("Awards"),
        "description": _("Which organisation was granted how much, for which year, by which public notice."),
        "notice": form.cleaned_data.get("notice", ""),
        "rows": [(row, ProgrammeCode(row.programme).label) for row in rows],
    }
    return render(request, "public/awards.html", context, status=422 if form.errors else 200)


@require_safe
@limited_page
def organisations_csv(request: HttpRequest) -> HttpResponse:
    """The whole register, narrowed as the page is."""
    form = RegisterForm(request.GET)
    if not form.is_valid():
        return organisations(request)
    head = ["kind", "organisation", "credit_code", "division", "document_number", "valid_from", "valid_to"]
    rows = (
        [r.kind, r.organisation, r.credit_code, r.division, r.document_number, r.valid_from, r.valid_to]
        for r in map(selectors.registered, selectors.every(_register(form)))
    )
    return csv_response("organisations.csv", head, rows)


@require_safe
@limited_page
def awards_csv(request: HttpRequest) -> HttpResponse:
    """All awards, narrowed as the page is."""
    form = AwardForm(request.GET)
    if not form.is_valid():
        return awards(request)
    head = [
        "case_number",
        "programme",
        "year",
        "organisation",
        "credit_code",
        "amount_rmb",
        "awarded_on",
        "notice",
    ]
    rows = (
        [
            r.case_number,
            r.programme,
            r.year,
            r.organisation,
            r.credit_code,
            r.amount_rmb,
            r.awarded_on,
            r.notice,
        ]
        for r in map(selectors.awarded, selectors.every(_awards(form)))
    )
    return csv_response("awards.csv", head, rows)


def _page(form: _ListForm, found) -> dict:
    """One page of a list: rows, how many there are, where the next page begins. A wrong filter shows no rows."""
    if form.errors:
        return {"form": form, "found": [], "count": 0, "more": False, "next_before": None}
    count, more = selectors.capped_count(found)
    before = form.cleaned_data.get("before")
    rows, next_before = selectors.keyset(found, before=before, size=PAGE_SIZE)
    return {"form": form, "found": rows, "count": count, "more": more, "next_before": next_before}
