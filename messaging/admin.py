"""The mails on their way: whether one is stuck, and why. Neither address nor text is kept."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from audit.admin_base import ReadOnlyAdmin
from messaging.enums import MailState
from messaging.models import Mail


class Stuck(admin.SimpleListFilter):
    """Mails that were tried and did not leave yet, or never will."""

    title = _("delivery")
    parameter_name = "stuck"

    def lookups(self, request, model_admin):
        return [("yes", _("Stuck: tried and not sent"))]

    def queryset(self, request, queryset):
        if self.value() == "yes":
            return queryset.exclude(state=MailState.SENT).filter(attempts__gt=0)
        return queryset


@admin.register(Mail)
class MailAdmin(ReadOnlyAdmin):
    list_display = ("id", "kind", "state", "attempts", "error", "next_try", "created_at", "sent_at")
    list_filter = (Stuck, "state", "kind")
    ordering = ("-id",)
    fields = (
        "kind",
        "recipient",
        "case",
        "day",
        "state",
        "attempts",
        "error",
        "next_try",
        "created_at",
        "sent_at",
    )
    list_select_related = ("message__case",)

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("recipient", "message__case")

    @admin.display(description=_("case"))
    def case(self, mail):
        return mail.message.case if mail.message else None
