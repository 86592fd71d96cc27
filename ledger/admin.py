"""The ledger as officials read it. Only entries move balances, and only services post entries."""

from django.contrib import admin
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from audit.admin_base import ReadOnlyAdmin, ReadOnlyInline
from ledger.enums import BalanceKind, ReservationState
from ledger.models import Balance, Entry, FundChange, ReconcileRun, Reservation
from ledger.reconciling import label_of


class EntryInline(ReadOnlyInline):
    model = Entry
    fields = ("kind", "amount_rmb", "key", "posted_by", "posted_at")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("posted_by")


@admin.register(Balance)
class BalanceAdmin(ReadOnlyAdmin):
    list_display = (
        "name",
        "kind",
        "programme",
        "year_plain",
        "limit_rmb",
        "granted_rmb",
        "reserved_rmb",
        "committed_rmb",
        "paid_rmb",
        "left_rmb",
    )
    list_select_related = ("organisation",)
    list_filter = ("kind", "programme")
    search_fields = ("organisation__name", "organisation__credit_code")
    search_help_text = _("Organisation or credit code")
    ordering = ("-year", "-id")
    fields = (
        "kind",
        "programme",
        "year_plain",
        "organisation",
        "division",
        "limit_rmb",
        "granted_rmb",
        "reserved_rmb",
        "committed_rmb",
        "paid_rmb",
        "recovered_rmb",
        "left_rmb",
    )

    def get_inlines(self, request, obj):
        # A fund has thousands of entries; its own page lists them.
        return [EntryInline] if obj and obj.kind == BalanceKind.ALLOWANCE else []

    @admin.display(description=_("organisation or level"), ordering="organisation")
    def name(self, balance):
        return balance.organisation or balance.level

    @admin.display(description=_("year"), ordering="year")
    def year_plain(self, balance):
        return str(balance.year)

    @admin.display(description=_("left (RMB)"))
    def left_rmb(self, balance):
        return f"{balance.left_rmb:,.2f}"


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    list_display = ("key", "balance", "kind", "amount_rmb", "posted_by", "posted_at")
    list_select_related = ("balance", "posted_by")
    list_filter = ("kind",)
    search_fields = ("key",)
    search_help_text = _("Key")
    ordering = ("-id",)


class StateFilter(admin.SimpleListFilter):
    """A generated column has no choices of its own."""

    title, parameter_name = _("state"), "state"

    def lookups(self, request, model_admin):
        return ReservationState.choices

    def queryset(self, request, queryset):
        return queryset.filter(state=self.value()) if self.value() else queryset


@admin.register(Reservation)
class ReservationAdmin(ReadOnlyAdmin):
    list_display = (
        "key",
        "balance",
        "state_label",
        "amount_rmb",
        "reserved_rmb",
        "committed_rmb",
        "paid_rmb",
        "recovered_rmb",
        "queued_at",
    )
    list_select_related = ("balance",)
    list_filter = (StateFilter, "balance__programme")
    search_fields = ("key",)
    search_help_text = _("Key")
    ordering = ("-id",)

    @admin.display(description=_("state"), ordering="state")
    def state_label(self, reservation):
        return ReservationState(reservation.state).label


@admin.register(FundChange)
class FundChangeAdmin(ReadOnlyAdmin):
    list_display = (
        "kind",
        "programme",
        "year_plain",
        "level",
        "amount_rmb",
        "city_percent",
        "document",
        "state",
        "proposed_by",
        "decided_by",
    )
    list_select_related = ("proposed_by", "decided_by")
    list_filter = ("kind", "state", "programme")
    search_fields = ("document",)
    search_help_text = _("Document number")
    ordering = ("-id",)

    @admin.display(description=_("year"), ordering="year")
    def year_plain(self, change):
        return str(change.year)

    @admin.display(description=_("level"), ordering="division")
    def level(self, change):
        return change.level


@admin.register(ReconcileRun)
class ReconcileRunAdmin(ReadOnlyAdmin):
    list_display = ("started_at", "finished_at", "checks", "count")
    ordering = ("-id",)
    fields = ("started_at", "finished_at", "checks", "count", "what_differs")

    def get_queryset(self, request):
        return super().get_queryset(request).defer("differences")

    @admin.display(description=_("what differs"))
    def what_differs(self, run):
        if not run.differences:
            return _("Nothing: every figure follows from the rows.")
        rows = (
            (label_of(item["check"]), item["subject"], item["expected"], item["found"])
            for item in run.differences
        )
        body = format_html_join("", '<tr><th scope="row">{}</th><td>{}</td><td>{}</td><td>{}</td></tr>', rows)
        heads = (_("Check"), _("About"), _("Should be"), _("Is"))
        head = format_html_join("", '<th scope="col">{}</th>', ((name,) for name in heads))
        return format_html(
            '<table class="desk-table"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>', head, body
        )
