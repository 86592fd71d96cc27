"""The statistics' page for everybody, its files, and the officials' page that hides nothing."""

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from applications.enums import ReturnState
from applications.models import BusinessReturn
from policy import industry
from reports.limits import limited_page
from reports.statistics import drawing, files
from reports.statistics.report import path, report, smallest_count, years


class YearForm(forms.Form):
    """Which year; the newest one when nobody says."""

    year = forms.TypedChoiceField(
        label=gettext_lazy("Year"),
        coerce=int,
        required=False,
        empty_value=None,
        error_messages={
            "invalid_choice": gettext_lazy("There are no statistics of this year. Choose one of the list.")
        },
    )

    def __init__(self, *args, known: list[int], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["year"].choices = [(year, str(year)) for year in known]


def _asked(request: HttpRequest) -> tuple[YearForm, int | None]:
    known = years()
    form = YearForm(request.GET if "year" in request.GET else {"year": ""}, known=known)
    form.is_valid()
    year = form.cleaned_data.get("year") or (known[0] if known and not form.errors else None)
    if year and not form.errors:
        form = YearForm({"year": year}, known=known)
    return form, year


def _context(form: YearForm, year: int | None, *, finer: bool) -> dict:
    context = {"form": form, "year": year, "finer": finer, "known": years()}
    if year is None:
        return context
    found = report(year, finer=finer)
    growth = industry.growth(year)
    charts = list(drawing.drawn(found, path(finer=finer)))
    return context | {
        "report": found,
        "charts": [chart for chart in charts if not chart.is_empty],
        "without": [chart.title for chart in charts if chart.is_empty],
        "people": [(drawing.word(row.name), row.values["people"]) for row in found["people"].rows],
        "per_hire": next(iter(found["per_hire"].rows), None),
        "school_kinds": [(drawing.word(row.name), row.values) for row in found["school_kind"].rows],
        "least": smallest_count(year),
        "growth": growth,
        "source": industry.source(),
    }


@require_safe
@limited_page
@gzip_page
def statistics(request: HttpRequest) -> HttpResponse:
    """The public statistics of a year."""
    form, year = _asked(request)
    context = _context(form, year, finer=False) | {
        "title": _("Statistics"),
        "description": _(
            "The city's service outsourcing: growth, offshore and onshore business, sectors, places, talent, subsidies."
        ),
    }
    return render(request, "public/statistics.html", context, status=422 if form.errors else 200)


def _file(request: HttpRequest, make) -> HttpResponse:
    form, year = _asked(request)
    if year is None:
        return statistics(request)
    return make(report(year))


@require_safe
@limited_page
def statistics_csv(request: HttpRequest) -> HttpResponse:
    return _file(request, files.as_csv)


@require_safe
@limited_page
def statistics_xlsx(request: HttpRequest) -> HttpResponse:
    return _file(request, files.as_workbook)


def desk_statistics(request: HttpRequest) -> HttpResponse:
    """For officials: nothing hidden, who stands behind each figure counted, what waits to be accepted."""
    form, year = _asked(request)
    context = {
        **admin.site.each_context(request),
        **_context(form, year, finer=True),
        "title": _("Statistics"),
    }
    if year is not None:
        waiting = BusinessReturn.objects.annual().filter(year=year, state=ReturnState.FILED).count()
        context |= {
            "waiting": waiting,
            "tables": [
                {
                    "name": drawing.table_name(table.code),
                    "heads": [drawing.measure_name(measure) for measure in table.measures],
                    "rows": [
                        (
                            drawing.word(row.name),
                            [
                                (drawing.whole(row.values[measure] or 0), row.contributors.get(measure))
                                for measure in table.measures
                            ],
                        )
                        for row in table.rows
                    ],
                }
                for table in context["report"].tables.values()
                if table.rows
            ],
        }
    request.current_app = admin.site.name
    return TemplateResponse(request, "admin/statistics.html", context, status=422 if form.errors else 200)


def desk_statistics_csv(request: HttpRequest) -> HttpResponse:
    """The officials' figures as a file."""
    _form, year = _asked(request)
    if year is None:
        return desk_statistics(request)
    response = files.as_csv(report(year, finer=True))
    response["Cache-Control"] = "private, no-store"
    return response
