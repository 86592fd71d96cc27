"""An enterprise's contracts with overseas clients."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.permissions import Answer, may_file_for
from applications import contract_services
from applications.history import Conflict, contract_changes
from applications.models import Contract
from applications.selectors import enterprises_of
from applications.web.contract_forms import ContractForm
from applications.web.posted import version_in
from casework.transitions import Refused

PAGE_SIZE = 25


@login_required
@require_GET
def contracts(request):
    """The contracts of the person's enterprises, the newest first; `q` searches."""
    found = (
        Contract.objects.visible_to(request.user)
        .select_related("organisation")
        .annotate(receipt_count=Count("receipts", filter=Q(receipts__released=False)))
        .order_by("-signed_on", "-id")
    )
    wanted = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    if wanted:
        found = found.filter(
            Q(contract_number__icontains=wanted)
            | Q(registration_number__icontains=wanted)
            | Q(name__icontains=wanted)
            | Q(client_name__icontains=wanted)
        )
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    enterprises = list(enterprises_of(request.user))
    context = {"page": page, "q": wanted, "enterprises": enterprises, "several": len(enterprises) > 1}
    return render(request, "applications/contracts.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def contract_new(request):
    """Register a contract."""
    enterprises = list(enterprises_of(request.user))
    if not enterprises:
        messages.error(request, _("You act for no enterprise whose contracts you may register."))
        return redirect("offshore:contracts")
    earlier = _taken_over(request)
    form = ContractForm(
        request.POST or None,
        enterprises=enterprises,
        initial=contract_services.taken_over(earlier) if earlier else None,
    )
    if request.method == "POST" and form.is_valid():
        organisation = form.cleaned_data.get("organisation") or form.instance.organisation
        saved = _save(request, form, organisation=organisation, follows=earlier)
        if saved:
            messages.success(
                request, _("The contract %(number)s is registered.") % {"number": saved.contract_number}
            )
            return redirect("offshore:contracts")
    return render(
        request,
        "applications/contract.html",
        {"form": form, "crumbs": _crumbs(), "may_change": True, "earlier": earlier},
    )


def _taken_over(request: HttpRequest) -> Contract | None:
    """The earlier contract whose data a new registration starts from (`?from=`); 404 for what is not the person's."""
    wanted = request.GET.get("from", "")
    if not wanted:
        return None
    if not (wanted.isascii() and wanted.isdigit() and len(wanted) < 19):
        raise Http404
    return get_object_or_404(Contract.objects.visible_to(request.user), pk=int(wanted))


@login_required
@require_http_methods(["GET", "POST"])
def contract(request, pk: int):
    """One contract: read it, change it."""
    found = get_object_or_404(
        Contract.objects.visible_to(request.user).select_related("organisation", "changed_by", "follows"),
        pk=pk,
    )
    answer = may_file_for(request.user, found.organisation)
    if request.method == "POST" and not answer:
        messages.error(request, answer.reason)
        return redirect("offshore:contract", pk=pk)
    form = ContractForm(request.POST or None, instance=found)
    conflict = None
    if request.method == "POST" and form.is_valid():
        try:
            saved = _save(
                request,
                form,
                organisation=found.organisation,
                contract_id=pk,
                expected_version=version_in(request.POST),
            )
        except Refused as refusal:
            conflict = Conflict(refusal.message, contract_changes(found, version_in(request.POST)))
            found.refresh_from_db(fields=["version", "changed_by", "changed_at"])
        else:
            if saved:
                messages.success(
                    request, _("The contract %(number)s is saved.") % {"number": saved.contract_number}
                )
                return redirect("offshore:contracts")
    return _show(request, form, found, answer, conflict)


def _show(
    request: HttpRequest, form: ContractForm, found: Contract, answer: Answer, conflict: Conflict | None
) -> HttpResponse:
    for field in form.fields.values():
        field.disabled = not answer
    # A form with errors keeps the version that it was opened with; after a conflict, saving again is a choice.
    is_old = request.method == "POST" and not conflict
    context = {
        "form": form,
        "contract": found,
        "version": version_in(request.POST) if is_old else found.version,
        "conflict": conflict,
        "may_change": answer.allowed,
        "refusal": answer.reason,
        "is_filed": found.receipts.filter(claim__case__submitted_at__isnull=False).exists(),
        "crumbs": _crumbs(),
    }
    return render(request, "applications/contract.html", context)


def _save(request, form: ContractForm, **where) -> Contract | None:
    """The saved contract; None when the form now carries the service's error."""
    data = {name: form.cleaned_data[name] for name in contract_services.CONTRACT_FIELDS}
    try:
        return contract_services.save_contract(user=request.user, data=data, **where)
    except ValidationError as error:
        form.add_error(None, error)
        return None


def _crumbs() -> list[dict]:
    return [{"label": _("Contracts"), "url": reverse("offshore:contracts")}]
