"""The register of decision letters."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from audit.admin_base import ReadOnlyAdmin, pretty
from casework.transitions import Refused
from notices.enums import LetterState
from notices.models import Letter
from notices.permissions import may_redraw
from notices.services import letters


@admin.register(Letter)
class LetterAdmin(ReadOnlyAdmin):
    list_display = ("number", "kind", "case", "issued_at", "state", "pdf")
    list_select_related = ("case",)
    list_filter = ("kind", "state")
    search_fields = ("number", "case__number", "case__organisation__name")
    search_help_text = _("Number, case number or organisation")
    ordering = ("-id",)
    change_form_template = "admin/notices/letter.html"
    fields = ("number", "kind", "case", "made_by", "issued_at", "state", "error", "pdf", "data_hash", "says")

    def get_urls(self):
        redraw = self.admin_site.admin_view(self.redraw_view)
        return [path("<int:pk>/redraw", redraw, name="notices_letter_redraw"), *super().get_urls()]

    def change_view(self, request, object_id, form_url="", extra_context=None):
        letter = self.get_object(request, object_id)
        more = {"redrawable": letter is not None and bool(may_redraw(request.user, letter))}
        return super().change_view(request, object_id, form_url, (extra_context or {}) | more)

    @method_decorator(require_POST)
    def redraw_view(self, request, pk: int):
        """Send a letter that could not be drawn to a worker again."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        letter = get_object_or_404(Letter, pk=pk)
        try:
            letters.redraw(letter_id=pk, user=request.user)
        except Refused as refusal:
            messages.error(request, refusal.message)
        else:
            messages.success(request, _("%(number)s is drawn again.") % {"number": letter.number})
        return redirect("admin:notices_letter_change", pk)

    def get_queryset(self, request):
        found = super().get_queryset(request).select_related("made_by")
        return found if request.resolver_match.url_name.endswith("_change") else found.defer("data")

    @admin.display(description="PDF")
    def pdf(self, letter):
        if letter.state != LetterState.MADE:
            return "-"
        return format_html(
            '<a href="{}">{}.pdf</a>', reverse("notices:letter_pdf", args=[letter.number]), letter.number
        )

    @admin.display(description=_("what it says"))
    def says(self, letter):
        return pretty(letter.data)
