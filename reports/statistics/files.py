"""The statistics of a year as files: one long CSV, or a workbook with a sheet for each table. No cell calculates."""

import io
from collections.abc import Iterator
from typing import Any

import xlsxwriter
from django.http import HttpResponse
from django.utils.translation import gettext as _

from casework.inert import inert
from reports.csv_files import csv_response
from reports.statistics.drawing import measure_name, table_name, word
from reports.statistics.report import Report

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: What stands where a figure is hidden; empty would read as nothing there.
HIDDEN = "suppressed"
HEAD = ["year", "table", "code", "name", "measure", "unit", "value"]


def as_csv(report: Report) -> HttpResponse:
    """One row for each figure, in the reader's language."""
    return csv_response(f"statistics-{report.year}.csv", HEAD, list(_long(report)))


def _long(report: Report) -> Iterator[list[Any]]:
    for table in report.tables.values():
        for row in table.rows:
            for measure, value in row.values.items():
                shown = HIDDEN if value is None else value
                yield [report.year, table.code, row.code, word(row.name), measure, table.unit, shown]


def as_workbook(report: Report) -> HttpResponse:
    """A sheet for each table, in the reader's language."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(
        target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        head = book.add_format({"bold": True, "bg_color": "#E8EFF7", "text_wrap": True})
        figure = book.add_format({"num_format": "#,##0.00"})
        count = book.add_format({"num_format": "#,##0"})
        for table in report.tables.values():
            page = book.add_worksheet(table_name(table.code)[:31].replace("/", " "))
            page.set_column(0, 0, 44)
            page.set_column(1, 6, 20)
            page.freeze_panes(1, 1)
            measures = table.measures
            page.write_string(0, 0, str(report.year), head)
            for place, measure in enumerate(measures, start=1):
                page.write_string(0, place, measure_name(measure), head)
            for number, row in enumerate(table.rows, start=1):
                page.write_string(number, 0, str(inert(word(row.name))))
                for place, measure in enumerate(measures, start=1):
                    value = row.values.get(measure)
                    if value is None:
                        page.write_string(number, place, _("suppressed"))
                    else:
                        page.write_number(number, place, value, count if isinstance(value, int) else figure)
    response = HttpResponse(target.getvalue(), content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="statistics-{report.year}.xlsx"'
    return response
