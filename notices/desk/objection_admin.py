"""Objections and appeals on the desk: the case file of each, examined by one official and answered by another."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from audit.admin_base import ReadOnlyAdmin
from casework.transitions import Refused
from notices.desk.forms import PaperForm, StepForm
from notices.enums import Finding, ObjectionState
from notices.letters import signing
from notices.models import NoticeEntry, Objection
from notices.permissions import may_answer, may_enter, may_examine, may_read
from notices.services import objections

WITH = ("case__organisation", "entry__notice", "examined_by", "answered_by", "statement_by", "entered_by")


@admin.register(Objection)
class ObjectionAdmin(ReadOnlyAdmin):
    list_display = ("number", "kind", "case", "state", "finding", "received_at", "due_on")
    list_select_related = ("case",)
    list_filter = ("state", "kind", "finding")
    search_fields = ("number", "case__number", "case__organisation__name")
    search_help_text = gettext_lazy("Number, case number or organisation")
    ordering = ("-id",)

    def get_urls(self):
        def named(route, view, name):
            return path(route, self.admin_site.admin_view(view), name=f"notices_objection_{name}")

        return [
            named("paper/<int:pk>", self.paper_view, "paper"),
            named("<int:pk>/examine", self.examine_view, "examine"),
            named("<int:pk>/answer", self.answer_view, "answer"),
            *super().get_urls(),
        ]

    def _objection(self, request, pk: int) -> Objection:
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = Objection.objects.select_related(*WITH).filter(pk=pk).first()
        if found is None:
            raise Http404
        return found

    def paper_view(self, request, pk: int):
        """Enter an objection to the entry `pk` that came on paper. Sent twice, it is one, with the same code."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        entry = NoticeEntry.objects.select_related("notice").filter(pk=pk).first()
        if entry is None or entry.notice.published_at is None:
            raise Http404
        answer = may_enter(request.user)
        if not answer:
            raise PermissionDenied(answer.reason)
        form, filed, refusal = PaperForm(request.POST or None), None, None
        if form.is_valid():
            try:
                filed = objections.enter_paper(entry_id=pk, user=request.user, **form.cleaned_data)
            except Refused as error:
                refusal = error
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Objection on paper"),
            "entry": entry,
            "form": form,
            "filed": filed.objection if filed else None,
            "code": signing.shown(filed.code) if filed else "",
            "refusal": refusal,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/notices/paper.html", context, status=409 if refusal else 200)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        if not (object_id.isascii() and object_id.isdecimal() and len(object_id) < 18):
            raise Http404
        return self._page(request, self._objection(request, int(object_id)))

    def _page(self, request, objection: Objection, *, form=None, refusal=None) -> TemplateResponse:
        examine, answer = may_examine(request.user, objection), may_answer(request.user, objection)
        may_see = may_read(request.user, objection)
        # Each reading is recorded; who asks for the head alone reads nothing.
        reads = may_see and request.method != "HEAD"
        initial = {"version": objection.version, "finding": objection.proposal}
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": objection.number,
            "objection": objection,
            "words": objections.read(objection=objection, user=request.user) if reads else None,
            "may_see": may_see,
            "step": "examine" if examine else "answer" if answer else "",
            "waits": answer.reason if objection.state == ObjectionState.EXAMINED else examine.reason,
            "form": form or StepForm(initial=initial),
            "refusal": refusal,
            "upheld": objection.finding in (Finding.UPHELD, Finding.PARTLY),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(
            request, "admin/notices/objection.html", context, status=409 if refusal else 200
        )

    @method_decorator(require_POST)
    def examine_view(self, request, pk: int):
        """The result of the examination and a proposal."""
        return self._step(request, pk, final=False)

    @method_decorator(require_POST)
    def answer_view(self, request, pk: int):
        """The answer, by another person."""
        return self._step(request, pk, final=True)

    def _step(self, request, pk: int, *, final: bool):
        objection, form = self._objection(request, pk), StepForm(request.POST)
        if not form.is_valid():
            return self._page(request, objection, form=form)
        data = form.cleaned_data
        given = {"objection_id": pk, "user": request.user, "version": data["version"]}
        try:
            if final:
                objections.answer(finding=data["finding"], reason=data["words"], **given)
            else:
                objections.examine(proposal=data["finding"], examination=data["words"], **given)
        except Refused as refusal:
            return self._page(request, self._objection(request, pk), form=form, refusal=refusal)
        message = (
            _("%(number)s is answered. Its author reads the answer by the code.")
            if final
            else _("%(number)s is examined. Another person answers it.")
        )
        messages.success(request, message % {"number": objection.number})
        return redirect("admin:notices_objection_change", pk)
