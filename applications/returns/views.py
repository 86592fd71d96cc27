"""The enterprise's side of returns: what is owed, what was reported, and the form of one period."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from applications.enums import ReturnState
from applications.models import BusinessReturn
from applications.returns import services
from applications.returns.checks import findings_of
from applications.returns.forms import NewReturnForm, ReturnForm, line_formset
from applications.returns.selectors import owed_by, years_over
from applications.selectors import enterprises_of
from applications.web.posted import version_in
from casework.transitions import Refused

PAGE_SIZE = 25
TONES = {
    ReturnState.DRAFT: "neutral",
    ReturnState.FILED: "info",
    ReturnState.RETURNED: "warn",
    ReturnState.ACCEPTED: "good",
}


def chip(found: BusinessReturn) -> dict:
    """A return's state as `_partials/status_chip.html` shows it."""
    return {
        "code": found.state,
        "label": found.get_state_display(),
        "tone": TONES[ReturnState(found.state)],
        "icon": "",
    }


@login_required
@require_GET
def returns(request: HttpRequest) -> HttpResponse:
    """What the person's enterprises still have to report, and what they reported, the newest period first."""
    found = (
        BusinessReturn.objects.visible_to(request.user)
        .select_related("organisation")
        .prefetch_related("lines")
        .order_by("-year", "-month", "organisation__name")
    )
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    enterprises = list(enterprises_of(request.user))
    context = {
        "page": page,
        "rows": [{"found": each, "status": chip(each)} for each in page],
        "owed": list(owed_by(request.user)),
        "enterprises": enterprises,
        "several": len(enterprises) > 1,
    }
    return render(request, "applications/returns.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def return_new(request: HttpRequest) -> HttpResponse:
    """Choose the period to report."""
    enterprises = list(enterprises_of(request.user))
    if not enterprises:
        messages.error(request, _("You act for no enterprise that reports."))
        return redirect("offshore:returns")
    asked = {name: request.GET.get(name, "")[:10] for name in ("organisation", "year")}
    asked["year"] = asked["year"] or years_over()[0]
    if not asked["organisation"].isdigit():
        del asked["organisation"]
    form = NewReturnForm(request.POST or None, enterprises=enterprises, initial=asked)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            found = services.start_return(user=request.user, **data)
        except Refused as refusal:
            form.add_error(None, refusal.message)
        else:
            return redirect(found)
    return render(request, "applications/return_new.html", {"form": form, "crumbs": _crumbs()})


def _found(request: HttpRequest, pk: int) -> BusinessReturn:
    visible = (
        BusinessReturn.objects.visible_to(request.user)
        .select_related("organisation", "changed_by", "filed_by")
        .prefetch_related("lines")
    )
    return get_object_or_404(visible, pk=pk)


@login_required
@require_http_methods(["GET", "POST"])
def business_return(request: HttpRequest, pk: int) -> HttpResponse:
    """One return: read it, write it."""
    found = _found(request, pk)
    answer = services.may_change(request.user, found)
    if request.method == "POST" and not answer:
        messages.error(request, answer.reason)
        return redirect(found)
    posted = request.POST if request.method == "POST" else None
    head = {name: getattr(found, name) for name in services.HEAD}
    form = ReturnForm(posted, year=found.year, initial=head)
    formset = line_formset(found, posted)
    refusal = None
    if posted and form.is_valid() & formset.is_valid():
        try:
            services.save_return(
                user=request.user,
                return_id=pk,
                head=form.cleaned_data,
                lines=formset.lines(),
                expected_version=version_in(request.POST),
            )
        except Refused as refused:
            refusal = refused
        else:
            messages.success(request, _("Saved. Look at the sums and the remarks, then file the return."))
            return redirect(f"{found.get_absolute_url()}#check")
    return _show(request, found, form, formset, refusal)


def _show(request, found: BusinessReturn, form, formset, refusal: Refused | None = None) -> HttpResponse:
    answer = services.may_change(request.user, found)
    context = {
        "found": found,
        "status": chip(found),
        "form": form,
        "formset": formset,
        "may_change": answer.allowed,
        "why_not": answer.reason,
        "refusal": refusal,
        "findings": findings_of(found),
        "version": version_in(request.POST) if request.method == "POST" and not refusal else found.version,
        "crumbs": _crumbs(),
    }
    status = 409 if refusal else 422 if request.method == "POST" else 200
    return render(request, "applications/return.html", context, status=status)


@login_required
@require_POST
def return_file(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand one return in, as it is saved."""
    found = _found(request, pk)
    try:
        services.file_return(user=request.user, return_id=pk, expected_version=version_in(request.POST))
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect(f"{found.get_absolute_url()}#check")
    messages.success(request, _("The return is filed. The bureau looks at it next."))
    return redirect("offshore:returns")


def _crumbs() -> list[dict]:
    return [{"label": _("Returns"), "url": reverse("offshore:returns")}]
