"""Pages for everybody: notices, objections and their answers, verification of letters. No account is needed."""

from allauth.core.internal import ratelimit
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from casework.prints import pdf
from casework.transitions import Refused
from notices import selectors
from notices.enums import NoticeState
from notices.forms import AnswerForm, CodeForm, LetterFileForm, ObjectionForm
from notices.letters import signing, verifying
from notices.models import Notice, NoticeEntry
from notices.services import objections
from policy.enums import ProgrammeCode

PAGE_SIZE, ENTRIES_A_PAGE = 20, 100
#: For one address of the network: enough for an office behind one, too little for a flood or for guessing codes.
RATES = {"object": "10/h", "code": "60/m", "pdf": "20/m"}


def _too_often(request: HttpRequest, action: str) -> HttpResponse | None:
    """The answer to who asks too often; None for everybody else."""
    used = ratelimit.consume(
        request, app="notices", action=action, config=RATES, limit_get=action != "object"
    )
    return None if used else ratelimit.respond_429(request)


@require_GET
def notices(request):
    """Every published notice, the newest first; `?q=` finds organisations and case numbers, `?programme=` narrows."""
    found, query = selectors.published(), request.GET.get("q", "").strip()[:60].replace("\x00", "")
    programme = request.GET.get("programme", "")
    if programme in ProgrammeCode.values:
        found = found.filter(programme=programme)
    if query:
        named = NoticeEntry.objects.filter(
            Q(organisation_name__icontains=query) | Q(case_number__iexact=query),
            notice__state=NoticeState.PUBLISHED,
        )
        found = found.filter(Q(number__iexact=query) | Q(pk__in=named.values("notice")))
    page = Paginator(selectors.with_totals(found), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(
        request,
        "notices/notices.html",
        {"page": page, "query": query, "programme": programme, "programmes": ProgrammeCode.choices},
    )


def _published(number: str) -> Notice:
    return get_object_or_404(selectors.published(), number=number)


@require_GET
def notice(request, number: str):
    """One notice with its list; `?q=` shows only the entries of an organisation, `?print=` all of them for paper."""
    found, query = _published(number), request.GET.get("q", "").strip()[:60].replace("\x00", "")
    entries = found.entries.order_by("position").prefetch_related("people")
    if query:
        entries = entries.filter(Q(organisation_name__icontains=query) | Q(case_number__iexact=query))
    for_print = "print" in request.GET
    page = Paginator(entries, selectors.MOST_PRINTED if for_print else ENTRIES_A_PAGE).get_page(
        request.GET.get("page")
    )
    totals = selectors.totals_of(found)
    template = "notices/print.html" if for_print else "notices/notice.html"
    return render(
        request,
        template,
        {
            "notice": found,
            "page": page,
            "query": query,
            "totals": totals,
            "pdf": _draws_pdf(totals),
            "crumbs": [{"label": _("Public notices"), "url": reverse("notices:notices")}],
        },
    )


def _draws_pdf(totals: dict) -> bool:
    return pdf.is_available() and totals["count"] + totals["people"] <= pdf.MOST_ROWS


@require_GET
def notice_pdf(request, number: str):
    """The whole list of a notice as PDF; back to the page for paper where none can be drawn, or the list is long."""
    found = _published(number)
    totals = selectors.totals_of(found)
    if not _draws_pdf(totals):
        return redirect(f"{found.get_absolute_url()}?print=1")
    if refused := _too_often(request, "pdf"):
        return refused
    entries = found.entries.order_by("position").prefetch_related("people")
    context = {"notice": found, "page": entries, "totals": totals, "for_pdf": True}
    return HttpResponse(
        pdf.drawn(render_to_string("notices/print.html", context, request)),
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{found.number}.pdf"'},
    )


@require_http_methods(["GET", "POST"])
def object_to(request, pk: int):
    """Object to one entry of a running notice. The answer to the form shows the code; sent twice, it is the same."""
    entries = NoticeEntry.objects.select_related("notice").filter(notice__published_at__isnull=False)
    entry = get_object_or_404(entries, pk=pk)
    form = ObjectionForm(request.POST or None)
    context = {
        "entry": entry,
        "notice": entry.notice,
        "crumbs": [
            {"label": _("Public notices"), "url": reverse("notices:notices")},
            {"label": entry.notice.number, "url": entry.notice.get_absolute_url()},
        ],
    }
    if request.method == "GET" and not (entry.live and entry.notice.runs):
        return render(request, "notices/object.html", context | {"ended": True})
    if not form.is_valid():
        return render(request, "notices/object.html", context | {"form": form})
    if refused := _too_often(request, "object"):
        return refused
    try:
        filed = objections.object_to(
            entry_id=entry.pk,
            token=form.cleaned_data["token"],
            objector=form.cleaned_data["objector"],
            contact=form.cleaned_data["contact"],
            grounds=form.cleaned_data["grounds"],
            user=request.user if request.user.is_authenticated else None,
        )
    except Refused as refusal:
        form.add_error(None, refusal.message)
        return render(request, "notices/object.html", context | {"form": form}, status=409)
    return render(
        request,
        "notices/objection_filed.html",
        context | {"objection": filed.objection, "code": signing.shown(filed.code)},
    )


@require_http_methods(["GET", "POST"])
def answer(request):
    """Where an objection stands and what was answered, for who has its code; the code never stands in an address."""
    form = AnswerForm(request.POST or None)
    objection = None
    if form.is_valid():
        if refused := _too_often(request, "code"):
            return refused
        objection = objections.find_by_code(form.cleaned_data["code"])
        if objection is None:
            form.add_error(
                "code", _("There is no objection or appeal with this code. Compare it sign by sign.")
            )
    return render(request, "notices/answer.html", {"form": form, "objection": objection})


@require_http_methods(["GET", "POST"])
def letters(request):
    """Enter the code of a letter."""
    form = CodeForm(request.POST or None)
    if form.is_valid():
        if code := signing.code_of(form.cleaned_data["code"]):
            return redirect("notices:letter", code)
        form.add_error("code", _("This is no code of a letter: it has 16 letters and digits."))
    return render(request, "notices/letters.html", {"form": form})


@require_http_methods(["GET", "POST"])
def letter(request, code: str):
    """What the letter of a code says, masked, and whether it is genuine; POST compares a file with it."""
    if refused := _too_often(request, "code"):
        return refused
    found = verifying.find(code)
    if found is None:
        return render(request, "notices/letter_unknown.html", {"code": code}, status=404)
    form = LetterFileForm(request.POST or None, request.FILES or None)
    same = None
    if form.is_valid():
        same = verifying.is_the_file(found.letter, form.cleaned_data["file"].read())
    return render(
        request,
        "notices/letter.html",
        {
            "found": found,
            "letter": found.letter,
            "said": found.said,
            "form": form,
            "same": same,
            "crumbs": [{"label": _("Verify a letter"), "url": reverse("notices:letters")}],
        },
    )
