"""Policy versions as officials read them: every figure with its unit, its clause and the words of the source."""

from django.contrib import admin
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from audit.admin_base import ReadOnlyAdmin, ReadOnlyInline
from policy.models import PolicyParameter, PolicyVersion


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
