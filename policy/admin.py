"""Policy versions as officials read them: every figure with its unit, its clause and the words of the source."""

from django.contrib import admin
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.enums import OfficialRole
from accounts.permissions import has_role
from audit.admin_base import ReadOnlyAdmin, ReadOnlyInline
from policy import services
from policy.models import PolicyParameter, PolicyVersion, WorkdayOverride


class ParameterInline(ReadOnlyInline):
    model = PolicyParameter
    fields = ("name", "value", "unit", "clause", "quotation")


@admin.register(PolicyVersion)
class PolicyVersionAdmin(ReadOnlyAdmin):
    list_display = ("programme", "code", "title", "in_force_from", "in_force_to", "status", "published_at")
    list_display_links = ("programme", "code")
    list_filter = ("programme", "status")
    search_fields = ("code", "title_zh", "title_en")
    search_help_text = _("Version or title")
    inlines = [ParameterInline]

    @admin.display(description=_("title"))
    def title(self, version):
        return version.title_zh if (get_language() or "").startswith("zh") else version.title_en


@admin.register(WorkdayOverride)
class WorkdayOverrideAdmin(ReadOnlyAdmin):
    """The bureau's own calendar: what it says of a day counts before the published arrangement."""

    list_display = ("day", "is_workday", "source", "changed_by", "changed_at")
    list_filter = ("is_workday",)
    list_select_related = ("changed_by",)
    date_hierarchy = "day"
    search_fields = ("source",)
    search_help_text = _("Source")
    fields = ("day", "is_workday", "source")

    def has_add_permission(self, request) -> bool:
        return has_role(request.user, OfficialRole.POLICY_EDITOR)

    def has_change_permission(self, request, obj=None) -> bool:
        return has_role(request.user, OfficialRole.POLICY_EDITOR)

    def get_readonly_fields(self, request, obj=None):
        # Another day is another row.
        return ("day",) if obj is not None and self.has_change_permission(request, obj) else ()

    def save_model(self, request, obj, form, change) -> None:
        services.set_workday(user=request.user, row=obj)
