"""The officials' desk for the offshore programme: everything is read here, only exchange rates are added."""

from django.contrib import admin

from accounts.enums import OfficialRole
from accounts.permissions import has_role
from applications import services
from applications.models import Contract, ExchangeRate, OffshoreClaim, Receipt
from applications.returns import desk  # noqa: F401  (registers itself)
from audit.admin_base import ReadOnlyAdmin
from casework.models import Case


@admin.register(ExchangeRate)
class ExchangeRateAdmin(ReadOnlyAdmin):
    """Published rates. A correction is a new row: where spans overlap, the one that begins last counts."""

    list_display = ["currency", "valid_from", "valid_to", "usd_per_unit", "source"]
    list_filter = ["currency"]
    search_fields = ["currency", "source"]
    fields = ["currency", "usd_per_unit", "valid_from", "valid_to", "source"]

    def has_add_permission(self, request) -> bool:
        return has_role(request.user, OfficialRole.FINANCE, OfficialRole.POLICY_EDITOR)

    def save_model(self, request, obj, form, change) -> None:
        services.publish_rate(user=request.user, rate=obj)


@admin.register(Contract)
class ContractAdmin(ReadOnlyAdmin):
    list_display = [
        "contract_number",
        "organisation",
        "client_name",
        "client_country",
        "is_related_party",
        "service_type",
        "sector",
        "signed_on",
    ]
    list_filter = ["service_type", "sector", "is_related_party"]
    list_select_related = ["organisation"]
    search_fields = ["contract_number", "registration_number", "name", "client_name", "organisation__name"]


@admin.register(OffshoreClaim)
class OffshoreClaimAdmin(ReadOnlyAdmin):
    """Claims that were filed; what is only typed is nobody's business but the enterprise's."""

    list_display = ["case", "organisation", "year", "undertaking_by", "undertaking_at"]
    list_select_related = ["case__organisation"]
    search_fields = ["case__number", "case__organisation__name"]
    fields = ["case", "note", "undertaking_by", "undertaking_at"]

    def get_queryset(self, request):
        return super().get_queryset(request).filter(case__submitted_at__isnull=False)

    @admin.display(description=Contract._meta.get_field("organisation").verbose_name)
    def organisation(self, claim: OffshoreClaim) -> str:
        return claim.case.organisation.name

    @admin.display(description=Case._meta.get_field("year").verbose_name, ordering="case__year")
    def year(self, claim: OffshoreClaim) -> str:
        return str(claim.case.year)


@admin.register(Receipt)
class ReceiptAdmin(ReadOnlyAdmin):
    list_display = ["bank_reference", "case", "contract", "received_on", "currency", "amount", "released"]
    list_filter = ["currency", "released"]
    list_select_related = ["claim__case", "contract"]
    date_hierarchy = "received_on"
    search_fields = [
        "bank_reference",
        "declaration_number",
        "claim__case__number",
        "contract__contract_number",
    ]
    fields = [
        "claim",
        "contract",
        "received_on",
        "currency",
        "amount",
        "bank_reference",
        "declaration_number",
        "released",
    ]

    def get_queryset(self, request):
        return super().get_queryset(request).filter(claim__case__submitted_at__isnull=False)

    @admin.display(description=OffshoreClaim._meta.get_field("case").verbose_name)
    def case(self, receipt: Receipt) -> str:
        return receipt.claim.case.number
