"""Filters of the queue under a name: kept for oneself or for everybody, thrown away by their owner."""

from urllib.parse import parse_qsl, urlencode

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import User
from audit import services as audit
from casework.models import SavedView

KEPT = (
    "queue", "stage", "programme", "year", "division", "warning", "age", "amount_from", "amount_to", "q",
)  # fmt: skip
MOST = 40


def clean(query: str) -> str:
    """Of an address only the filters, in a fixed order.

    >>> clean("year=2015&after=x&queue=all&evil=1")
    'queue=all&year=2015'
    """
    given = {name: value for name, value in parse_qsl(query) if name in KEPT and len(value) <= 80}
    return urlencode([(name, given[name]) for name in KEPT if name in given])


def of(user: User) -> list[SavedView]:
    """A person's own views and those that colleagues share; one query."""
    found = SavedView.objects.filter(Q(owner=user) | Q(is_shared=True)).select_related("owner")
    return list(found.order_by("is_shared", "name", "id")[:MOST])


class SavedViewPages:
    """Part of CaseAdmin: keep the present filters, throw a view away."""

    @method_decorator(require_POST)
    def save_view_view(self, request) -> HttpResponse:
        query, name = clean(request.POST.get("query", "")), request.POST.get("name", "").strip()[:40]
        shared = request.POST.get("shared") == "1"
        url = reverse("admin:casework_case_changelist") + (f"?{query}" if query else "")
        if not name or not query:
            messages.error(request, _("Give the view a name, and choose filters first."))
            return redirect(url)
        if SavedView.objects.filter(owner=request.user).count() >= MOST:
            messages.error(request, _("You keep as many views as there may be. Delete one first."))
            return redirect(url)
        try:
            with transaction.atomic():
                view = SavedView.objects.create(owner=request.user, name=name, query=query, is_shared=shared)
                audit.record(
                    actor=request.user, action="view.saved", obj=view, data={"name": name, "shared": shared}
                )
        except IntegrityError:
            messages.error(request, _("You have a view of this name already."))
        else:
            messages.success(request, _("The view “%(name)s” is kept.") % {"name": name})
        return redirect(url)

    @method_decorator(require_POST)
    def delete_view_view(self, request, pk: int) -> HttpResponse:
        """Throw an own view away; somebody else's, or one that is gone, is left as it is."""
        own = SavedView.objects.select_for_update(of=("self",)).filter(pk=pk, owner=request.user)
        with transaction.atomic():
            if view := own.first():
                audit.record(actor=request.user, action="view.deleted", obj=view, data={"name": view.name})
                view.delete()
        if view is None:
            messages.info(request, _("You have no such view."))
        return redirect("admin:casework_case_changelist")
