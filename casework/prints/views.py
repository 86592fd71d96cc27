"""A claim's papers, for whoever may see the claim."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_GET

from casework.prints import pdf
from casework.prints.papers import context_of
from casework.views import visible_case


@login_required
@require_GET
def page(request, number: str):
    """The papers as pages; `?paper=` shows one of them."""
    case = visible_case(request, number)
    context = context_of(case, request.GET.get("paper", ""))
    return render(request, "prints/page.html", context | {"pdf": _pdf_state(context)})


@login_required
@require_GET
def document(request, number: str):
    """The same as one PDF; back to the page, which explains, where none can be drawn."""
    case = visible_case(request, number)
    code = request.GET.get("paper", "")
    context = context_of(case, code)
    if _pdf_state(context) != "ready":
        return redirect(f"{reverse('casework:print', args=[case.number])}?paper={context['chosen']}")
    html = render_to_string("prints/page.html", context | {"for_pdf": True}, request)
    name = "-".join(filter(None, (case.number, context["chosen"])))
    return HttpResponse(
        pdf.drawn(html),
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}.pdf"'},
    )


def _pdf_state(context) -> str:
    if not pdf.is_available():
        return "missing"
    return "ready" if len(context["lines"]) <= pdf.MOST_ROWS else "too_long"
