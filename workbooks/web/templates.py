"""Workbooks to take away: the empty template, and what is registered in the same shape."""

import tempfile

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.selectors import organisations_of
from workbooks.sheets import Workbook, workbook_of
from workbooks.writing.book import build, build_into

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def workbook_or_404(kind: str) -> Workbook:
    workbook = workbook_of(kind)
    if workbook is None:
        raise Http404
    return workbook


def attachment(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@login_required
@require_GET
def template(request: HttpRequest, kind: str):
    """The template in the reader's language, with an example row."""
    workbook = workbook_or_404(kind)
    return attachment(build(workbook), f"{workbook.code}-template-v{workbook.version}.xlsx")


@login_required
@require_GET
def export(request: HttpRequest, kind: str):
    """What an organisation has registered; `organisation` and `case` say whose. Identity numbers are masked."""
    workbook = workbook_or_404(kind)
    wanted = request.GET.get("organisation", "")
    mine = organisations_of(request.user).filter(kind=workbook.organisation_kind)
    if wanted:
        mine = (
            mine.filter(pk=int(wanted))
            if wanted.isascii() and wanted.isdigit() and len(wanted) < 10
            else mine.none()
        )
    organisation = mine.first()
    if organisation is None:
        raise Http404
    case = None
    if workbook.cases is not None and (number := request.GET.get("case", "").replace("\x00", "")):
        case = workbook.cases(request.user).filter(organisation=organisation, number=number).first()
        if case is None:
            raise Http404
    file = tempfile.TemporaryFile()  # noqa: SIM115  (the response closes it)
    build_into(file, workbook, workbook.rows(organisation, case))
    file.seek(0)
    name = f"{workbook.code}-{timezone.localdate():%Y%m%d}.xlsx"
    return FileResponse(file, as_attachment=True, filename=name, content_type=XLSX)
