"""On the desk: a second factor that was lost; one administrator asks to take it away, another one confirms."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts import lost_factor
from accounts.enums import FactorResetState, OfficialRole
from accounts.models import FactorReset, User
from accounts.permissions import has_role, may_reset_factors
from accounts.refusals import Refusal
from audit.admin_base import ReadOnlyAdmin


class AskForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("How the person was identified, and by whom"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
        help_text=gettext_lazy(
            "In person, with the service card. A call or a mail is not enough: anybody can write one."
        ),
    )


@admin.register(FactorReset)
class FactorResetAdmin(ReadOnlyAdmin):
    """Administrators do it, auditors read it."""

    list_display = ("person", "state", "asked_by", "asked_at", "decided_by", "decided_at")
    list_select_related = ("person", "asked_by", "decided_by")
    list_filter = ("state",)
    search_fields = ("person__username", "person__display_name")
    search_help_text = gettext_lazy("User name or name")
    change_form_template = "admin/accounts/factorreset/change_form.html"

    def has_view_permission(self, request, obj=None) -> bool:
        return super().has_view_permission(request, obj) and has_role(request.user, OfficialRole.AUDITOR)

    def has_module_permission(self, request) -> bool:
        return self.has_view_permission(request)

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("person", "asked_by", "decided_by")

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path("new/<int:pk>/", view(self.new_view), name="accounts_factorreset_new"),
            path("<int:pk>/confirm/", view(self.confirm_view), name="accounts_factorreset_confirm"),
            path("<int:pk>/turn-down/", view(self.turn_down_view), name="accounts_factorreset_turn_down"),
            *super().get_urls(),
        ]

    def change_view(self, request, object_id, form_url="", extra_context=None):
        found = self.get_object(request, object_id)
        may = (
            found is not None
            and found.state == FactorResetState.ASKED
            and bool(may_reset_factors(request.user))
        )
        context = {
            "may_turn_down": may,
            "may_confirm": may and request.user.pk not in (found.asked_by_id, found.person_id),
            "waits_for_another": may and request.user.pk == found.asked_by_id,
        }
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    def new_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask that this person's second factor is taken away."""
        if not may_reset_factors(request.user):
            raise PermissionDenied
        person = get_object_or_404(User, pk=pk)
        form = AskForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                made = lost_factor.ask(user=request.user, person=person, **form.cleaned_data)
            except Refusal as refusal:
                form.add_error(None, refusal.message)
            else:
                messages.success(
                    request, _("Asked for. Nothing changes until another administrator confirms it.")
                )
                return redirect("admin:accounts_factorreset_change", made.pk)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Lost second factor"),
            "person": person,
            "is_oneself": person.pk == request.user.pk,
            "form": form,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/accounts/factorreset/new.html", context)

    @method_decorator(require_POST)
    def confirm_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        told = _(
            "Taken away, and the person signed out everywhere. They set up another one at their next sign-in."
        )
        return self._decide(request, pk, lost_factor.confirm, told)

    @method_decorator(require_POST)
    def turn_down_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._decide(request, pk, lost_factor.turn_down, _("Turned down; nothing has changed."))

    def _decide(self, request: HttpRequest, pk: int, verb, told: str) -> HttpResponse:
        if not may_reset_factors(request.user):
            raise PermissionDenied
        found = get_object_or_404(FactorReset, pk=pk)
        try:
            verb(user=request.user, reset=found)
        except Refusal as refusal:
            messages.error(request, refusal.message)
        else:
            messages.success(request, told)
        return redirect("admin:accounts_factorreset_change", pk)
