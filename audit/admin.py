"""The audit chains as officials read them."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from audit.admin_base import ReadOnlyAdmin, pretty
from audit.models import Record, Seal, Stream
from audit.words import action_words


@admin.register(Record)
class RecordAdmin(ReadOnlyAdmin):
    list_display = ("at", "actor_label", "what", "stream", "number", "hash_short")
    list_select_related = ("stream",)
    search_fields = ("=stream__key", "actor_label", "action", "=hash")
    search_help_text = _("Stream (casework.case:12), actor, action or hash")
    ordering = ("-id",)
    fields = (
        "stream",
        "number",
        "at",
        "actor",
        "actor_label",
        "what",
        "action",
        "object_type",
        "object_id",
        "values",
        "previous_hash",
        "hash",
    )

    @admin.display(description=_("what happened"), ordering="action")
    def what(self, record):
        return action_words(record.action)

    @admin.display(description=_("hash"))
    def hash_short(self, record):
        return record.hash[:12]

    @admin.display(description=_("values"))
    def values(self, record):
        return pretty(record.data)


@admin.register(Stream)
class StreamAdmin(ReadOnlyAdmin):
    list_display = ("key", "length", "head")
    search_fields = ("key",)
    search_help_text = _("Stream (casework.case:12)")
    ordering = ("-id",)


@admin.register(Seal)
class SealAdmin(ReadOnlyAdmin):
    list_display = ("number", "at", "streams", "records", "hash", "key_name")
    fields = (
        "number",
        "at",
        "streams",
        "records",
        "root",
        "previous_hash",
        "key_name",
        "hash",
        "signature",
    )
    ordering = ("-number",)
