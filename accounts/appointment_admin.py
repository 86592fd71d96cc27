"""On the desk: an owner for an organisation that has none who can sign in; one official asks, another confirms."""

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

from accounts import appointments
from accounts.enums import AppointmentState
from accounts.members import MemberRefused
from accounts.models import Organisation, OwnerAppointment, User
from accounts.permissions import may_accredit, may_appoint
from audit.admin_base import ReadOnlyAdmin


class AppointForm(forms.Form):
    person = forms.CharField(
        label=gettext_lazy("User name or email address of the new owner"),
        max_length=254,
        help_text=gettext_lazy("Their account must exist; they may be a member already."),
    )
    letter = forms.CharField(
        label=gettext_lazy("Letter"),
        max_length=60,
        help_text=gettext_lazy("The number or date of the organisation's stamped letter."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 3, "cols": 60})
    )

    def clean_person(self) -> User:
        return appointments.account_of(self.cleaned_data["person"])


@admin.register(OwnerAppointment)
class OwnerAppointmentAdmin(ReadOnlyAdmin):
    list_display = ("organisation", "person", "letter", "state", "proposed_by", "proposed_at", "decided_by")
    list_select_related = ("organisation", "person", "proposed_by", "decided_by")
    list_filter = ("state",)
    search_fields = ("organisation__name", "organisation__credit_code", "letter")
    search_help_text = gettext_lazy("Organisation, credit code or letter")
    change_form_template = "admin/accounts/ownerappointment/change_form.html"

    def get_queryset(self, request):
        people = ("organisation", "person", "proposed_by", "decided_by")
        return super().get_queryset(request).select_related(*people)

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path("new/<int:pk>/", view(self.new_view), name="accounts_ownerappointment_new"),
            path("<int:pk>/confirm/", view(self.confirm_view), name="accounts_ownerappointment_confirm"),
            path(
                "<int:pk>/turn-down/", view(self.turn_down_view), name="accounts_ownerappointment_turn_down"
            ),
            *super().get_urls(),
        ]

    def change_view(self, request, object_id, form_url="", extra_context=None):
        found = self.get_object(request, object_id)
        is_open = found is not None and found.state == AppointmentState.PROPOSED
        may = is_open and bool(may_appoint(request.user, found.organisation))
        context = {
            "may_turn_down": may and found.person_id != request.user.pk,
            "may_confirm": may and request.user.pk not in (found.proposed_by_id, found.person_id),
        }
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    def new_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask that somebody becomes owner of this organisation."""
        # Told first, so that nobody else learns which organisations there are.
        if not may_accredit(request.user):
            raise PermissionDenied
        organisation = get_object_or_404(Organisation, pk=pk)
        if not may_appoint(request.user, organisation):
            raise PermissionDenied
        form = AppointForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                made = appointments.propose(user=request.user, organisation=organisation, **form.cleaned_data)
            except MemberRefused as refusal:
                form.add_error(None, refusal.message)
            else:
                messages.success(request, _("Asked for. It takes effect once another official confirms it."))
                return redirect("admin:accounts_ownerappointment_change", made.pk)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Appoint an owner"),
            "organisation": organisation,
            "is_orphaned": appointments.is_orphaned(organisation),
            "form": form,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/accounts/ownerappointment/new.html", context)

    @method_decorator(require_POST)
    def confirm_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._decide(request, pk, appointments.confirm, _("The person is an owner now."))

    @method_decorator(require_POST)
    def turn_down_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._decide(request, pk, appointments.turn_down, _("Turned down; nothing has changed."))

    def _decide(self, request: HttpRequest, pk: int, verb, told: str) -> HttpResponse:
        found = get_object_or_404(OwnerAppointment.objects.select_related("organisation"), pk=pk)
        try:
            verb(user=request.user, appointment=found)
        except MemberRefused as refusal:
            messages.error(request, refusal.message)
        else:
            messages.success(request, told)
        return redirect("admin:accounts_ownerappointment_change", pk)
