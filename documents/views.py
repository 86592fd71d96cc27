"""Checklists to fill, files to look at. Nothing of the storage has an address of its own."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from casework import corrections
from casework.models import Case
from casework.transitions import Refused
from documents import selectors
from documents.forms import UploadForm
from documents.gate.refusals import FileRefused
from documents.models import Document
from documents.services import serving, uploads
from documents.subjects import Subject, find, subjects_of
from policy import checklists

# A served file may do nothing: no script, no form, no frame, no request.
SEALED = "default-src 'none'; img-src 'self'; style-src 'none'; frame-ancestors 'none'; sandbox"


@login_required
@require_GET
def case(request, number: str):
    """Everything that is filed with a claim, with what is missing; `missing=1` hides what is complete."""
    cases = Case.objects.filter(organisation__memberships__user=request.user).select_related("organisation")
    found = get_object_or_404(cases, number=number)
    only_missing = bool(request.GET.get("missing"))
    subjects = subjects_of(found, request.user)
    if only_missing:
        incomplete = [section for section in selectors.sections(subjects) if not section.ready]
        page = Paginator(incomplete, selectors.PAGE_SIZE).get_page(request.GET.get("page"))
        listed = list(page)
    else:
        with_items = [s for s in subjects if checklists.items_of(s.programme, s.kind)]
        page = Paginator(with_items, selectors.PAGE_SIZE).get_page(request.GET.get("page"))
        listed = selectors.sections(list(page))
    task = corrections.task_of(found)
    selectors.pin_remarks(listed, task)
    context = {
        "case": found,
        "page": page,
        "sections": listed,
        "summary": selectors.summary(found),
        "only_missing": only_missing,
        "correction_task": task,
        "files_remarks": task.at("documents/+"),
        "crumbs": [
            {"label": _("My claims"), "url": reverse("dashboard")},
            {"label": found.number, "url": found.get_absolute_url()},
        ],
    }
    return render(request, "documents/case.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def papers(request, subject: str):
    """The checklist of one record. A script and htmx get its section alone."""
    found = _subject(request, subject)
    if request.method == "POST":
        return _upload(request, found)
    return _show(request, found)


def _subject(request: HttpRequest, ref: str) -> Subject:
    found = find(request.user, ref)
    if found is None or not checklists.items_of(found.programme, found.kind):
        raise Http404
    return found


def _show(
    request: HttpRequest, subject: Subject, errors: dict[str, str] | None = None, status: int = 200
) -> HttpResponse:
    (section,) = selectors.sections([subject])
    for line in section.lines:
        line.error = (errors or {}).get(line.item.code, "")
    context = {"section": section, "subject": subject, "general_error": (errors or {}).get("", "")}
    if request.headers.get("X-Requested-With") == "XMLHttpRequest" or request.htmx:
        return render(request, "documents/_section.html", context, status=status)
    context["crumbs"] = [{"label": f"{subject.kind_label} {subject.label}", "url": subject.url}]
    return render(request, "documents/papers.html", context, status=status)


def _upload(request: HttpRequest, subject: Subject) -> HttpResponse:
    form = UploadForm(request.POST, request.FILES)
    items = {item.code: item for item in checklists.items_of(subject.programme, subject.kind)}
    item = items.get(request.POST.get("item", ""))
    if not form.is_valid() or item is None:
        errors = form.errors.get("file") or [_("This page was not sent in full. Load it again.")]
        return _show(request, subject, {item.code if item else "": errors[0]}, status=422)
    upload = form.cleaned_data["file"]
    try:
        document = uploads.accept(
            user=request.user,
            subject=subject,
            item=item,
            name=upload.name,
            file=upload,
            replaces=form.cleaned_data["replaces"],
        )
    except (FileRefused, Refused) as refusal:
        said = _("“%(name)s” was not accepted. %(why)s") % {"name": upload.name[:80], "why": refusal.message}
        return _show(request, subject, {item.code: said}, status=422)
    if request.headers.get("X-Requested-With") == "XMLHttpRequest":
        return _show(request, subject)
    messages.success(request, _("“%(name)s” is received.") % {"name": document.name})
    return redirect(_back(request, subject, document.item))


def _back(request: HttpRequest, subject: Subject, item: str) -> str:
    """Where the person came from: the claim's list, or the record's own page."""
    anchor = f"#paper-{subject.ref}-{item}"
    number = request.POST.get("case", "")
    cases = Case.objects.filter(organisation__memberships__user=request.user)
    if number and cases.filter(number=number[:24].replace("\0", "")).exists():
        page = request.POST.get("page", "")
        query = f"?page={page}" if page.isdecimal() and page.isascii() else ""
        return reverse("documents:case", args=[number]) + query + anchor
    return reverse("documents:papers", args=[subject.ref]) + anchor


def _document(request: HttpRequest, pk: int) -> Document:
    visible = Document.objects.visible_to(request.user)
    return get_object_or_404(visible.select_related("organisation", "uploaded_by"), pk=pk)


@login_required
@require_GET
def file(request, pk: int):
    """A file: what it is, how it looks, its versions."""
    found = _document(request, pk)
    versions = selectors.versions_of(found)
    mine = find(request.user, f"{found.subject_kind}-{found.subject_id}")
    if mine is None:
        versions = [version for version in versions if version.was_filed]
    number = _page_number(request, found)
    context = {
        "document": found,
        "paper": selectors.paper_label(found),
        "subject": mine,
        "versions": versions,
        "why_not": "" if found.is_clean else serving.why_not(found),
        "number": number,
        "previous": number - 1 if number > 1 else None,
        "next": number + 1 if number < found.pages else None,
        "crumbs": [{"label": mine.label, "url": reverse("documents:papers", args=[mine.ref])}]
        if mine
        else [],
    }
    return render(request, "documents/file.html", context)


def _page_number(request: HttpRequest, document: Document) -> int:
    text = request.GET.get("n", "1")
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 1
    return min(max(number, 1), document.pages)


@login_required
@require_GET
def download(request, pk: int):
    """The file itself, to save; never to be opened as a page of the portal."""
    found = _document(request, pk)
    try:
        content = serving.open_document(document=found, user=request.user)
    except Refused as refusal:
        return _not_served(request, found, refusal)
    response = FileResponse(content, as_attachment=True, filename=found.name, content_type=found.media_type)
    return _sealed(response)


@login_required
@require_GET
def page(request, pk: int):
    """A picture, or a page of a PDF drawn as a picture."""
    found = _document(request, pk)
    try:
        if found.is_picture:
            content = serving.open_document(document=found, user=request.user)
            return _sealed(FileResponse(content, content_type=found.media_type))
        picture = serving.page_picture(document=found, user=request.user, page=_page_number(request, found))
    except Refused as refusal:
        return _not_served(request, found, refusal)
    return _sealed(HttpResponse(picture, content_type="image/png"))


def _sealed(response):
    response["Content-Security-Policy"] = SEALED
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def _not_served(request: HttpRequest, document: Document, refusal: Refused) -> HttpResponse:
    context = {"document": document, "why": refusal.message}
    return render(request, "documents/not_served.html", context, status=409)


@login_required
@require_POST
def remove(request, pk: int):
    """Take a file out of the checklist."""
    found = get_object_or_404(Document.objects.visible_to(request.user), pk=pk)
    subject = find(request.user, f"{found.subject_kind}-{found.subject_id}")
    if subject is None:
        raise Http404
    try:
        uploads.remove(user=request.user, subject=subject, document=found)
    except Refused as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("“%(name)s” is removed.") % {"name": found.name})
    return redirect(_back(request, subject, found.item))
