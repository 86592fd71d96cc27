"""The register of imports, and which record came from which row."""

from django.contrib import admin

from audit.admin_base import ReadOnlyAdmin
from workbooks.models import ImportJob, SourceRow


@admin.register(ImportJob)
class ImportJobAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "organisation",
        "kind",
        "state",
        "rows_total",
        "fault_count",
        "uploaded_by",
        "created_at",
    )
    list_select_related = ("organisation", "uploaded_by")
    list_filter = ("state",)
    search_fields = ("organisation__name", "sha256")
    ordering = ("-id",)
    fields = (
        "organisation", "case", "kind", "state", "file_name", "file_size", "file_format", "sha256", "rows_total",
        "fault_count", "summary", "uploaded_by", "created_at", "finished_at", "file_deleted_at",
    )  # fmt: skip


@admin.register(SourceRow)
class SourceRowAdmin(ReadOnlyAdmin):
    list_display = ("model", "object_id", "job", "sheet", "row", "effect")
    list_select_related = ("job",)
    search_fields = ("=object_id", "job__sha256")
    ordering = ("-id",)
