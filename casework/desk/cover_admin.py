"""Delegations and conflicts of interest in the admin: who stands in for whom, who keeps away from what."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.enums import OfficialRole
from accounts.models import User
from audit.admin_base import ReadOnlyAdmin
from casework.enums import Stage
from casework.models import Conflict, Delegation
from casework.services import cover
from casework.transitions import Refused


class DelegationForm(forms.Form):
    """What a reviewer asks for when somebody is to stand in."""

    stage = forms.ChoiceField(label=gettext_lazy("Step"), choices=Stage.choices)
    deputy = forms.ModelChoiceField(label=gettext_lazy("Deputy"), queryset=User.objects.none())
    starts_on = forms.DateField(
        label=gettext_lazy("First day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    ends_on = forms.DateField(
        label=gettext_lazy("Last day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)

    def __init__(self, *args, user: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        steps = cover.steps_open_to(user)
        self.fields["stage"].choices = [(stage.value, stage.label) for stage in steps]
        self.fields["deputy"].queryset = (
            User.objects.filter(is_active=True, is_staff=True, groups__name__in=OfficialRole.values)
            .exclude(pk=user.pk)
            .distinct()
            .order_by("display_name", "username")
        )
        today = timezone.localdate()
        self.initial = {"starts_on": today, "ends_on": today} | self.initial

    def save(self) -> Delegation | None:
        """Ask for it; None with the refusal at its field."""
        data = self.cleaned_data
        try:
            return cover.delegate(user=self.user, **(data | {"stage": Stage(data["stage"])}))
        except Refused as refusal:
            self.add_error(refusal.code if refusal.code in self.fields else None, refusal.message)
            return None


class WithButtons(ReadOnlyAdmin):
    """A register whose rows have buttons: the list says for each what this person may do."""

    change_list_template = "admin/casework/with_buttons.html"
    list_display_links = None

    def _done(self, request, verb, told: str, **arguments) -> HttpResponse:
        try:
            verb(user=request.user, **arguments)
        except Refused as refusal:
            messages.error(request, refusal.message)
        else:
            messages.success(request, told)
        return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")


@admin.register(Delegation)
class DelegationAdmin(WithButtons):
    list_display = ("giver", "deputy", "stage", "starts_on", "ends_on", "reason", "state", "approved_by")
    list_select_related = ("giver", "deputy", "approved_by", "ended_by")
    list_filter = ("stage",)

    @admin.display(description=gettext_lazy("state"))
    def state(self, row: Delegation) -> str:
        if row.ended_at:
            return _("Ended by %(who)s") % {"who": row.ended_by}
        if row.ends_on < timezone.localdate():
            return _("Over")
        if row.approved_at is None:
            return _("Waits for a third person's approval")
        return _("In force") if row.starts_on <= timezone.localdate() else _("Begins later")

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path("new/", view(self.new_view), name="casework_delegation_new"),
            path("<int:pk>/approve/", view(self.approve_view), name="casework_delegation_approve"),
            path("<int:pk>/end/", view(self.end_view), name="casework_delegation_end"),
            *super().get_urls(),
        ]

    def changelist_view(self, request, extra_context=None):
        open_rows = Delegation.objects.filter(
            ended_at__isnull=True, ends_on__gte=timezone.localdate()
        ).select_related("giver", "deputy")
        reviewer = cover.is_reviewer(request.user)
        buttons = [
            {
                "row": row,
                "approve": row.approved_at is None and not cover.may_approve(request.user, row),
                "end": reviewer or request.user.pk in (row.giver_id, row.deputy_id),
            }
            for row in open_rows[:100]
        ]
        context = {"open_delegations": buttons, "may_delegate": reviewer}
        return super().changelist_view(request, context | (extra_context or {}))

    def new_view(self, request):
        """Ask that a colleague stands in."""
        if not cover.is_reviewer(request.user):
            raise PermissionDenied
        form = DelegationForm(request.POST or None, user=request.user)
        if request.method == "POST" and form.is_valid() and form.save():
            messages.success(
                request, _("Asked for. It is in force once a third person has approved it here.")
            )
            return redirect("admin:casework_delegation_changelist")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Delegate a step"),
            "form": form,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/casework/delegate.html", context)

    @method_decorator(require_POST)
    def approve_view(self, request, pk: int):
        row = get_object_or_404(Delegation, pk=pk)
        return self._done(
            request, cover.approve_delegation, _("The delegation is in force."), delegation_id=row.pk
        )

    @method_decorator(require_POST)
    def end_view(self, request, pk: int):
        row = get_object_or_404(Delegation, pk=pk)
        return self._done(request, cover.end_delegation, _("The delegation has ended."), delegation_id=row.pk)


@admin.register(Conflict)
class ConflictAdmin(WithButtons):
    list_display = ("official", "about", "reason", "declared_at", "lifted_by", "lifted_at")
    list_select_related = ("official", "case", "organisation", "lifted_by")

    @admin.display(description=gettext_lazy("concerns"))
    def about(self, row: Conflict):
        return row.case or row.organisation

    def get_urls(self):
        lift = self.admin_site.admin_view(self.lift_view)
        return [path("<int:pk>/lift/", lift, name="casework_conflict_lift"), *super().get_urls()]

    def changelist_view(self, request, extra_context=None):
        rows = Conflict.objects.filter(lifted_at__isnull=True).select_related(
            "official", "case", "organisation"
        )
        reviewer = cover.is_reviewer(request.user)
        buttons = [
            {"row": row, "lift": reviewer and row.official_id != request.user.pk} for row in rows[:100]
        ]
        return super().changelist_view(request, {"open_conflicts": buttons} | (extra_context or {}))

    @method_decorator(require_POST)
    def lift_view(self, request, pk: int):
        row = get_object_or_404(Conflict, pk=pk)
        return self._done(request, cover.lift_conflict, _("The declaration is lifted."), conflict_id=row.pk)
