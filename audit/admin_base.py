"""What every page of the officials' desk starts from: officials read, services write."""

import json

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString


def pretty(value) -> SafeString:
    """A JSON value as a person reads it, line by line."""
    return format_html('<pre class="json">{}</pre>', json.dumps(value, ensure_ascii=False, indent=2))


class ReadOnly:
    """Nothing is added, changed or deleted here, by anybody; every official may look."""

    def has_view_permission(self, request, obj=None) -> bool:
        return request.user.is_active and request.user.is_staff

    def has_add_permission(self, request, obj=None) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def has_delete_permission(self, request, obj=None) -> bool:
        return False


class ReadOnlyAdmin(ReadOnly, admin.ModelAdmin):
    actions = None
    list_per_page = 50
    show_full_result_count = False
    view_on_site = False

    def has_module_permission(self, request) -> bool:
        return request.user.is_active and request.user.is_staff


class ReadOnlyInline(ReadOnly, admin.TabularInline):
    extra = 0
    can_delete = False

    def get_readonly_fields(self, request, obj=None):
        # Also what the database fills in, which no form may name.
        return self.fields
