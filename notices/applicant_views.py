"""Pages of the applicants: letters of a case, statements on objections, appeals."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from casework.transitions import Refused
from casework.views import visible_case
from notices.enums import LetterState, ObjectionKind
from notices.forms import AppealForm, StatementForm
from notices.letters import signing
from notices.models import Letter, Objection
from notices.permissions import appeal_ends, may_appeal, may_state
from notices.services import objections


def _crumbs(case) -> list[dict]:
    return [
        {"label": _("My claims"), "url": reverse("dashboard")},
        {"label": case.number, "url": case.get_absolute_url()},
    ]


@login_required
@require_GET
def letter_pdf(request, number: str):
    """The PDF of a letter, for who may see its case: the same bytes every time."""
    ready = Letter.objects.visible_to(request.user).filter(state=LetterState.MADE)
    letter = get_object_or_404(ready.select_related("file", "case"), number=number)
    return HttpResponse(
        bytes(letter.file.content),
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{letter.number}.pdf"'},
    )


@login_required
@require_http_methods(["GET", "POST"])
def appeal(request, number: str):
    """Appeal against the rejection of a case."""
    case = visible_case(request, number)
    form = AppealForm(request.POST or None)
    if request.method == "GET" and not (allowed := may_appeal(request.user, case)):
        messages.error(request, allowed.reason)
        return redirect(case)
    context = {"case": case, "form": form, "crumbs": _crumbs(case)}
    if case.decided_at:
        context["until"] = appeal_ends(case)
    if not form.is_valid():
        return render(request, "notices/appeal.html", context)
    try:
        filed = objections.appeal(case_id=case.pk, user=request.user, **form.cleaned_data)
    except Refused as refusal:
        form.add_error(None, refusal.message)
        return render(request, "notices/appeal.html", context, status=409)
    return render(
        request,
        "notices/objection_filed.html",
        context | {"objection": filed.objection, "code": signing.shown(filed.code)},
    )


@login_required
@require_http_methods(["GET", "POST"])
def statement(request, pk: int):
    """What an objection to the organisation's award says, without who says it; the organisation's side of it."""
    own = Objection.objects.filter(
        kind=ObjectionKind.OBJECTION, case__organisation__memberships__user=request.user
    ).select_related("case__organisation")
    objection = get_object_or_404(own, pk=pk)
    allowed = may_state(request.user, objection)
    form = StatementForm(request.POST or None, initial={"version": objection.version})
    context = {"objection": objection, "case": objection.case, "form": form, "allowed": allowed}
    context["crumbs"] = _crumbs(objection.case)
    if request.method == "GET" or not form.is_valid():
        return render(request, "notices/statement.html", context)
    try:
        objections.state_view(
            objection_id=objection.pk,
            user=request.user,
            version=form.cleaned_data["version"],
            statement=form.cleaned_data["statement"],
        )
    except Refused as refusal:
        form.add_error(None, refusal.message)
        return render(request, "notices/statement.html", context, status=409)
    messages.success(request, _("Your statement is with the bureau."))
    return redirect("notices:statement", objection.pk)
