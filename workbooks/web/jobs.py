"""Imports: upload, progress, errors, dry run, take over, cancel."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.permissions import may_file_for
from casework.transitions import Refused
from workbooks import changes
from workbooks.enums import Effect
from workbooks.models import ImportJob
from workbooks.reading.refusals import Unreadable
from workbooks.services import files
from workbooks.services import jobs as service
from workbooks.sheets import workbook_of, workbooks
from workbooks.web.forms import UploadForm, writable
from workbooks.web.templates import attachment, workbook_or_404
from workbooks.writing.corrected import corrected

PAGE_SIZE = 20
FAULTS_PER_PAGE = 50


def _visible(request: HttpRequest, pk: int) -> ImportJob:
    """The import if the person is a member of its organisation; 404 otherwise."""
    found = ImportJob.objects.visible_to(request.user).select_related("organisation", "case", "uploaded_by")
    return get_object_or_404(found, pk=pk)


@login_required
@require_GET
def jobs(request):
    """The imports of a person's organisations, the newest first, and the way to a new one."""
    found = ImportJob.objects.visible_to(request.user).select_related("organisation", "case", "uploaded_by")
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    offers = [workbook for workbook in workbooks() if writable(request.user, workbook).exists()]
    rows = [{"job": job, "workbook": workbook_of(job.kind)} for job in page]
    return render(request, "workbooks/jobs.html", {"page": page, "rows": rows, "offers": offers})


@login_required
@require_http_methods(["GET", "POST"])
def upload(request, kind: str):
    """Template, export, and the upload of a filled-in workbook."""
    workbook = workbook_or_404(kind)
    posted = request.method == "POST"
    form = UploadForm(
        request.POST if posted else None,
        request.FILES if posted else None,
        user=request.user,
        workbook=workbook,
        initial={"case": request.GET.get("case"), "organisation": request.GET.get("organisation")},
    )
    if not form.organisations:
        messages.error(request, _("You act for no organisation that may use this workbook."))
        return redirect("workbooks:jobs")
    if posted and form.is_valid() and (job := _uploaded(request, form, workbook)):
        return redirect(job)
    context = {
        "form": form,
        "workbook": workbook,
        "organisations": form.organisations,
        "crumbs": [{"label": _("Workbooks"), "url": reverse("workbooks:jobs")}],
    }
    return render(request, "workbooks/upload.html", context)


def _uploaded(request: HttpRequest, form: UploadForm, workbook) -> ImportJob | None:
    file, case = form.cleaned_data["file"], form.cleaned_data.get("case")
    try:
        return service.upload(
            user=request.user,
            workbook=workbook,
            organisation=case.organisation if case else form.chosen,
            case=case,
            name=file.name,
            chunks=file.chunks(),
        )
    except Unreadable as refusal:
        form.add_error("file", refusal.message)
    except Refused as refusal:
        form.add_error(None, refusal.message)
    return None


def _context(request: HttpRequest, job: ImportJob) -> dict:
    workbook = workbook_of(job.kind)
    sheets = {sheet.code: sheet for sheet in workbook.sheets} if workbook else {}
    return {
        "job": job,
        "workbook": workbook,
        "may_write": may_file_for(request.user, job.organisation),
        "effects": [
            {
                "sheet": sheets[code].name if code in sheets else code,
                "unread": counts.get("unread"),
                **{e.value: counts.get(e.value, 0) for e in Effect},
            }
            for code, counts in job.summary.items()
        ],
        "moved": sum(c.get("added", 0) + c.get("changed", 0) for c in job.summary.values()),
    }


@login_required
@require_GET
def job(request, pk: int):
    """Where an import stands: progress, errors, or what it would do."""
    found = _visible(request, pk)
    context = _context(request, found)
    page = Paginator(found.faults.all(), FAULTS_PER_PAGE).get_page(request.GET.get("page"))
    workbook = context["workbook"]
    context |= {"page_obj": page, "faults": [_fault(fault, workbook) for fault in page]}
    context["crumbs"] = [{"label": _("Workbooks"), "url": reverse("workbooks:jobs")}]
    if found.is_ready and workbook:
        context["changes"] = changes.shown(found, workbook)
        context["changed"] = sum(counts.get("changed", 0) for counts in found.summary.values())
    return render(request, "workbooks/job.html", context)


def _fault(fault, workbook) -> dict:
    """One error as the page shows it: names of sheet and column as in the file."""
    sheet = next((s for s in workbook.sheets if s.code == fault.sheet), None) if workbook else None
    column = sheet.by_name.get(fault.column) if sheet else None
    return {
        "sheet": sheet.name if sheet else fault.sheet,
        "row": fault.row,
        "column": column.head if column else fault.column,
        "message": fault.message,
    }


@login_required
@require_GET
def progress(request, pk: int):
    """The progress bar alone, asked for every second while a worker is busy; at the end the page is drawn anew."""
    found = _visible(request, pk)
    response = render(request, "workbooks/_progress.html", _context(request, found))
    if not found.is_busy:
        response["HX-Refresh"] = "true"
    return response


@login_required
@require_POST
def confirm(request, pk: int):
    """Take the workbook over."""
    found = _visible(request, pk)
    try:
        service.confirm(user=request.user, job_id=found.pk)
    except Refused as refusal:
        messages.error(request, refusal.message)
    return redirect(found)


@login_required
@require_POST
def cancel(request, pk: int):
    """Stop the import; its file is deleted."""
    found = _visible(request, pk)
    try:
        service.cancel(user=request.user, job_id=found.pk)
    except Refused as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(
            request, _("Cancelled. Nothing of this workbook was taken over, and its file is deleted.")
        )
    return redirect(found)


@login_required
@require_GET
def corrected_file(request, pk: int):
    """The person's own file with its errors marked."""
    found = _visible(request, pk)
    answer = may_file_for(request.user, found.organisation)
    if not answer:
        messages.error(request, answer.reason)
        return redirect(found)
    if not found.fault_count or not files.is_intact(found):
        messages.error(request, _("The file is not here any more. Upload it again."))
        return redirect(found)
    stem = found.file_name.rpartition(".")[0]
    name = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in stem)[:80]
    return attachment(corrected(found, get_language()), f"{name or 'workbook'}-errors.xlsx")
