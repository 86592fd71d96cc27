"""The ledger as officials read it. Only entries move balances, and only services post entries."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from audit.admin_base import ReadOnlyAdmin, ReadOnlyInline
from ledger.models import Balance, Entry


class EntryInline(ReadOnlyInline):
    model = Entry
    fields = ("kind", "amount_rmb", "key", "posted_by", "posted_at")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("posted_by")


@admin.register(Balance)
class BalanceAdmin(ReadOnlyAdmin):
    list_display = ("organisation", "kind", "programme", "year_plain", "limit_rmb", "granted_rmb", "left_rmb")
    list_select_related = ("organisation",)
    list_filter = ("kind", "programme")
    search_fields = ("organisation__name", "organisation__credit_code")
    search_help_text = _("Organisation or credit code")
    ordering = ("-year", "-id")
    fields = ("kind", "programme", "year_plain", "organisation", "limit_rmb", "granted_rmb", "left_rmb")
    inlines = [EntryInline]

    @admin.display(description=_("year"), ordering="year")
    def year_plain(self, balance):
        return str(balance.year)

    @admin.display(description=_("left (RMB)"))
    def left_rmb(self, balance):
        return balance.left_rmb


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    list_display = ("key", "balance", "kind", "amount_rmb", "posted_by", "posted_at")
    list_select_related = ("balance", "posted_by")
    list_filter = ("kind",)
    search_fields = ("key",)
    search_help_text = _("Key")
    ordering = ("-id",)
