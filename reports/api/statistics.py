"""The public statistics of a year: the page's figures with their codes."""

from decimal import Decimal
from typing import Annotated

from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_noop as _
from ninja import Query, Router

from policy import industry
from policy.rules.money import plain
from reports.api.schemas import Problem, Statistics
from reports.statistics.report import path, report, smallest_count, years


def _text(value: Decimal | int | None) -> str | None:
    return None if value is None else str(value) if isinstance(value, int) else plain(value)


def _nothing_yet() -> dict:
    year = timezone.localdate().year
    growth = industry.growth(year)
    return {
        "year": None,
        "years": [],
        "smallest_count": smallest_count(year),
        "returns": None,
        "growth": {"base_year": growth.base_year, "percent": growth.percent},
        "path": [],
        "tables": [],
    }


router = Router(tags=["statistics"])


@router.get(
    "/statistics",
    response={200: Statistics, 404: Problem, 422: Problem, 429: Problem},
    summary=_("Business, talent, awards and payments of a year, small counts suppressed"),
    operation_id="statistics",
    url_name="statistics",
)
def statistics(
    request: HttpRequest,
    year: Annotated[
        int | None,
        Query(
            None, ge=1000, le=9999, description=_("Calendar year; the newest one without it."), example=2024
        ),
    ] = None,
):
    known = years()
    if not known and year is None:
        return _nothing_yet()
    if year is not None and year not in known:
        there = f"; there are some of {', '.join(map(str, known))}" if known else ""
        raise Http404(f"there are no statistics of {year}{there}")
    year = year or known[0]
    found, growth = report(year), industry.growth(year)
    return {
        "year": year,
        "years": known,
        "smallest_count": found.least,
        "returns": {"accepted": found.accepted, "owed": found.owed},
        "growth": {"base_year": growth.base_year, "percent": growth.percent},
        "path": [vars(each) for each in path()],
        "tables": [
            {
                "code": table.code,
                "unit": table.unit,
                "rows": [
                    {
                        "code": row.code,
                        "zh": row.name.zh,
                        "en": row.name.en,
                        "figures": [
                            {"measure": measure, "value": _text(value), "suppressed": value is None}
                            for measure, value in row.values.items()
                        ],
                    }
                    for row in table.rows
                ],
            }
            for table in found.tables.values()
        ],
    }
