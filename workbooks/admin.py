"""The register of imports, and which record came from which row."""

import json

from django.contrib import admin
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from audit.admin_base import ReadOnlyAdmin
from policy.enums import ProgrammeCode
from workbooks.models import ImportJob, SourceRow


@admin.register(ImportJob)
class ImportJobAdmin(ReadOnlyAdmin):
    list_display = (
        "number",
        "organisation",
        "programme",
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
        "organisation", "case", "programme", "state", "file_name", "file_size", "file_format", "sha256",
        "scanner", "scanned_at",
        "rows_total", "fault_count", "counts", "uploaded_by", "created_at", "finished_at", "file_deleted_at",
    )  # fmt: skip

    @admin.display(description=_("number"), ordering="id")
    def number(self, job):
        return job.pk

    @admin.display(description=_("programme"), ordering="kind")
    def programme(self, job):
        return ProgrammeCode(job.kind).label

    @admin.display(description=_("summary"))
    def counts(self, job):
        return format_html("<code>{}</code>", json.dumps(job.summary))


@admin.register(SourceRow)
class SourceRowAdmin(ReadOnlyAdmin):
    list_display = ("model", "object_id", "job", "sheet_code", "row", "effect")
    fields = ("model", "object_id", "job", "sheet_code", "row", "effect")
    list_select_related = ("job",)
    search_fields = ("=object_id", "job__sha256")
    ordering = ("-id",)

    @admin.display(description=_("sheet"), ordering="sheet")
    def sheet_code(self, row):
        return format_html("<code>{}</code>", row.sheet)
