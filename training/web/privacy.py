"""One person's data: the number in full, everything handed out, erasure. Numbers travel in answers to a POST only."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.enums import MembershipRole
from accounts.permissions import is_official, membership
from casework.transitions import Refused
from training.models import Trainee
from training.permissions import is_reviewer_of, may_erase, may_export, may_reveal
from training.services import privacy
from training.web.common import crumb
from training.web.privacy_forms import ReasonForm, RequestForm


@sensitive_variables("number")
@login_required
@require_http_methods(["GET", "POST"])
@cache_control(private=True, no_store=True, no_cache=True)
def reveal(request, pk: int):
    """Ask for the reason; show the number once, in the answer to the POST, and write down that it was shown."""
    found = _visible(request, pk, officials=True)
    answer = may_reveal(request.user, found)
    if not answer:
        messages.error(request, answer.reason)
        return redirect(found)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    number = ""
    if request.method == "POST" and form.is_valid():
        try:
            number = privacy.reveal_identity(
                user=request.user, trainee=found, reason=form.cleaned_data["reason"]
            )
        except Refused as refused:
            form.add_error(None, refused.message)
    context = {
        "trainee": found,
        "form": form,
        "number": number,
        "disclosures": _disclosures(request, found),
        "crumbs": _crumbs(request, found),
    }
    return render(request, "training/reveal.html", context)


@login_required
@require_GET
def data(request, pk: int):
    """Everything that is held of a person, on a page to read and print; the number masked."""
    found = _visible(request, pk)
    return _data_page(request, found, RequestForm())


@login_required
@require_POST
@cache_control(private=True, no_store=True, no_cache=True)
def export(request, pk: int):
    """The same as a file, with the number in full."""
    found = _visible(request, pk)
    answer = may_export(request.user, found)
    if not answer:
        messages.error(request, answer.reason)
        return redirect(found)
    form = RequestForm(request.POST)
    if not form.is_valid():
        return _data_page(request, found, form, status=422)
    content = privacy.export_data(user=request.user, trainee=found, **form.cleaned_data)
    name = f"trainee-{found.pk}.json"
    return JsonResponse(
        content,
        json_dumps_params={"ensure_ascii": False, "indent": 2},
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@login_required
@require_http_methods(["GET", "POST"])
def erase(request, pk: int):
    """Ask, then erase a person's data."""
    found = _visible(request, pk)
    answer = may_erase(request.user, found)
    if not answer:
        messages.error(request, answer.reason)
        return redirect(found)
    form = RequestForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            privacy.erase(user=request.user, trainee=found, **form.cleaned_data)
        except Refused as refused:
            form.add_error(None, refused.message)
        else:
            messages.success(request, _("The personal data are erased."))
            return redirect(found)
    context = {"trainee": found, "form": form, "crumbs": _crumbs(request, found)}
    return render(request, "training/erase.html", context)


def _data_page(request, found: Trainee, form: RequestForm, status: int = 200):
    context = {
        "trainee": found,
        "data": privacy.data_of(found),
        "disclosures": _disclosures(request, found),
        "may_export": may_export(request.user, found),
        "form": form,
        "crumbs": _crumbs(request, found),
    }
    return render(request, "training/data.html", context, status=status)


def _visible(request, pk: int, *, officials: bool = False) -> Trainee:
    found = get_object_or_404(Trainee.objects.select_related("institution"), pk=pk)
    if membership(request.user, found.institution_id) or (officials and is_reviewer_of(request.user, found)):
        return found
    raise Http404


def _disclosures(request, found: Trainee) -> list[dict] | None:
    """Who looked, when and why, for owners and officials. An institution reads an office instead of a name."""
    names, member = is_official(request.user), membership(request.user, found.institution_id)
    if not names and (member is None or member.role != MembershipRole.OWNER):
        return None
    return [
        {
            "at": record.at,
            "who": str(record.actor)
            if names or record.data.get("as") == "member"
            else _("Municipal Commerce Bureau"),
            "what": record.action,
            "why": record.data.get("reason", ""),
        }
        for record in privacy.disclosures_of(found)
    ]


def _crumbs(request, found: Trainee) -> list[dict]:
    if membership(request.user, found.institution_id) is None:
        return []
    return [crumb(_("Trainees"), "training:trainees"), crumb(str(found), "training:trainee", found.pk)]
