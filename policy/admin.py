"""Policy versions and the bureau's calendar on the officials' desk."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts.enums import OfficialRole
from accounts.permissions import has_role
from audit.admin_base import ReadOnlyAdmin
from policy import services
from policy.desk.version_admin import PolicyVersionAdmin
from policy.models import PolicyVersion, WorkdayOverride

admin.site.register(PolicyVersion, PolicyVersionAdmin)


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
