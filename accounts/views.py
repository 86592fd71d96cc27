"""Organisations as their members see them."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import F
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts import services
from accounts.enums import MembershipRole
from accounts.forms import OrganisationContactForm, RegisterOrganisationForm
from accounts.permissions import may_file_for
from accounts.selectors import organisations_of


@login_required
@require_GET
def organisations(request):
    """The organisations that the person acts for."""
    found = list(
        organisations_of(request.user)
        .annotate(my_role=F("memberships__role"))
        .prefetch_related("accreditations")
    )
    for row in found:
        row.my_role_label = MembershipRole(row.my_role).label
    return render(request, "accounts/organisations.html", {"organisations": found})


@login_required
@require_http_methods(["GET", "POST"])
def organisation_new(request):
    """Register an organisation; the person becomes its owner."""
    form = RegisterOrganisationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        organisation = services.register_organisation(user=request.user, organisation=form.save(commit=False))
        messages.success(
            request, _("%(name)s is registered. You are its owner.") % {"name": organisation.name}
        )
        return redirect("dashboard")
    return render(request, "accounts/organisation_new.html", {"form": form, "crumbs": _crumbs()})


@login_required
@require_http_methods(["GET", "POST"])
def organisation(request, pk: int):
    """One organisation: its data, recognitions or designations, members; contact data may be changed."""
    found = get_object_or_404(organisations_of(request.user), pk=pk)
    answer = may_file_for(request.user, found)
    form = OrganisationContactForm(request.POST or None, instance=found)
    if request.method == "POST":
        if not answer:
            messages.error(request, answer.reason)
            return redirect("organisation", pk=pk)
        if form.is_valid() and _saved(request, form):
            messages.success(request, _("Saved."))
            return redirect("organisation", pk=pk)
    context = {
        "organisation": found,
        "form": form,
        "may_change": answer,
        "accreditations": found.accreditations.all(),
        "members": found.memberships.select_related("user").order_by("created_at", "pk"),
        "crumbs": _crumbs(),
    }
    return render(request, "accounts/organisation.html", context)


def _saved(request, form: OrganisationContactForm) -> bool:
    try:
        services.update_organisation(
            user=request.user,
            organisation=form.instance,
            changed=form.changed_fields,
            expected_version=form.cleaned_data["version"],
        )
    except services.OrganisationChanged as changed:
        form.mark_stale(changed.present)
        return False
    return True


def _crumbs() -> list[dict]:
    return [{"label": _("Organisation"), "url": reverse("organisations")}]
