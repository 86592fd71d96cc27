"""The register of policy versions: the picture, one version's page, its steps, the comparison, files."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from audit.admin_base import ReadOnlyAdmin
from policy import calendar, drafting, exchange
from policy.desk.difference import end_words, rules_of, side_by_side, timelines
from policy.desk.forms import CopyForm, DraftForm, ImportForm, show_refusal
from policy.enums import VersionStatus
from policy.models import PolicyVersion

MOST_DIGITS = 18
PEOPLE = ("drafted_by", "submitted_by", "published_by", "ended_by")


class PolicyVersionAdmin(ReadOnlyAdmin):
    list_display = ("programme", "code", "title", "in_force_from", "end", "status", "published_at")
    list_display_links = ("programme", "code")
    list_filter = ("programme", "status")
    search_fields = ("code", "title_zh", "title_en")
    search_help_text = gettext_lazy("Version or title")

    # The register

    def changelist_view(self, request, extra_context=None):
        versions = PolicyVersion.objects.exclude(status=VersionStatus.DISCARDED).order_by(
            "programme", "in_force_from"
        )
        context = {
            "timelines": timelines(versions[:200], timezone.localdate()),
            "may_draft": bool(drafting.may_draft(request.user)),
        }
        return super().changelist_view(request, context | (extra_context or {}))

    @staticmethod
    def _title(version: PolicyVersion) -> str:
        return version.title_zh if (get_language() or "").startswith("zh") else version.title_en

    def title(self, version):
        return self._title(version)

    title.short_description = gettext_lazy("title")

    def end(self, version):
        return end_words(version)

    end.short_description = gettext_lazy("in force to")
    end.admin_order_field = "in_force_to"

    # One version

    def get_urls(self):
        def named(route, view, name):
            return path(route, self.admin_site.admin_view(view), name=f"policy_policyversion_{name}")

        return [
            named("import/", self.import_view, "import"),
            named("compare/", self.compare_view, "compare"),
            named("<int:pk>/copy/", self.copy_view, "copy"),
            named("<int:pk>/export/", self.export_view, "export"),
            named("<int:pk>/save/", self.save_view, "save"),
            named("<int:pk>/submit/", self.submit_view, "submit"),
            named("<int:pk>/return/", self.return_view, "return"),
            named("<int:pk>/discard/", self.discard_view, "discard"),
            named("<int:pk>/publish/", self.publish_view, "publish"),
            *super().get_urls(),
        ]

    def _version(self, pk: int) -> PolicyVersion:
        version = (
            PolicyVersion.objects.select_related(*PEOPLE).prefetch_related("parameters").filter(pk=pk).first()
            if len(str(pk)) <= MOST_DIGITS
            else None
        )
        if version is None:
            raise Http404
        return version

    def _page(self, request, template: str, context: dict, status: int = 200) -> TemplateResponse:
        request.current_app = self.admin_site.name
        context = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        return TemplateResponse(
            request, f"admin/policy/policyversion/{template}.html", context, status=status
        )

    def change_view(self, request, object_id, form_url="", extra_context=None):
        if not object_id.isdecimal():
            raise Http404
        if request.method == "POST":
            raise PermissionDenied
        return self._version_page(request, self._version(int(object_id)))

    def _version_page(self, request, version, *, form=None, refusal=None) -> TemplateResponse:
        drafts = version.status == VersionStatus.DRAFT and bool(drafting.may_draft(request.user))
        published = calendar.published_beside(version)
        is_open = version.status in (VersionStatus.DRAFT, VersionStatus.SUBMITTED)
        found = calendar.findings(version, published) if is_open else []
        context = {
            "title": str(version),
            "version": version,
            "version_title": self._title(version),
            "end_words": end_words(version),
            "rules": rules_of(version),
            "form": form or (DraftForm(version) if drafts else None),
            "refusal": refusal,
            "findings": found,
            "is_blocked": any(finding.blocking for finding in found),
            "seen": drafting.content_hash(version),
            "may_draft": bool(drafting.may_draft(request.user)),
            "publish_answer": drafting.may_publish(request.user, version),
            "compare_with": published[-1] if published else None,
        }
        return self._page(request, "version", context, 409 if refusal else 422 if form else 200)

    @method_decorator(require_POST)
    def save_view(self, request, pk: int):
        """Save a draft; what is wrong comes back at its field with everything as it was typed."""
        self._need_editor(request)
        version = self._version(pk)
        form = DraftForm(version, request.POST)
        if form.is_valid():
            try:
                drafting.save_draft(
                    version_id=pk,
                    user=request.user,
                    revision=form.cleaned_data["revision"],
                    content=form.content(),
                )
            except drafting.PolicyRefused as refusal:
                show_refusal(form, refusal)
            else:
                messages.success(request, _("The draft is saved."))
                return redirect("admin:policy_policyversion_change", pk)
        return self._version_page(request, self._version(pk), form=form)

    def _step(self, request, pk: int, step: Callable, done: str) -> HttpResponse:
        self._need_editor(request)
        version = self._version(pk)
        try:
            step(version_id=pk, user=request.user, seen=request.POST.get("seen", ""))
        except drafting.PolicyRefused as refusal:
            return self._version_page(request, self._version(pk), refusal=refusal)
        messages.success(request, done % {"version": version})
        return redirect("admin:policy_policyversion_change", pk)

    @method_decorator(require_POST)
    def submit_view(self, request, pk: int):
        return self._step(
            request, pk, drafting.submit, _("%(version)s waits for a second person to publish it.")
        )

    @method_decorator(require_POST)
    def return_view(self, request, pk: int):
        return self._step(request, pk, drafting.return_to_draft, _("%(version)s is a draft again."))

    @method_decorator(require_POST)
    def discard_view(self, request, pk: int):
        return self._step(request, pk, drafting.discard, _("%(version)s is discarded."))

    @method_decorator(require_POST)
    def publish_view(self, request, pk: int):
        return self._step(request, pk, drafting.publish, _("%(version)s is published."))

    # Copies, comparison, files

    def copy_view(self, request, pk: int):
        """A new draft with the rules of this version."""
        self._need_editor(request)
        version = self._version(pk)
        form = CopyForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            content = drafting.copied_content(version, **form.cleaned_data)
            try:
                draft = drafting.create_draft(
                    user=request.user, programme=version.programme, content=content, source=version.code
                )
            except drafting.PolicyRefused as refusal:
                show_refusal(form, refusal)
            else:
                return redirect("admin:policy_policyversion_change", draft.pk)
        title = _("Draft from a copy of %(version)s") % {"version": version}
        context = {"title": title, "form": form, "button": _("Make the draft"), "version": version}
        return self._page(request, "form", context, 422 if form.is_bound else 200)

    def import_view(self, request):
        """A new draft from a file that a portal exported."""
        self._need_editor(request)
        form = ImportForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            file = form.cleaned_data["file"]
            try:
                found = exchange.read(file.read(exchange.MOST_BYTES + 1))
                draft = drafting.create_draft(
                    user=request.user,
                    programme=found.programme,
                    content=exchange.content_of(found, code=form.cleaned_data["code"]),
                    source="file",
                )
            except drafting.PolicyRefused as refusal:
                form.add_error("code" if refusal.code == "code_taken" else "file", refusal.message)
            else:
                return redirect("admin:policy_policyversion_change", draft.pk)
        context = {"title": _("Import a policy version"), "form": form, "button": _("Import as a draft")}
        return self._page(request, "form", context | {"has_file": True}, 422 if form.is_bound else 200)

    @method_decorator(require_safe)
    def export_view(self, request, pk: int):
        version = self._version(pk)
        response = HttpResponse(exchange.export(version), content_type="application/toml; charset=utf-8")
        name = f"policy-{version.programme}-{version.pk}.toml"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    @method_decorator(require_safe)
    def compare_view(self, request):
        """Two versions of one programme side by side."""
        every = list(PolicyVersion.objects.order_by("programme", "in_force_from", "code"))
        chosen = [
            self._version(int(pk)) if pk.isdecimal() else None
            for pk in (request.GET.get("left", ""), request.GET.get("right", ""))
        ]
        rows, problem = [], ""
        if all(chosen):
            if chosen[0].programme != chosen[1].programme:
                problem = _("Choose two versions of one programme.")
            else:
                rows = side_by_side(*chosen)
        context = {
            "title": _("Compare two versions"),
            "versions": every,
            "left": chosen[0],
            "right": chosen[1],
            "rows": rows,
            "problem": problem,
            "changes": sum(row.differs for row in rows),
        }
        return self._page(request, "compare", context)

    def _need_editor(self, request) -> None:
        if not drafting.may_draft(request.user):
            raise PermissionDenied
